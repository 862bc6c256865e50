"""The gate of the contracts: what was published stays readable, and every event has exactly one producer.

``contracts/published.lock`` names what was published, one line ``<type> <schema hash> <commit>`` each; lines
are only added. ``python -m thidua.contracts_gate`` compares today with what git shows at those commits and
exits 1 on a refusal; ``--publish`` adds lines for what is committed and not yet named. It needs no network.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.catalogue import Entry, all_entries
from contracts.compatibility import breaking_changes
from contracts.generate import HOME, event_schema, schema_hash
from pydantic import ValidationError

from thidua.services import Spoken, all_spoken
from thidua.shown import History, NotShown

LOCK = "published.lock"


@dataclass(frozen=True)
class Line:
    """One published type: its schema as of one commit."""

    type: str
    hash: str
    commit: str

    def __str__(self) -> str:
        return f"{self.type} {self.hash} {self.commit}"


@dataclass
class Verdict:
    """What the gate found. Refusals fail the build; what could not be compared is said, never passed over."""

    refused: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)


def read_lock(text: str) -> list[Line]:
    """Lines of published.lock; blank ones and those that open with # say nothing. Raises ValueError."""
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3:
            raise ValueError(f"{LOCK} line {number} is not <type> <schema hash> <commit>: {raw!r}")
        lines.append(Line(*words))
    return lines


def judge(entries: Sequence[Entry], services: Sequence[Spoken], lock: list[Line], history: History) -> Verdict:
    """Everything the gate asks of today's catalogue and services."""
    verdict = Verdict()
    _producers(entries, services, verdict)
    _lines_kept(lock, history, verdict)
    today = {entry.type: entry for entry in entries}
    for line in lock:
        if line.type not in today:
            verdict.refused.append(f"{line.type} was published and is no longer in the catalogue")
        else:
            _still_read(line, today[line.type], history, verdict)
    return verdict


def _producers(entries: Sequence[Entry], services: Sequence[Spoken], verdict: Verdict) -> None:
    known = {entry.type for entry in entries}
    for entry in entries:
        if entry.owner == "chassis":
            continue
        said_by = [service.name for service in services if entry.type in service.says]
        if not said_by:
            verdict.refused.append(f"{entry.type} has no producer")
        elif len(said_by) > 1:
            verdict.refused.append(f"{entry.type} has more than one producer: {', '.join(said_by)}")
        elif said_by != [entry.owner]:
            verdict.refused.append(f"{entry.type} is published by {said_by[0]}, not by its owner {entry.owner}")
    for service in services:
        for heard in sorted({type for types in service.hears.values() for type in types} - known):
            verdict.refused.append(f"{service.name} follows {heard}, which is not in the catalogue")


def _lines_kept(lock: list[Line], history: History, verdict: Verdict) -> None:
    """No line that any commit in reach ever held may be gone."""
    kept = set(lock)
    try:
        commits = history.commits_of(LOCK)
        partial = history.shallow()
    except NotShown as why:
        verdict.not_compared.append(f"earlier versions of {LOCK}: {why}")
        return
    if partial:
        verdict.not_compared.append(f"versions of {LOCK} older than this shallow clone reaches (git fetch --unshallow)")
    gone: dict[Line, str] = {}
    for commit in commits:
        try:
            earlier = read_lock(history.show(commit, LOCK))
        except NotShown:
            continue  # the commit that deleted the file shows none; the one before it does
        for line in earlier:
            if line not in kept:
                gone.setdefault(line, commit)
    for line, commit in gone.items():
        verdict.refused.append(f"{LOCK} no longer holds the line of {line.type} that stood there at {commit[:12]}")


def _still_read(line: Line, entry: Entry, history: History, verdict: Verdict) -> None:
    schema = event_schema(entry)
    # An equal hash proves an equal schema without git; then only the example stays unread.
    unseen = "the example" if schema_hash(schema) == line.hash else "schema and example"
    unseen = f"{unseen} of {line.type} at {line.commit[:12]}"
    try:
        held, partial = history.holds(line.commit), history.shallow()
    except NotShown as why:
        verdict.not_compared.append(f"{unseen}: {why}")
        return
    if not held and partial:
        verdict.not_compared.append(f"{unseen}: not in this shallow clone (git fetch --unshallow)")
        return
    try:
        published = json.loads(history.show(line.commit, f"schemas/{line.type}.json"))
        example = history.show(line.commit, f"examples/{line.type}.json")
    except NotShown as why:
        verdict.refused.append(f"{line.type}: {LOCK} names {line.commit[:12]}, which shows no contract of it ({why})")
        return
    if schema_hash(published) != line.hash:
        verdict.refused.append(f"{line.type}: commit {line.commit[:12]} shows another schema than {LOCK} names")
    for change in breaking_changes(published, schema):
        verdict.refused.append(f"{line.type} breaks with {line.commit[:12]}: {change}")
    try:
        entry.model.model_validate_json(example)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        verdict.refused.append(f"{line.type}: today's model cannot read the example of {line.commit[:12]} ({told})")


def publishable(entries: Sequence[Entry], lock: list[Line], history: History) -> list[Line]:
    """Lines to add: today's schemas that the lock does not name, at the commit checked out.

    Raises ValueError when that commit does not hold the schema and the example as they are today.
    """
    named = {(line.type, line.hash) for line in lock}
    head = history.head()
    added = []
    for entry in entries:
        schema = event_schema(entry)
        if (entry.type, schema_hash(schema)) in named:
            continue
        try:
            committed = json.loads(history.show(head, f"schemas/{entry.type}.json"))
            history.show(head, f"examples/{entry.type}.json")
        except NotShown as why:
            raise ValueError(f"{entry.type}: generate and commit schemas and examples first ({why})") from why
        if committed != schema:
            raise ValueError(f"{entry.type}: the committed schema is not today's; generate and commit first")
        added.append(Line(entry.type, schema_hash(schema), head))
    return added


def main() -> int:
    history = History(HOME)
    path = HOME / LOCK
    lock = read_lock(path.read_text(encoding="utf-8")) if path.exists() else []
    entries = all_entries()
    verdict = judge(entries, all_spoken(), lock, history)
    for what in verdict.not_compared:
        print(f"not compared: {what}", file=sys.stderr)
    for what in verdict.refused:
        print(f"refused: {what}", file=sys.stderr)
    if verdict.refused:
        return 1
    if "--publish" in sys.argv[1:]:
        added = publishable(entries, lock, history)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in added)
        print(f"published {len(added)} schemas at {history.head()[:12]}")
        return 0
    named = {line.type for line in lock}
    print(
        f"{len(entries)} events, {len(named)} published; {len(lock)} published schemas stay readable"
        + (f", {len(verdict.not_compared)} could not be compared" if verdict.not_compared else "")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
