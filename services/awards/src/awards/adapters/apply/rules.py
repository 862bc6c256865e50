"""Rule sets with their dates of effect, and the switches of the registration test."""

from __future__ import annotations

import json

import sqlalchemy as sa
from chassis.facts import Recorded
from contracts.events.awards.rules import RegistrationTestSet, RuleSetEnacted
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters.apply.own import own


@own.on(RuleSetEnacted)
async def rule_set_enacted(db: AsyncConnection, facts: list[Recorded[RuleSetEnacted]]) -> None:
    for fact in facts:
        data = fact.data
        if data.replaces is not None:
            await db.execute(
                sa.text("UPDATE rule_set SET ends = :day WHERE rule_set_id = :former"),
                {"day": data.in_force.starts, "former": data.replaces},
            )
        await db.execute(
            sa.text(
                "INSERT INTO rule_set (rule_set_id, name, issuer, issuing_unit, legal_basis, starts, ends, hash, rules)"
                " VALUES (:rule_set_id, :name, :issuer, :issuing_unit, :legal_basis, :starts, :ends, :hash,"
                " CAST(:rules AS jsonb))"
            ),
            {
                "rule_set_id": data.rule_set_id,
                "name": data.name,
                "issuer": data.issuer,
                "issuing_unit": data.issuing_unit,
                "legal_basis": data.legal_basis,
                "starts": data.in_force.starts,
                "ends": data.in_force.ends,
                "hash": data.hash,
                "rules": json.dumps(data.rules, ensure_ascii=False),
            },
        )


@own.on(RegistrationTestSet)
async def registration_test_set(db: AsyncConnection, facts: list[Recorded[RegistrationTestSet]]) -> None:
    await db.execute(
        sa.text(
            "INSERT INTO registration_test (unit_id, track, year_id, award_type, tested, reason)"
            " VALUES (:unit_id, :track, :year_id, :award_type, :tested, :reason)"
            " ON CONFLICT (unit_id, track, year_id, award_type)"
            " DO UPDATE SET tested = excluded.tested, reason = excluded.reason"
        ),
        [
            {
                "unit_id": fact.data.unit_id,
                "track": fact.data.track,
                "year_id": fact.data.year_id,
                "award_type": fact.data.award_type,
                "tested": fact.data.tested,
                "reason": fact.data.reason,
            }
            for fact in facts
        ],
    )
