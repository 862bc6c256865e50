"""Reads rule sets: the one that governs a form on a day, and the switches of the registration test."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.events.awards.rules import AwardType, Track
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import ancestors

from awards.adapters.jsonb import row, rows
from awards.domain.rules import EXEMPT, RuleSet


async def by_id(db: AsyncConnection, rule_set_id: str) -> RuleSet:
    """Raises ``not-found``."""
    found = await row(db, "SELECT rules FROM rule_set WHERE rule_set_id = :id", id=rule_set_id)
    if found is None:
        raise Refused("not-found", kind="bộ quy tắc", id=rule_set_id)
    return RuleSet.model_validate(found["rules"])


async def in_force(db: AsyncConnection, day: date) -> list[dict[str, Any]]:
    """Every rule set in force on a day, the latest first."""
    return await rows(
        db,
        "SELECT * FROM rule_set WHERE starts <= :day AND (ends IS NULL OR :day < ends)"
        " ORDER BY starts DESC, rule_set_id",
        day=day,
    )


async def governing(db: AsyncConnection, title: str, unit_id: str, day: date) -> RuleSet:
    """The rule set that governs a form for a unit on the day of receipt: the nearest body's own before the law's.

    Raises ``no-rule-set-in-force``, naming the day and the next rule set that begins, where there is one.
    """
    above = [unit_id, *await ancestors(db, unit_id, day)]
    candidates = [
        one
        for one in await in_force(db, day)
        if (one["issuing_unit"] is None or one["issuing_unit"] in above)
        and any(form["code"] == title for form in one["rules"]["forms"])
    ]
    if not candidates:
        later = await row(
            db,
            "SELECT name, starts FROM rule_set WHERE starts > :day AND rules @> jsonb_build_object('forms',"
            " jsonb_build_array(jsonb_build_object('code', CAST(:title AS text)))) ORDER BY starts LIMIT 1",
            day=day,
            title=title,
        )
        hint = f" “{later['name']}” có hiệu lực từ {later['starts']:%d/%m/%Y}." if later else ""
        raise Refused("no-rule-set-in-force", title=title, day=f"{day:%d/%m/%Y}", later=hint)
    nearest = min(
        candidates,
        key=lambda one: above.index(one["issuing_unit"]) if one["issuing_unit"] is not None else len(above),
    )
    return RuleSet.model_validate(nearest["rules"])


async def tests_registration(
    db: AsyncConnection, rules: RuleSet, body: str, track: Track, year_id: str, award_type: AwardType
) -> bool:
    """What the body switched for track, year and type; else what the rule set says."""
    if award_type in EXEMPT:
        return False
    found = await row(
        db,
        "SELECT tested FROM registration_test WHERE unit_id = :unit_id AND track = :track AND year_id = :year_id"
        " AND award_type = :award_type",
        unit_id=body,
        track=track,
        year_id=year_id,
        award_type=award_type,
    )
    return bool(found["tested"]) if found is not None else award_type in rules.registration.tested
