"""Who may see which case: decided here for lists, counts, searches, single reads and journeys alike.

A case is seen by the proposing and proposed units, the bodies it has reached and the levels above them, and by the
council before which it lies. A recused member sees nothing of it, whatever else that person holds.
"""

from __future__ import annotations

from typing import Any

from chassis.http import ReadingRequest
from contracts.envelope import Header
from contracts.refusal import Refused
from standing import Role, persons_roles, under, units_of
from standing.rights import Asking, today

from awards.adapters.councils import is_recused
from awards.adapters.jsonb import row, rows

_VISIBLE = """
NOT EXISTS (SELECT 1 FROM recusal r WHERE r.proposal_id = p.proposal_id AND r.person_id = :reader)
AND (:everything
     OR EXISTS (SELECT 1 FROM proposal_sight s
                 WHERE s.proposal_id = p.proposal_id AND s.unit_id = ANY(CAST(:reach AS text[])))
     OR (p.recipient_kind = 'person' AND p.recipient_id = :reader)
     OR EXISTS (SELECT 1 FROM proposal_sight s JOIN council c ON c.unit_id = s.unit_id AND c.track = p.track
                  JOIN council_seat m ON m.council_id = c.council_id
                 WHERE s.proposal_id = p.proposal_id AND m.person_id = :reader
                   AND p.status IN ('received', 'decided') AND c.unit_id = p.body))
"""


async def visible(asking: Asking, everything: bool = False) -> tuple[str, dict[str, Any]]:
    """A condition on ``proposal p`` and its parameters: exactly the cases that the person may see."""
    roles = await persons_roles(asking)
    mine = sorted({unit for _, unit in roles})
    # Who holds something at the very top reaches every unit: no need to name them all.
    whole = everything or any(role == Role.OPERATIONS.value for role, _ in roles) or await _at_the_top(asking, mine)
    reach = await under(asking.db, mine, today(asking)) if mine and not whole else set()
    return _VISIBLE, {"reader": asking.person or "", "reach": sorted(reach), "everything": bool(whole)}


async def _at_the_top(asking: Asking, units: list[str]) -> bool:
    found = await row(
        asking.db,
        "SELECT 1 AS yes FROM standing_unit WHERE unit_id = ANY(CAST(:units AS text[])) AND parent_id IS NULL"
        " AND kind <> 'outside-body' AND valid @> CAST(:day AS date) LIMIT 1",
        units=units,
        day=today(asking),
    )
    return found is not None


async def check_sees(asking: Asking, proposal_id: str, everything: bool = False) -> None:
    """Raises ``not-found``: what may not be seen is not said to exist."""
    condition, values = await visible(asking, everything)
    found = await row(
        asking.db,
        f"SELECT 1 AS yes FROM proposal p WHERE p.proposal_id = :proposal_id AND {condition}",
        proposal_id=proposal_id,
        **values,
    )
    if found is None:
        raise Refused("not-found", kind="đề nghị khen thưởng", id=proposal_id)


def reads_everything(reading: ReadingRequest) -> bool:
    """Services read what they are asked to print; of persons their grants decide."""
    return reading.caller.service is not None


async def sees(reading: ReadingRequest, header: Header) -> bool:
    """Whether the reader may see an event in a journey: what belongs to a case only by who may see the case."""
    if reading.caller.service is not None:
        return True
    cases = [case for subject in header.subjects if (case := await _case(reading, subject)) is not None]
    for proposal_id in cases:
        try:
            await check_sees(reading, proposal_id)
        except Refused:
            return False
    if cases:
        return True
    kind = header.subjects[0].partition(":")[0]
    return kind in ("rule-set", "decision", "registration-test") or bool(
        await units_of(reading, {Role.OPERATIONS, Role.ADMINISTRATOR, Role.STANDING_OFFICE})
    )


async def _case(reading: ReadingRequest, subject: str) -> str | None:
    """The proposal to which a subject belongs, None where it belongs to none."""
    kind, _, name = subject.partition(":")
    if kind == "proposal":
        return name
    if kind == "council-case":
        return name.partition(".")[2]
    if kind == "council-ballot":
        found = await row(reading.db, "SELECT proposal_id FROM council_ballot WHERE ballot_id = :id", id=name)
        return found["proposal_id"] if found else None
    return None


async def check_not_recused(asking: Asking, proposal_id: str) -> None:
    """Raises ``not-found`` for a recused member, whatever right that person holds."""
    if await is_recused(asking.db, asking.person, proposal_id):
        raise Refused("not-found", kind="đề nghị khen thưởng", id=proposal_id)


async def hidden_from(asking: Asking) -> frozenset[str]:
    """Cases from which the person is recused: not even a possible double names them."""
    found = await rows(asking.db, "SELECT proposal_id FROM recusal WHERE person_id = :id", id=asking.person or "")
    return frozenset(one["proposal_id"] for one in found)
