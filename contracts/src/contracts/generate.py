"""Writes schemas/ and examples/ from the catalogue, for readers in any language.

``python -m contracts.generate`` writes them, ``--check`` only says what is stale (exit 1). Nothing there is
edited by hand; the files are committed because the gate compares with what an earlier commit showed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts.catalogue import Entry, all_entries
from contracts.envelope import Header

HOME = Path(__file__).resolve().parents[2]
"""The contracts folder of the checkout: schemas, examples, asyncapi, vectors and published.lock lie in it."""

HEADER_SCHEMA = "envelope.header"


def schema_of(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema 2020-12 of what a reader accepts. Unknown fields are allowed: readers ignore them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:thidua:schema:{name}",
        **model.model_json_schema(mode="validation"),
    }


def event_schema(entry: Entry) -> dict[str, Any]:
    return schema_of(entry.type, entry.model) | {
        "x-owner": entry.owner,
        "x-aggregate": entry.aggregate,
        "x-public": entry.public,
    }


def example_of(entry: Entry) -> dict[str, Any]:
    """The example as it would stand in a log."""
    return entry.model.model_validate(entry.example).model_dump(mode="json", exclude_none=True)


def as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def schema_hash(schema: dict[str, Any]) -> str:
    """SHA-256 (hex) of a schema whatever its order of keys and indentation; named in published.lock."""
    plain = json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def contents(entries: list[Entry]) -> dict[str, str]:
    """Path below the contracts folder → text, of everything that is generated from the catalogue alone."""
    files = {f"schemas/{HEADER_SCHEMA}.json": as_json(schema_of(HEADER_SCHEMA, Header))}
    for entry in entries:
        files[f"schemas/{entry.type}.json"] = as_json(event_schema(entry))
        files[f"examples/{entry.type}.json"] = as_json(example_of(entry))
    return files


def stale(files: dict[str, str], folders: tuple[str, ...], home: Path) -> list[str]:
    """Paths that are missing, differ, or are no longer generated."""
    found = {
        str(path.relative_to(home)): path.read_text(encoding="utf-8")
        for folder in folders
        for path in (home / folder).glob("*")
        if path.is_file()
    }
    return sorted(path for path in files.keys() | found.keys() if files.get(path) != found.get(path))


def write(files: dict[str, str], folders: tuple[str, ...], home: Path) -> list[str]:
    """Bring the folders in line; returns the paths that changed."""
    changed = stale(files, folders, home)
    for path in changed:
        target = home / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def bring_in_line(files: dict[str, str], folders: tuple[str, ...], *, check: bool, again: str) -> int:
    """Write or only check, and tell; the exit code of a command line."""
    if not check:
        changed = write(files, folders, HOME)
        print(f"{len(files)} generated files, {len(changed)} changed")
        return 0
    wrong = stale(files, folders, HOME)
    for path in wrong:
        print(f"stale: contracts/{path} (run: {again})", file=sys.stderr)
    return 1 if wrong else 0


def main() -> int:
    return bring_in_line(
        contents(all_entries()),
        ("schemas", "examples"),
        check="--check" in sys.argv[1:],
        again="python -m contracts.generate",
    )


if __name__ == "__main__":
    sys.exit(main())
