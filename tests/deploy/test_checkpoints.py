"""Checkpoints and exports, checked as an outside auditor does: with files and a public key, no site."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from chassis.facts import Stored
from contracts.envelope import event_hash, seed_hash
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from thidua.cli.main import app
from thidua.proof import keeping
from thidua.proof.agreement import compared
from thidua.proof.chain import Chain, Place
from thidua.proof.checkpoints import Checkpoint, LogState, key_id, signed
from thidua.proof.exports import _links, heading, line
from thidua.proof.printed import WIDTH, page
from typer.testing import CliRunner

LOG = "vn.registry"
KEY = Ed25519PrivateKey.generate()
NOON = datetime(2024, 11, 14, 5, tzinfo=timezone.utc)


def events(count: int, *, after: list[Stored] | None = None, epoch: int = 1, words: str = "báo cáo") -> list[Stored]:
    """A log of so many events, or the events after those given."""
    log = list(after or [])
    for seq in range(len(log) + 1, len(log) + count + 1):
        prev = log[-1].hash if log else seed_hash(LOG)
        header, data = f'{{"id":"{seq}"}}'.encode(), json.dumps({"text": f"{words} {seq}"}).encode()
        log.append(Stored(LOG, epoch, seq, prev, event_hash(prev, epoch, seq, header, data), header, data, None))
    return log


def place(event: Stored) -> Place:
    return Place(event.epoch, event.seq, event.hash)


class Auditor:
    """Writes what a site hands out into a folder and checks it there by the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "key.pub.pem"
        self.key.write_bytes(
            KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def bundle(self, log: list[Stored], *, held: int = 0, made: datetime = NOON, by: Ed25519PrivateKey = KEY) -> Path:
        followers = {"vn.scoring": place(log[held - 1])} if held else {}
        state = LogState(place(log[-1]), followers)
        path = self.folder / f"checkpoint-{made:%H%M}-{len(log)}.json"
        path.write_bytes(signed(Checkpoint("vn", made, key_id(by.public_key()), {LOG: state}), by))
        return path

    def export(self, log: list[Stored], *, with_data: bool = True) -> Path:
        path = self.folder / "registry.log"
        path.write_text(heading(LOG) + "".join(line(event, with_data=with_data) for event in log))
        return path

    def verify(self, bundle: Path, log: Path | None = None, earlier: Path | None = None) -> tuple[int, str]:
        """Exit code and what was printed, on one line."""
        asked = ["checkpoint", "verify", str(bundle), "--key", str(self.key)]
        asked += ["--log", str(log)] if log else []
        asked += ["--earlier", str(earlier)] if earlier else []
        told = CliRunner().invoke(app, asked)
        return told.exit_code, told.output


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    return Auditor(tmp_path)


def test_a_log_that_went_on_runs_through_what_was_signed(auditor: Auditor) -> None:
    log = events(9)
    code, said = auditor.verify(auditor.bundle(log[:7], held=5), auditor.export(log))
    assert code == 0, said
    assert "9 sự kiện, chuỗi băm đúng từ đầu, đi qua đúng chỗ đã ký 1:7" in said


def test_withheld_bodies_leave_the_chain_whole(auditor: Auditor) -> None:
    log = events(4)
    export = auditor.export(log, with_data=False)
    assert "text" not in export.read_text()
    assert auditor.verify(auditor.bundle(log), export)[0] == 0


@pytest.mark.parametrize("part", ["header", "data"])
def test_a_changed_byte_is_named_with_its_event(auditor: Auditor, part: str) -> None:
    log = events(6)
    export = auditor.export(log)
    lines = export.read_text().splitlines()
    told = json.loads(lines[4])
    raw = bytearray(b64decode(told[part]))
    raw[-3] ^= 1
    lines[4] = json.dumps(told | {part: b64encode(bytes(raw)).decode()})
    export.write_text("\n".join(lines) + "\n")
    code, said = auditor.verify(auditor.bundle(log), export)
    assert code == 1
    assert "vn.registry:1:4: tiêu đề hoặc nội dung không còn như khi ghi sổ" in said


def test_a_cut_log_is_named_with_what_is_missing(auditor: Auditor) -> None:
    log = events(9)
    code, said = auditor.verify(auditor.bundle(log), auditor.export(log[:6]))
    assert code == 1
    assert "bị CẮT" in said
    assert "ghi số 9, bản xuất chỉ tới số 6; thiếu 3 sự kiện cuối" in said
    code, said = auditor.verify(auditor.bundle(log), auditor.export(log[:3] + log[5:]))
    assert code == 1
    assert "thiếu từ số 4 đến 5" in said


def test_a_branch_in_place_of_the_signed_one_is_named_with_where_it_parts(auditor: Auditor) -> None:
    log = events(9)
    branch = events(5, after=log[:6], epoch=2, words="báo cáo khác")
    code, said = auditor.verify(auditor.bundle(log, held=5), auditor.export(branch))
    assert code == 1
    assert "là một NHÁNH KHÁC" in said
    assert "giống tới số 5, khác từ sau đó" in said
    assert "mở lại ở kỷ 2, số 7" in said


def test_a_bundle_changed_or_signed_by_another_is_refused(auditor: Auditor) -> None:
    bundle = auditor.bundle(events(3))
    genuine = bundle.read_text()
    bundle.write_text(genuine.replace('"seq":3', '"seq":2'))
    assert "Chữ ký SAI" in auditor.verify(bundle)[1]
    code, said = auditor.verify(auditor.bundle(events(3), by=Ed25519PrivateKey.generate()))
    assert code == 1
    assert "không phải khóa" in said
    bundle.write_text("{}")
    assert "không phải là một checkpoint" in auditor.verify(bundle)[1]


def test_two_checkpoints_lie_on_one_chain_or_it_is_said_which_log_went_back(auditor: Auditor) -> None:
    log = events(9)
    earlier, later = auditor.bundle(log[:4]), auditor.bundle(log, made=NOON + timedelta(days=1))
    code, said = auditor.verify(later, auditor.export(log), earlier)
    assert code == 0, said
    assert "và 1 checkpoint trước" in said
    code, said = auditor.verify(later, earlier=earlier)
    assert code == 0
    assert "Chưa chứng minh được là một chuỗi: vn.registry" in said
    branch = events(6, after=log[:2], words="báo cáo khác")
    code, said = auditor.verify(auditor.bundle(branch, made=NOON + timedelta(days=2)), auditor.export(branch), earlier)
    assert code == 1
    assert "NHÁNH KHÁC: checkpoint 14/11/2024 12:00 ghi 1:4" in said
    shorter = auditor.bundle(log[:2], made=NOON + timedelta(days=3))
    code, said = auditor.verify(shorter, earlier=earlier)
    assert code == 1
    assert "vn.registry lùi: trước ở 1:4, sau ở 1:2; đã mất số 3 đến 4" in said


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the document's script asks openssl for the signature")
def test_the_documented_check_needs_none_of_our_code(auditor: Auditor) -> None:
    """The script in docs/checkpoints.md, run as it stands, by a Python that sees nothing of ours."""
    document = (Path(__file__).parents[2] / "docs" / "checkpoints.md").read_text()
    script = re.search(r"```python\n(.*?)```", document, re.DOTALL)
    assert script is not None
    assert not re.search(r"(?:import|from) (?:thidua|chassis|contracts)", script[1])
    program = auditor.folder / "check.py"
    program.write_text(script[1])
    log = events(5)
    files = [str(auditor.bundle(log)), str(auditor.key), str(auditor.export(log))]
    run = ["python3", "-I", str(program), *files]
    good = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, "signature holds\nvn.registry: 1:5 is what was signed\n"), good.stderr
    auditor.export(events(5, words="báo cáo khác"))
    bad = subprocess.run(run, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
    assert "vn.registry" in bad.stderr


def test_the_printed_page_carries_every_digit_on_one_page(auditor: Auditor) -> None:
    log = events(3)
    told = page(Checkpoint("vn", NOON, key_id(KEY.public_key()), {LOG: LogState(place(log[2]), {})}))
    assert log[2].hash.hex() in re.sub(r"\s", "", told)
    assert "12 giờ 00 phút 00 giây, ngày 14/11/2024" in told
    assert max(map(len, told.splitlines())) <= WIDTH
    assert len(told.splitlines()) < 60


def test_holders_that_go_before_or_beside_the_producer_are_named(auditor: Auditor) -> None:
    log, other = events(6), events(6, words="báo cáo khác")
    chain = Chain(LOG, {4, 5, 6})
    for link in _links(Path("registry.log"), LOG, (line(event, with_data=True) for event in log[:5])):
        chain.add(link)
    held = {"luồng": place(log[4]), "scoring": place(log[3]), "awards": place(other[3]), "notify": place(log[5])}
    found = {one.holder: one for one in compared(chain, held | {"nobody": None})}
    assert (found["luồng"].said, found["luồng"].wrong) == ("khớp tới đầu sổ", False)
    assert (found["scoring"].said, found["scoring"].wrong) == ("khớp; còn sau 1 sự kiện", False)
    assert "NHÁNH KHÁC: giữ 1:4" in found["awards"].said
    assert "ĐI TRƯỚC sổ gốc 1 sự kiện: sổ gốc chỉ tới 1:5" in found["notify"].said
    assert found["nobody"].wrong


async def test_a_body_outside_gets_the_bundle_again_until_it_takes_it(
    auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, got = [503, 204], []

    def take(request: httpx.Request) -> httpx.Response:
        got.append(hashlib.sha256(request.content).hexdigest())
        return httpx.Response(answers.pop(0))

    outside = httpx.MockTransport(take)
    client = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **options: client(transport=outside, **options))
    bundle = auditor.bundle(events(2))
    await keeping.post(bundle, "https://outside.invalid/checkpoints", pause=0)
    assert got == [hashlib.sha256(bundle.read_bytes()).hexdigest()] * 2
    assert keeping.taken_note(bundle).exists()
    answers += [404, 404]
    with pytest.raises(keeping.NotTaken, match="404"):
        await keeping.post(bundle, "https://outside.invalid/checkpoints", attempts=2, pause=0)
