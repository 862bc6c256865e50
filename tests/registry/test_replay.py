"""The log is the record: replayed into an empty schema it gives the live tables, whatever was done."""

from __future__ import annotations

import re
from pathlib import Path

import registry as package
import sqlalchemy as sa
from chassis import rebuilding
from chassis.testing import Trial
from registry.adapters.apply import own
from registry.adapters.apply.own import UNLOGGED
from registry.main import app, service

from contracts import catalogue
from tests.registry import year


async def test_after_a_whole_year_a_replay_equals_the_live_tables(registry: Trial) -> None:
    await year.play(registry)
    recorded = {fact.header.type for fact in await registry.events()}
    assert recorded >= set(catalogue.type_names(service.publishes))
    assert await registry.replay_differences() == []
    # The same beside the live tables, with the views and the keys between them, swapped.
    await rebuilding.ask(registry.runtime, None, False, "person:hoa")
    while await rebuilding.do_next(registry.runtime):
        pass
    async with registry.runtime.engine.connect() as db:
        told = await rebuilding.listed(db)
    assert {(one.state, one.wrong) for one in told} == {("swapped", None)}
    assert await registry.replay_differences() == []


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
