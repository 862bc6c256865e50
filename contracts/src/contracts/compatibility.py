"""What may change in a published event: only a new optional field. All else needs a new major version.

Both directions count. A log is read for decades, so today's model must read every event ever written; and a
site not yet upgraded must read what today's producer writes. Readers ignore fields they do not know, and
nothing else, so widening a type is refused like narrowing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_TELLS_ONLY = {"$schema", "$id", "$defs", "title", "description", "examples", "properties", "required"}
_BRANCHES = ("prefixItems", "anyOf", "oneOf", "allOf")
_INNER = ("items", "additionalProperties")
_WALKED = {*_BRANCHES, *_INNER, "type", "enum", "discriminator"}


def breaking_changes(published: Schema, today: Schema) -> list[str]:
    """Every way in which ``today`` breaks with ``published`` (schemas of one event), told for a person."""
    return [*_address(published, today), *_Comparison(published, today).of(published, today, "data")]


def _address(old: Schema, new: Schema) -> Iterator[str]:
    """Where it travels and who may see it are promised like its fields."""
    if old.get("x-aggregate") != new.get("x-aggregate"):
        yield f"its subject moved from aggregate {old.get('x-aggregate')} to {new.get('x-aggregate')}"
    if old.get("x-public") and not new.get("x-public"):
        yield "it was public and no longer is: feeds would go silent"


class _Comparison:
    """Two documents and the pairs of definitions already compared, so that a tree of criteria ends."""

    def __init__(self, published: Schema, today: Schema) -> None:
        self.published, self.today = published, today
        self.seen: set[tuple[str, str]] = set()

    def of(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"])
            if pair in self.seen:
                return
            self.seen.add(pair)
        old, new = _resolved(old, self.published), _resolved(new, self.today)
        yield from _types(old, new, at)
        yield from _enums(old, new, at)
        yield from self.fields(old, new, at)
        for keyword in _INNER:
            yield from self.inner(old.get(keyword), new.get(keyword), f"{at}[]", keyword)
        for keyword in _BRANCHES:
            yield from self.branches(old.get(keyword, []), new.get(keyword, []), at, keyword)
        yield from _limits(old, new, at)

    def fields(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        had, has = set(old.get("required", ())), set(new.get("required", ()))
        for name in was:
            if name not in now:
                yield f"{at}.{name}: field removed or renamed"
                continue
            if name in has - had:
                yield f"{at}.{name}: became required, events already written may lack it"
            if name in had - has:
                yield f"{at}.{name}: no longer always present, readers rely on it"
            yield from self.of(was[name], now[name], f"{at}.{name}")
        for name in now:
            if name not in was and name in has:
                yield f"{at}.{name}: new required field, events already written lack it"

    def inner(self, old: Any, new: Any, at: str, keyword: str) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self.of(old, new, at)
        elif old != new:
            yield f"{at}: {keyword} changed"

    def branches(self, old: list[Schema], new: list[Schema], at: str, keyword: str) -> Iterator[str]:
        if len(old) > len(new):
            yield f"{at}: narrowed, {keyword} lost an alternative"
        elif len(old) < len(new):
            yield f"{at}: widened, {keyword} gained an alternative that published readers refuse"
        else:
            for before, after in zip(old, new, strict=True):
                yield from self.of(before, after, at)


def _resolved(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        target = document["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _types(old: Schema, new: Schema, at: str) -> Iterator[str]:
    was, now = _as_set(old.get("type")), _as_set(new.get("type"))
    if was == now:
        return
    if now and (not was or now < was):
        yield f"{at}: type narrowed from {_told(was)} to {_told(now)}"
    elif was and (not now or was < now):
        yield f"{at}: type widened from {_told(was)} to {_told(now)}, published readers refuse it"
    else:
        yield f"{at}: type changed from {_told(was)} to {_told(now)}"


def _enums(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "enum" not in old and "enum" not in new:
        return
    if "enum" not in new or "enum" not in old:
        yield f"{at}: list of values {'dropped' if 'enum' in old else 'introduced'}"
        return
    for value in old["enum"]:
        if value not in new["enum"]:
            yield f"{at}: value {value!r} removed"
    for value in new["enum"]:
        if value not in old["enum"]:
            yield f"{at}: value {value!r} added, published readers refuse it"


def _limits(old: Schema, new: Schema, at: str) -> Iterator[str]:
    """Patterns, lengths, bounds, formats, and defaults, which say what events without the field mean."""
    for keyword in sorted((old.keys() | new.keys()) - _TELLS_ONLY - _WALKED):
        if keyword.startswith("x-"):
            continue
        was, now = old.get(keyword, "none"), new.get(keyword, "none")
        if was != now:
            yield f"{at}: {keyword} changed from {was!r} to {now!r}"


def _as_set(types: str | list[str] | None) -> frozenset[str]:
    if types is None:
        return frozenset()
    return frozenset([types] if isinstance(types, str) else types)


def _told(types: frozenset[str]) -> str:
    return " or ".join(sorted(types)) or "anything"
