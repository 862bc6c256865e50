"""Put a rule set in force, and switch the registration test."""

from __future__ import annotations

from chassis.work import Work
from contracts.events.awards.rules import AwardType, RegistrationTestSet, RuleSetEnacted, Track
from contracts.refusal import Refused
from contracts.values import Paper
from standing import Role, need, roots
from standing.rights import today

from awards.adapters import records
from awards.adapters.jsonb import row, rows
from awards.domain.rule_text import NotARuleSet, read_rule_set
from awards.domain.rules import EXEMPT, RuleSet
from awards.handlers.cases import outside, unit

ENACTORS = {Role.ADMINISTRATOR, Role.STANDING_OFFICE, Role.LEADER}
_ALL = "rule-sets:all"


def read(text: str) -> RuleSet:
    """Raises ``rule-set-invalid`` with line and reason of every mistake."""
    try:
        return read_rule_set(text)
    except NotARuleSet as error:
        first = error.mistakes[0]
        raise Refused(
            "rule-set-invalid",
            count=len(error.mistakes),
            first=f"dòng {first.line}, {first.where}: {first.reason}",
            mistakes=[mistake.model_dump() for mistake in error.mistakes],
        ) from error


async def enact(work: Work, text: str) -> None:
    """The issuing unit enacts its own; the law's is put in force by the federation above all."""
    rules = read(text)
    issuer = rules.issuing_unit
    if issuer is None:
        issuer = await _above_all(work)
    await need(work, ENACTORS, issuer)
    await work.guard(_ALL)
    await _check_free(work, rules)
    fact = RuleSetEnacted(
        rule_set_id=rules.rule_set,
        name=rules.name,
        issuer=rules.issuer,
        issuing_unit=rules.issuing_unit,
        legal_basis=rules.legal_basis,
        in_force=rules.in_force,
        replaces=rules.replaces,
        hash=rules.hash,
        rules=rules.canonical(),
    )
    work.record(fact, f"rule-set:{rules.rule_set}", _ALL)


async def _above_all(work: Work) -> str:
    """The federation at the root of the union. Raises ``unknown-unit`` while none is known here."""
    for root in await roots(work.db, today(work)):
        if not outside(await unit(work, root)):
            return root
    raise Refused("unknown-unit", unit="–")


async def _check_free(work: Work, rules: RuleSet) -> None:
    """One issuer, one form, one day: one rule set. Refused ``id-taken``, ``not-found``, ``rule-sets-overlap``."""
    if await row(work.db, "SELECT 1 AS yes FROM rule_set WHERE rule_set_id = :id", id=rules.rule_set):
        raise Refused("id-taken", kind="bộ quy tắc", id=rules.rule_set)
    if rules.replaces is not None:
        former = await row(work.db, "SELECT starts FROM rule_set WHERE rule_set_id = :id", id=rules.replaces)
        if former is None:
            raise Refused("not-found", kind="bộ quy tắc", id=rules.replaces)
        if former["starts"] >= rules.in_force.starts:
            raise Refused("rule-sets-overlap", other=rules.replaces, forms="–")
    overlapping = await rows(
        work.db,
        "SELECT rule_set_id, name, rules FROM rule_set WHERE issuing_unit IS NOT DISTINCT FROM :issuer"
        " AND rule_set_id IS DISTINCT FROM :replaces"
        " AND daterange(starts, ends) && daterange(CAST(:starts AS date), CAST(:ends AS date))",
        issuer=rules.issuing_unit,
        replaces=rules.replaces,
        starts=rules.in_force.starts,
        ends=rules.in_force.ends,
    )
    mine = {form.code for form in rules.forms}
    for other in overlapping:
        both = mine & {form["code"] for form in other["rules"]["forms"]}
        if both:
            raise Refused("rule-sets-overlap", other=other["name"], forms=sorted(both))


async def set_registration_test(
    work: Work,
    unit_id: str,
    track: Track,
    year_id: str,
    award_type: AwardType,
    tested: bool,
    reason: str,
    paper: Paper | None,
) -> None:
    """Ad hoc, contribution and external awards never ask for a registration: Refused ``type-exempt``."""
    await need(work, ENACTORS, unit_id)
    await unit(work, unit_id)
    if await records.calendar_year(work.db, year_id) is None:
        raise Refused("unknown-year", year=year_id)
    if award_type in EXEMPT and tested:
        raise Refused("type-exempt", award_type=award_type.value)
    fact = RegistrationTestSet(
        unit_id=unit_id,
        track=track,
        year_id=year_id,
        award_type=award_type,
        tested=tested,
        reason=reason,
        paper=paper,
    )
    work.record(fact, f"registration-test:{unit_id}.{track.value}.{year_id}.{award_type.value}")
