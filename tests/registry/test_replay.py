"""The log is the record: replayed into an empty schema it gives the live tables, whatever was done."""

from __future__ import annotations

import re
from pathlib import Path

import registry as package
import sqlalchemy as sa
from chassis.testing import Trial
from registry.adapters.apply import own
from registry.adapters.apply.own import UNLOGGED
from registry.main import app, service

from contracts import catalogue
from tests.registry import (
    test_accounts,
    test_clusters,
    test_people,
    test_plans,
    test_registrations,
    test_reports,
    test_units,
)
from tests.registry.world import build, opened
from tests.support.databases import DatabaseMaker

STORIES = [
    test_accounts.test_a_grant_reaches_everything_under_its_unit_and_ends_when_withdrawn,
    test_clusters.test_members_are_as_of_a_day_and_may_return,
    test_clusters.test_leadership_waits_for_the_year_to_be_opened,
    test_people.test_likely_doubles_are_shown_joined_and_separated_by_a_person,
    test_people.test_two_persons_kept_apart_are_not_shown_as_doubles_again,
    test_people.test_one_person_holds_offices_in_several_units_and_leaves_them,
    test_people.test_a_post_may_end_and_another_begin,
    test_people.test_ratings_and_discipline_are_facts_with_year_decision_and_source,
    test_plans.test_a_plan_keeps_its_rows_as_written_and_is_amended_and_closed_task_by_task,
    test_plans.test_a_campaign_is_reviewed_until_it_is_closed,
    test_units.test_a_change_that_is_typed_late_keeps_later_changes,
    test_units.test_a_stale_change_is_told_what_changed_since,
    test_units.test_a_unit_reads_as_it_was_on_each_day,
    test_units.test_a_unit_closes_when_nothing_stands_under_it_and_keeps_its_history,
    test_registrations.test_accepting_late_names_who_why_and_on_what_paper_and_waits_for_the_unit,
    test_registrations.test_who_does_not_use_an_extension_is_missing_again_at_the_new_hard_close,
    test_registrations.test_an_extension_that_comes_later_judges_earlier_filings_again_in_their_favour,
    test_registrations.test_a_returned_registration_is_handed_in_again,
    test_registrations.test_a_registration_is_accepted_by_the_lead,
    test_reports.test_a_paper_typed_by_the_desk_is_judged_by_its_receipt_and_waits_for_the_unit,
    test_reports.test_a_contested_entry_is_replaced_by_the_units_own,
    test_reports.test_a_returned_report_is_handed_in_again_and_keeps_its_first_punctuality,
    test_reports.test_the_leads_standing_office_receives_but_its_own_goes_to_the_deputy,
]
"""Stories that between them record every kind of fact that registry publishes, but one."""

ESTABLISHED = {
    "id": "cd-kcn", "code": "CD-KCN", "name": "Công đoàn các Khu công nghiệp", "level": "district",
    "kind": "industrial-zone-union", "parent_id": "ldld-cao-bang", "effective": "2023-03-01",
    "decision": {"number": "88-QĐ/LĐLĐ", "date": "2023-02-20"},
}  # fmt: skip


async def test_after_every_story_a_replay_equals_the_live_tables(make_database: DatabaseMaker) -> None:
    recorded: set[str] = set()
    for story in STORIES:
        async with opened(await make_database("registry", build)) as trial:
            await story(trial)
            assert (await trial.post("/units/established", ESTABLISHED, by="quan-tri")).status_code == 201
            assert await trial.replay_differences() == [], story.__name__
            recorded |= {fact.header.type for fact in await trial.events()}
    assert recorded >= set(catalogue.type_names(service.publishes))


async def test_every_table_is_fed_by_the_log_or_listed_as_outside_it(registry: Trial) -> None:
    async with registry.runtime.engine.connect() as db:
        found = await db.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'live'"))
    assert {row.tablename for row in found} == {*own.tables, *UNLOGGED, "schema_version"}


def test_every_event_that_is_published_writes_something() -> None:
    assert set(service.publishes) <= own.events()


def test_every_refusal_has_words_and_no_words_are_left_over() -> None:
    written = "".join(file.read_text() for file in Path(package.__file__).parent.rglob("*.py"))
    raised = set(re.findall(r'Refused\(\s*f?"([a-z-]+)"', written))
    raised |= {"report-after-hard-close", "registration-after-hard-close"}
    own_words = {
        line.split(":")[0]
        for line in (Path(package.__file__).parent / "messages.yaml").read_text().splitlines()
        if re.match(r"^[a-z-]+:", line)
    }
    assert raised <= app.state.messages.rules()
    assert own_words <= raised


def test_every_write_has_an_example_and_every_route_a_vietnamese_summary() -> None:
    for path, methods in app.openapi()["paths"].items():
        if path.startswith(("/ops", "/health", "/receipts", "/metrics")):
            continue
        for method, told in methods.items():
            assert re.search(r"[à-ỹđ]", told["summary"]), (method, path)
            body = told.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                assert body.get("examples") or body.get("example") or body["schema"].get("examples"), (method, path)
