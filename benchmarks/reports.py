"""A log of reports, chained as a producer would chain it, in bulk and without a service: what followers are fed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256

from chassis.facts import Stored, to_bytes
from chassis.work import service_act
from contracts.catalogue import entry
from contracts.envelope import Header, seed_hash
from contracts.events.registry import ReportSubmitted

LOG = "vn.registry"
AT = datetime(2024, 12, 10, 2, 0, tzinfo=timezone.utc)
_NUMBER = b"0123456789"


def reports(count: int, lines: int) -> Iterator[Stored]:
    """``count`` times ``ReportSubmitted`` with so many lines, seq 1 on, each of another unit and in a trace of its own.

    Header and data come from today's models once; then only the number of the report changes in the bytes.
    """
    header, data = _template(lines)
    prev = seed_hash(LOG)
    for seq in range(1, count + 1):
        number = b"%010d" % seq
        said, told = header.replace(_NUMBER, number), data.replace(_NUMBER, number)
        hash_ = sha256(prev + struct.pack(">IQ", 1, seq) + sha256(said).digest() + sha256(told).digest()).digest()
        yield Stored(LOG, 1, seq, prev, hash_, said, told, f"00-{hash_.hex()[:32]}-{seq:016x}-01")
        prev = hash_


def _template(lines: int) -> tuple[bytes, bytes]:
    number = _NUMBER.decode()
    report = {
        **entry(ReportSubmitted).example,
        "report_id": f"bc-{number}",
        "unit_id": f"cdcs-{number}",
        "lines": [
            {
                "code": f"{nr // 5 + 1}.{nr % 5 + 1}",
                "actual": f"{1240 + nr}",
                "self_score": "4.5",
                "explanation": "Kết nạp đoàn viên vượt chỉ tiêu được giao.",
            }
            for nr in range(lines)
        ],
    }
    act = service_act("registry", AT)
    header = Header(
        id=f"e-{number}",
        type=entry(ReportSubmitted).type,
        occurred=AT,
        act=act.model_copy(update={"whose": f"unit:cdcs-{number}"}),
        correlation=f"case-{number}",
        subjects=(f"report:bc-{number}",),
    )
    return header.to_bytes(), to_bytes(ReportSubmitted.model_validate(report))
