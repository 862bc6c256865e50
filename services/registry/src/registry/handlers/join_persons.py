"""Likely doubles are decided by a person: joined, separated again, or kept apart."""

from __future__ import annotations

from chassis.http import Write
from chassis.work import Work
from contracts.events.registry import PersonsJoined, PersonsKeptApart, PersonsSeparated
from contracts.refusal import Refused
from contracts.values import PersonId, Text
from pydantic import Field
from standing import holds
from standing.rights import Asking

from registry.adapters import people
from registry.domain.people import joinable, known, separable
from registry.handlers.enter_person import KEEPERS


class JoinPersons(Write):
    other_id: PersonId = Field(description="The id that is another entry of the same human being.")
    reason: Text = Field(examples=["Cùng số thẻ đoàn viên, gõ thiếu dấu."])


async def join_persons(work: Work, person_id: str, body: JoinPersons) -> None:
    """``other_id`` is the same human being as ``person_id``, which is kept."""
    await _keeper_of_both(work, person_id, body.other_id)
    joinable(
        await people.entry(work.db, person_id),
        person_id,
        await people.entry(work.db, body.other_id),
        body.other_id,
        await people.joined_into(work.db, body.other_id),
    )
    await work.expect(f"person:{person_id}")
    await work.guard(f"person:{body.other_id}")
    fact = PersonsJoined(kept_id=person_id, joined_id=body.other_id, reason=body.reason)
    work.record(fact, f"person:{person_id}", f"person:{body.other_id}", correlation=person_id)


async def separate_persons(work: Work, person_id: str, body: JoinPersons) -> None:
    """A joining is undone."""
    await _keeper_of_both(work, person_id, body.other_id)
    separable(person_id, await people.entry(work.db, body.other_id), body.other_id)
    await work.expect(f"person:{person_id}")
    fact = PersonsSeparated(kept_id=person_id, joined_id=body.other_id, reason=body.reason)
    work.record(fact, f"person:{person_id}", f"person:{body.other_id}", correlation=person_id)


async def keep_apart(work: Work, person_id: str, body: JoinPersons) -> None:
    """Two likely doubles are two persons; they are not shown as doubles again."""
    await _keeper_of_both(work, person_id, body.other_id)
    for one in (person_id, body.other_id):
        known(await people.entry(work.db, one), one)
    await work.expect(f"person:{person_id}")
    fact = PersonsKeptApart(person_ids=(person_id, body.other_id), reason=body.reason)
    work.record(fact, f"person:{person_id}", f"person:{body.other_id}", correlation=person_id)


async def _keeper_of_both(work: Work, *person_ids: str) -> None:
    """Who decides on two entries keeps the persons of a unit of each."""
    for person_id in person_ids:
        await _keeps(work, person_id)


async def keeper_of(work: Asking, person_id: str) -> None:
    """The typist keeps the persons of a unit in which that person, known and not joined away, holds a post.

    Raises ``person-unknown``, ``person-joined`` and ``not-entitled``.
    """
    known(await people.entry(work.db, person_id), person_id)
    await _keeps(work, person_id)


async def _keeps(work: Asking, person_id: str) -> None:
    units = await people.units_of_person(work.db, person_id)
    for unit_id in units:
        if await holds(work, KEEPERS, unit_id):
            return
    raise Refused("not-entitled", role=sorted(KEEPERS), unit=", ".join(units) or "?")
