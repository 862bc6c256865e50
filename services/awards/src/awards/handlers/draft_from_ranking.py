"""What awards does by itself when a ranking is final: drafts for the leading and the excellent, awaiting the unit."""

from __future__ import annotations

import hashlib

from chassis.facts import Recorded
from chassis.reactions import NotYet
from chassis.work import Work
from contracts.case import case_id
from contracts.events.awards.proposals import Basis, BasisKind
from contracts.events.awards.rules import AwardType, Channel, Track
from contracts.events.scoring import Classification, RankingFinalized
from contracts.values import Recipient, SubjectKind
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import UnitRow, unit_on
from standing.rights import today

from awards.adapters import proposals, records, rule_sets
from awards.adapters.jsonb import row
from awards.domain import words
from awards.domain.drafting import form_for
from awards.domain.proposal import Drawn, propose
from awards.domain.rules import RuleSet
from awards.handlers.assessing import Matter, assess_by, day_of


async def draft_proposals(work: Work, cause: Recorded[RankingFinalized]) -> None:
    """One proposal for each unit that leads or is excellent, in the unit's case; none where no rule set gives a form.

    Waits for the year, the cluster and its members where registry's word of them is not here yet.
    """
    ranking = cause.data
    year = await records.calendar_year(work.db, ranking.year_id)
    if year is None:
        raise NotYet(f"year:{ranking.year_id}")
    cluster = await row(work.db, "SELECT * FROM cluster WHERE cluster_id = :id", id=ranking.cluster_id)
    if cluster is None:
        raise NotYet(f"cluster:{ranking.cluster_id}")
    runs = await _unit(work, cluster["run_by"])
    day = day_of(work.act.received)
    applicable = [
        RuleSet.model_validate(found["rules"])
        for found in await rule_sets.in_force(work.db, day)
        if found["issuing_unit"] in (None, runs.unit_id, runs.parent_id)
    ]
    for place in ranking.rows:
        if place.classification is Classification.NONE:
            continue
        found = form_for(applicable, place.classification, runs.level)
        if found is None:
            continue
        rules, form = found
        await _unit(work, place.unit_id)
        name = draft_id(ranking.year_id, place.unit_id, form.code)
        if await proposals.exists(work.db, name):
            continue
        drawn = Drawn(
            proposal_id=name,
            recipient=Recipient(kind=SubjectKind.UNIT, id=place.unit_id),
            unit_id=place.unit_id,
            title=form.code,
            year_id=ranking.year_id,
            year=year,
            award_type=AwardType.COMPREHENSIVE,
            track=Track.MOVEMENT,
            channel=Channel.UNION,
            proposed_by=await _lead(work.db, ranking, place.unit_id),
            receiving_unit=runs.unit_id,
            route=None,
            basis=Basis(
                kind=BasisKind.RANKING,
                text=f"Đơn vị {words.CLASSIFICATION[place.classification]} {cluster['name']} năm {year}",
                ranking_id=ranking.ranking_id,
                cluster_id=ranking.cluster_id,
            ),
        )
        assessed = await assess_by(work.db, Matter.drawn(drawn), rules, {})
        fact = propose(drawn, day, assessed.assessment, assessed.doubles, drafted=True)
        work.record(fact, f"proposal:{name}", correlation=case_id(ranking.year_id, place.unit_id))


def draft_id(year_id: str, unit_id: str, title: str) -> str:
    """The id of a drafted proposal, the same for a ranking that is finalised again; at most 64 characters."""
    plain = f"dn-{year_id}-{unit_id}-{title}"
    if len(plain) <= 64:
        return plain
    return f"{plain[:47]}-{hashlib.sha256(plain.encode()).hexdigest()[:16]}"


async def _unit(work: Work, unit_id: str) -> UnitRow:
    found = await unit_on(work.db, unit_id, today(work))
    if found is None:
        raise NotYet(f"unit:{unit_id}")
    return found


async def _lead(db: AsyncConnection, ranking: RankingFinalized, unit_id: str) -> str:
    """The year's lead submits for the cluster; without a known lead each unit for itself."""
    found = await row(
        db,
        "SELECT lead_unit_id FROM cluster_lead WHERE cluster_id = :cluster_id AND year_id = :year_id",
        cluster_id=ranking.cluster_id,
        year_id=ranking.year_id,
    )
    return found["lead_unit_id"] if found else unit_id
