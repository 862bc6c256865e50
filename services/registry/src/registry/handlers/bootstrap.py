"""The first administrator of an empty system: a person, the federation at the root, and the right to build the rest."""

from __future__ import annotations

from datetime import date

from chassis.runtime import Runtime
from chassis.work import Command, Work, body_hash, service_act
from contracts.events.registry import GrantGiven, Level, PersonEntered, UnitKind, UnitRecorded
from contracts.values import Period
from standing import Role

from registry.adapters import accounts, people, units
from registry.domain.deadlines import day_of

FIRST_PERSON = "quan-tri"
ROOT = "tld"
FOUNDED = date(1929, 7, 28)
"""The founding day of the union: every later unit and grant lies within the root's existence."""


async def bootstrap(runtime: Runtime) -> None:
    """Does nothing once there is an account. The password comes from the settings; without one nobody can log in."""
    password = runtime.settings.bootstrap_password
    async with runtime.engine.connect() as db:
        if not password or await accounts.any_account(db):
            return
    now = runtime.clock.now()
    command = Command(
        scope="bootstrap",
        key="first-administrator",
        body_hash=body_hash(b"first-administrator"),
        act=service_act("registry", now),
        causation="bootstrap:first-administrator",
    )
    await runtime.performer.perform(command, first_administrator, allow_nothing=True)
    async with runtime.engine.begin() as db:
        await people.keep(db, FIRST_PERSON, {"name": "Quản trị hệ thống"})
        await accounts.open_account(db, FIRST_PERSON, f"person:{FIRST_PERSON}", accounts.hashed(password), now)


async def first_administrator(work: Work) -> None:
    """Person, root unit and grant, each unless it is there already (a log restored without its accounts)."""
    if await people.entry(work.db, FIRST_PERSON) is None:
        work.record(PersonEntered(person_id=FIRST_PERSON), f"person:{FIRST_PERSON}", correlation=FIRST_PERSON)
        grant = GrantGiven(
            grant_id=f"grant-{FIRST_PERSON}",
            person_id=FIRST_PERSON,
            role=Role.ADMINISTRATOR,
            unit_id=ROOT,
            period=Period(starts=min(day_of(work.now), date(2000, 1, 1))),
        )
        work.record(grant, f"grant:{grant.grant_id}", f"person:{FIRST_PERSON}", correlation=FIRST_PERSON)
    if await units.life(work.db, ROOT) is None:
        root = UnitRecorded(
            unit_id=ROOT,
            code="TLD",
            name="Tổng Liên đoàn Lao động Việt Nam",
            level=Level.NATIONAL,
            kind=UnitKind.FEDERATION,
            effective=FOUNDED,
        )
        work.record(root, f"unit:{ROOT}", correlation=ROOT)
