"""How every use case assesses a case: rules of the day of receipt, record, registration, settlements, doubles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chassis.clock import HANOI
from contracts.events.awards.assessments import Assessment, Double
from contracts.events.awards.proposals import Share
from contracts.events.awards.rules import AwardType, Track
from contracts.values import Recipient
from sqlalchemy.ext.asyncio import AsyncConnection

from awards.adapters import proposals, records, rule_sets
from awards.domain import doubles
from awards.domain.eligibility import Settlements, assess
from awards.domain.proposal import Drawn, Proposal
from awards.domain.record import Registered, Registration
from awards.domain.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Matter:
    """What is assessed: a recipient for a title in a year, before a body."""

    proposal_id: str
    recipient: Recipient
    unit_id: str
    title: str
    award_type: AwardType
    track: Track
    year_id: str | None
    year: int
    body: str
    route: str | None
    shares: tuple[Share, ...]
    campaign_id: str | None

    @classmethod
    def of(cls, proposal: Proposal, shares: tuple[Share, ...] | None = None) -> Matter:
        return cls(
            proposal_id=proposal.proposal_id,
            recipient=proposal.recipient,
            unit_id=proposal.unit_id,
            title=proposal.title,
            award_type=proposal.award_type,
            track=proposal.track,
            year_id=proposal.year_id,
            year=proposal.year,
            body=proposal.body,
            route=proposal.route,
            shares=proposal.shares if shares is None else shares,
            campaign_id=proposal.basis.campaign_id,
        )

    @classmethod
    def drawn(cls, drawn: Drawn) -> Matter:
        return cls(
            proposal_id=drawn.proposal_id,
            recipient=drawn.recipient,
            unit_id=drawn.unit_id,
            title=drawn.title,
            award_type=drawn.award_type,
            track=drawn.track,
            year_id=drawn.year_id,
            year=drawn.year,
            body=drawn.receiving_unit,
            route=drawn.route,
            shares=drawn.shares,
            campaign_id=drawn.basis.campaign_id,
        )


@dataclass(frozen=True, slots=True)
class Assessed:
    rules: RuleSet
    assessment: Assessment
    doubles: tuple[Double, ...]


def day_of(instant: datetime) -> date:
    """The day in Hà Nội of an instant: rule sets are chosen by the day of receipt."""
    return instant.astimezone(HANOI).date()


async def assess_on(db: AsyncConnection, matter: Matter, day: date, settlements: Settlements | None = None) -> Assessed:
    """Assess under the rule set in force on the day. Raises ``no-rule-set-in-force`` and what the engine refuses."""
    rules = await rule_sets.governing(db, matter.title, matter.unit_id, day)
    return await assess_by(db, matter, rules, settlements)


async def assess_by(
    db: AsyncConnection, matter: Matter, rules: RuleSet, settlements: Settlements | None = None
) -> Assessed:
    """Assess under a given rule set, as a case keeps its own until it is handed in again."""
    registration = Registration(Registered.NOT_TESTED)
    if matter.year_id is not None and await rule_sets.tests_registration(
        db, rules, matter.body, matter.track, matter.year_id, matter.award_type
    ):
        registration = await records.registration(db, matter.recipient, matter.unit_id, matter.year_id)
    record = await records.load(
        db,
        matter.recipient,
        shares=matter.shares,
        campaign_id=matter.campaign_id,
        registration=registration,
    )
    if settlements is None:
        settlements = await proposals.settlements(db, matter.proposal_id)
    assessment = assess(
        rules,
        matter.title,
        matter.award_type,
        record,
        matter.year,
        settlements=settlements,
        route=matter.route,
    )
    form = rules.form(matter.title)
    assert form is not None
    others = await proposals.others(
        db,
        await records.ids_of(db, matter.recipient),
        matter.recipient.kind.value,
        matter.year,
        matter.proposal_id,
    )
    found = doubles.find(
        matter.title, form.name, matter.year, matter.award_type, form.decided_by, others, record.titles
    )
    return Assessed(rules, assessment, found)
