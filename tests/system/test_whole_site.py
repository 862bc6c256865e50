"""The whole site after a year and after all that the other files did to it: at rest, whole, traced to the span."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest
from thidua.demo.stage import ADMINISTRATOR, CLUSTER, NEXT_YEAR, TLD, Stage
from thidua.invariants import Accepted, Books, check
from thidua.local.databases import ensure_database
from thidua.local.site import Site
from thidua.settled import unsettled

from tests.chassis.sites import eventually
from tests.system.looking import one, rows

FOLLOWS = {
    "registry": ["scoring"],
    "scoring": ["registry"],
    "awards": ["registry", "scoring"],
    "notify": ["registry", "scoring", "awards"],
}


async def test_a_year_played_through_http_comes_to_rest_with_nothing_held_and_nothing_waiting(year: Stage) -> None:
    resting = await year.time.rest()
    heads = {state["log"]: state["head"]["seq"] for state in resting.states.values()}
    assert min(heads.values()) > 10
    for name, state in resting.states.items():
        assert state["relayed"] == {f"loc-{name}": heads[f"vn.{name}"]}
        assert {log: mark["seq"] for log, mark in state["marks"].items()} == {
            f"vn.{producer}": heads[f"vn.{producer}"] for producer in FOLLOWS[name]
        }
        assert state["health"] == {}
    assert (resting.held, resting.waits) == (0, 0)


async def test_rest_is_not_seen_while_nats_holds_something_up_and_what_moves_is_named(site: Site, year: Stage) -> None:
    await year.time.rest()
    await site.nats.stop()
    contacts = {"contacts": {"telephone": "0206 3852 000"}, "effective": "2024-01-01"}
    await year.by(ADMINISTRATOR).change("registry", f"/units/{TLD}", "contacts", contacts)
    states = await year.api.states(ADMINISTRATOR)
    head = states["registry"]["head"]["seq"]
    assert f"registry: relayed {head - 1} of {head} to loc-registry" in unsettled(states, FOLLOWS)
    assert f"notify: follows vn.registry to {head - 1} of {head}" in unsettled(states, FOLLOWS)
    await site.nats.start()
    await year.time.rest()
    assert await one(site, "notify", "SELECT seq FROM chassis.mark WHERE log = 'vn.registry'") == head


@pytest.fixture(scope="module")
async def books(site: Site) -> AsyncIterator[Books]:
    """The databases of the site, opened as the auditor, and one to replay into."""
    scratch = await ensure_database(site.postgres.superuser, "scratch", role="scratch", password="scratch")
    opened = Books(site.topology.site, {name: site.audit(name) for name in site.names}, scratch)
    yield opened
    await opened.close()


async def test_every_invariant_holds_after_the_year(year: Stage, books: Books) -> None:
    await year.time.rest()
    receipts = [
        Accepted(one["log"], one["epoch"], one["first_seq"], one["last_seq"], one["hash"]) for one in year.api.receipts
    ]
    assert len(receipts) > 50
    findings = await check(books, receipts)
    assert len(findings) == 5
    assert {finding.name: finding.wrong for finding in findings if finding.wrong} == {}


async def test_the_invariants_see_a_receipt_that_the_log_does_not_keep(year: Stage, books: Books) -> None:
    told = year.api.receipts[0]
    good = Accepted(told["log"], told["epoch"], told["first_seq"], told["last_seq"], told["hash"])
    lost = replace(good, first_seq=10**6, last_seq=10**6)
    forged = replace(good, hash="0" * 64)
    finding, *_ = await check(books, [good, lost, forged])
    assert len(finding.wrong) == 2


class Step(NamedTuple):
    """A span as a tree tells it: what was done where, below what."""

    name: str
    service: str
    kind: str
    below: str | None


async def trace_of(site: Site, trace_id: str) -> list[dict[str, Any]]:
    """Every span of a trace that the site's OTLP receiver has, parents before children."""
    async with httpx.AsyncClient(base_url=site.addresses.traces, trust_env=False) as http:
        answer = await http.get(f"/api/traces/{trace_id}")
    return list(_flat(answer.json()["tree"])) if answer.status_code == 200 else []


def _flat(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _flat(node["children"])


def steps_of(spans: list[dict[str, Any]]) -> Counter[Step]:
    names = {span["span_id"]: span["name"] for span in spans if not span["missing"]}
    return Counter(
        Step(span["name"], span["service"], span["kind"], names.get(span["parent_id"]) or span["parent_id"])
        for span in spans
        if not span["missing"]
    )


async def test_a_command_and_all_that_it_set_off_is_one_trace_span_by_span(site: Site, year: Stage) -> None:
    """HTTP, handler, relay, followers, reaction, its handler, its relay: each below what caused it."""
    await year.time.rest()
    answer = await year.api.request(
        "registry",
        "POST",
        "/deadlines",
        json={
            "year_id": NEXT_YEAR,
            "cluster_id": CLUSTER,
            "filing": "half-year-report",
            "due": "2025-06-16",
            "rest_day_rule": "moves",
        },
        headers={
            "Authorization": f"Bearer {await year.api.token('thuong-truc-tld')}",
            "Idempotency-Key": str(uuid.uuid4()),
        },
    )
    assert answer.status_code == 201, answer.text
    event = answer.json()["events"][0]
    await year.time.rest()
    told = await rows(
        site,
        "notify",
        "SELECT type FROM chassis.log WHERE convert_from(header, 'UTF8')::jsonb ->> 'causation' = $1",
        event["id"],
    )
    assert len(told) >= 7, "each of the seven members is told of its deadline"

    request, handler, relayed = "POST /deadlines", "handle set_deadline", f"relay {event['type']}"
    expected = Counter(
        [
            Step(request, "registry", "server", None),
            Step(handler, "registry", "internal", request),
            Step(relayed, "registry", "producer", handler),
            *(
                Step(f"follow {event['type']}", follower, "consumer", relayed)
                for follower in ("scoring", "awards", "notify")
            ),
            Step("react tell-registry", "notify", "consumer", relayed),
            Step("handle tell", "notify", "internal", "react tell-registry"),
            *(Step(f"relay {row['type']}", "notify", "producer", "handle tell") for row in told),
        ]
    )
    trace_id = answer.headers["trace-id"]

    async def has_all() -> bool:
        return len(await trace_of(site, trace_id)) >= expected.total()

    await eventually(has_all)
    spans = await trace_of(site, trace_id)
    assert steps_of(spans) == expected
    assert {span["trace_id"] for span in spans} == {trace_id}
    assert {span["site"] for span in spans} == {"vn"}
    assert not any(span["failed"] for span in spans)
    followed = [span for span in spans if span["name"].startswith("follow")]
    assert {span["attributes"]["event"] for span in followed} == {event["id"]}
    by_id = {span["span_id"]: span for span in spans}
    for span in spans:
        assert span["end_ns"] >= span["start_ns"]
        assert span["parent_id"] is None or span["start_ns"] >= by_id[span["parent_id"]]["start_ns"]

    stored = await one(site, "registry", "SELECT traceparent FROM chassis.log WHERE seq = $1", int(event["id"][14:]))
    assert stored.split("-")[1:3] == [trace_id, next(span["span_id"] for span in spans if span["name"] == handler)]


async def test_a_callers_own_trace_goes_on_through_the_service(site: Site, year: Stage) -> None:
    trace_id, span_id = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    answer = await year.api.request(
        "registry",
        "GET",
        f"/units/{TLD}",
        headers={
            "Authorization": f"Bearer {await year.api.token(ADMINISTRATOR)}",
            "traceparent": f"00-{trace_id}-{span_id}-01",
        },
    )
    assert answer.headers["trace-id"] == trace_id

    async def arrived() -> bool:
        return bool(steps_of(await trace_of(site, trace_id)))

    await eventually(arrived)
    assert list(steps_of(await trace_of(site, trace_id))) == [
        Step("GET /units/{unit_id}", "registry", "server", span_id)
    ]


async def test_an_effect_of_an_effect_is_in_the_same_trace_as_its_first_cause(site: Site, year: Stage) -> None:
    """The conference concluded in scoring makes registry record next year's lead, and notify tells of that."""
    (concluded,) = await rows(
        site,
        "scoring",
        "SELECT epoch, seq, traceparent FROM chassis.log WHERE type = 'scoring.year-end-conference-concluded.v1'"
        " ORDER BY seq LIMIT 1",
    )
    key = f"vn.scoring:{concluded['epoch']}:{concluded['seq']}"
    trace_id = concluded["traceparent"].split("-")[1]
    steps = steps_of(await trace_of(site, trace_id))
    chain = [
        ("POST /conferences", "scoring"),
        ("handle conclude_conference", "scoring"),
        ("relay scoring.year-end-conference-concluded.v1", "scoring"),
        ("react record-leadership", "registry"),
        ("handle record_leadership", "registry"),
        ("relay registry.cluster-leadership-assumed.v1", "registry"),
        ("react tell-registry", "notify"),
        ("handle tell", "notify"),
        ("relay notify.notification-intended.v1", "notify"),
    ]
    for (above, _), (name, service) in itertools.pairwise(chain):
        assert any(step[:2] == (name, service) and step.below == above for step in steps), (
            f"{name} is not below {above}"
        )

    (effect,) = await rows(
        site,
        "registry",
        "SELECT header, traceparent FROM chassis.log WHERE convert_from(header, 'UTF8')::jsonb ->> 'causation' = $1",
        key,
    )
    assert effect["traceparent"].split("-")[1] == trace_id
