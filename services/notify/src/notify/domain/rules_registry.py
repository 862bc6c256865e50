"""What concerns whom of what registry says."""

from __future__ import annotations

from contracts.events.registry import (
    CampaignLaunched,
    ClusterLeadershipAssumed,
    DeadlineExtended,
    DeadlineSet,
    EmulationRegistrationAccepted,
    EmulationRegistrationReturned,
    EmulationRegistrationSubmitted,
    FilingAcceptedLate,
    FilingContested,
    FilingMissed,
    FilingRejudged,
    PlanAmended,
    PlanIssued,
    ReportReceived,
    ReportReturned,
    ReportSubmitted,
)

from notify.domain.audience import desk, lead, leadership, members, members_named, to_carry_out, unit
from notify.domain.rules import Rule

_REGISTRATION = "registration:{registration_id}"
_REPORT = "report:{report_id}"
_DEADLINE = "deadline:{deadline_id}"
_THE_UNIT = unit("unit_id")
_WHERE = {"unit": "unit:unit_id", "cluster": "cluster:cluster_id"}
_KIND = {**_WHERE, "kind": "word:kind"}
_FILING = {**_WHERE, "kind": "word:filing"}

RULES = (
    Rule(
        DeadlineSet, "deadline-set", (members,), _DEADLINE,
        {"cluster": "cluster:cluster_id", "kind": "word:filing", "due": "instant:due", "close": "instant:hard_close"},
        email=False, due="due",
    ),
    Rule(
        DeadlineExtended, "deadline-extended", (members_named("unit_ids"),), _DEADLINE,
        {"cluster": "cluster:cluster_id", "kind": "word:filing", "due": "instant:due", "close": "instant:hard_close",
         "reason": "text:reason"},
        due="due",
    ),
    Rule(EmulationRegistrationSubmitted, "registration-arrived", (desk,), _REGISTRATION, _WHERE, email=False),
    Rule(
        EmulationRegistrationSubmitted, "entered-on-behalf", (_THE_UNIT,), _REGISTRATION, _WHERE,
        when=lambda fact: fact.awaits_confirmation,
    ),
    Rule(EmulationRegistrationAccepted, "registration-accepted", (_THE_UNIT,), _REGISTRATION, _WHERE),
    Rule(
        EmulationRegistrationReturned, "registration-returned", (_THE_UNIT,), _REGISTRATION,
        {**_WHERE, "reason": "text:reason"},
    ),
    Rule(ReportSubmitted, "report-arrived", (desk,), _REPORT, _KIND, email=False),
    Rule(
        ReportSubmitted, "entered-on-behalf", (_THE_UNIT,), _REPORT, _KIND,
        when=lambda fact: fact.awaits_confirmation,
    ),
    Rule(ReportReceived, "report-received", (_THE_UNIT,), _REPORT, _KIND),
    Rule(ReportReturned, "report-returned", (_THE_UNIT,), _REPORT, {**_KIND, "reason": "text:reason"}),
    Rule(FilingAcceptedLate, "filing-accepted-late", (_THE_UNIT,), "{filing}", {**_KIND, "reason": "text:reason"}),
    Rule(FilingContested, "filing-contested", (desk,), "{filing}", {**_KIND, "reason": "text:reason"}),
    Rule(FilingMissed, "filing-missed", (_THE_UNIT, lead), _DEADLINE, _KIND),
    Rule(
        FilingRejudged, "filing-rejudged", (_THE_UNIT,), "{filing}",
        {**_KIND, "punctuality": "word:punctuality", "reason": "text:reason"},
    ),
    Rule(
        PlanIssued, "plan-issued", (to_carry_out,), "plan:{plan_id}",
        {"number": "text:number", "title": "text:title", "body": "unit:body", "date": "date:date"},
    ),
    Rule(
        PlanAmended, "plan-amended", (to_carry_out,), "plan:{plan_id}", {"reason": "text:reason"}, email=False,
    ),
    Rule(
        CampaignLaunched, "campaign-launched", (members,), "campaign:{campaign_id}",
        {"title": "text:title", "body": "unit:launched_by"}, email=False,
        when=lambda fact: fact.cluster_id is not None,
    ),
    Rule(
        ClusterLeadershipAssumed, "leadership-assumed", (leadership,), "cluster:{cluster_id}",
        {"cluster": "cluster:cluster_id", "lead": "unit:lead_unit_id", "deputy": "unit:deputy_unit_id"},
    ),
)  # fmt: skip
