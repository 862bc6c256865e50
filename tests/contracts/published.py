"""A test language for the gate: publish a made-up catalogue in a git checkout of its own, then change it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from contracts.catalogue import Entry, Fact
from contracts.generate import contents, write
from thidua.contracts_gate import LOCK, Verdict, judge, publishable, read_lock
from thidua.services import Spoken
from thidua.shown import History

FILED = "registry.report-filed.v1"


def entry(
    model: type[Fact],
    example: dict[str, Any],
    type_name: str = FILED,
    *,
    aggregate: str = "report",
    public: bool = False,
) -> Entry:
    """An entry beside the real catalogue: the model's own name does not matter to anyone."""
    return Entry(type_name, model, aggregate, public, example)


def says(service: str = "registry", *types: str) -> Spoken:
    return Spoken(service, types or (FILED,))


class Checkout:
    """A git checkout with a contracts folder, and what was published from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "contracts"
        self.folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.history = History(self.folder)

    def git(self, *words: str) -> str:
        who = [
            "-c",
            "user.name=Thường trực",
            "-c",
            "user.email=thuong-truc@example.vn",
            "-c",
            "commit.gpgsign=false",
        ]
        command = ["git", "-C", str(self.folder.parent), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    @property
    def lock(self) -> Path:
        return self.folder / LOCK

    def commit(self, *entries: Entry) -> None:
        """Generate the files of these entries and commit everything."""
        write(contents(list(entries)), ("schemas", "examples"), self.folder)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "contracts")

    def publish(self, *entries: Entry) -> None:
        """Commit the entries, name them in the lock, commit the lock."""
        self.commit(*entries)
        held = self.lock.read_text(encoding="utf-8") if self.lock.exists() else ""
        added = publishable(entries, read_lock(held), self.history)
        self.lock.write_text(held + "".join(f"{line}\n" for line in added), encoding="utf-8")
        self.commit(*entries)

    def judged(self, *entries: Entry, services: list[Spoken] | None = None) -> Verdict:
        lock = read_lock(self.lock.read_text(encoding="utf-8")) if self.lock.exists() else []
        return judge(entries, [says()] if services is None else services, lock, self.history)

    def rewrite_example(self, type_name: str, example: dict[str, Any]) -> None:
        path = self.folder / "examples" / f"{type_name}.json"
        path.write_text(json.dumps(example), encoding="utf-8")
