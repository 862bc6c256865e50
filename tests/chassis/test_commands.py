"""A command over HTTP: done once, guarded, chained into the log, answered from facts; a refusal changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from chassis import auth
from chassis.testing import Trial, trial
from chassis.work import Command, Handler, Work, beside_the_log, service_act
from contracts.envelope import event_hash, seed_hash
from contracts.events.registry.clusters import ClusterFormed

from tests.chassis.sample import formed, sample_service
from tests.support.databases import DatabaseMaker

AT = datetime(2024, 1, 15, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
async def sample(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    database = await make_database("registry")
    async with trial(sample_service(), database.url, AT, max_body_bytes=2048) as running:
        yield running


async def log_rows(sample: Trial) -> list[sa.Row]:
    async with sample.runtime.engine.connect() as db:
        return list(await db.execute(sa.text("SELECT * FROM chassis.log ORDER BY seq")))


async def test_a_write_is_in_table_and_log_and_its_receipt_names_it(sample: Trial) -> None:
    answer = await sample.post("/clusters", {"id": "cum-a", "name": "Cụm Á"}, by="an")
    assert answer.status_code == 201, answer.text
    said = answer.json()
    rows = await log_rows(sample)
    assert said["receipt"] == {
        "log": "vn.registry", "epoch": 1, "first_seq": 2, "last_seq": 2, "hash": rows[-1].hash.hex(),
        "href": "/receipts/vn.registry/1/2",
    }  # fmt: skip
    assert said["etag"] == '"2"' == answer.headers["etag"]
    assert answer.headers["location"] == "/clusters/cum-a"
    receipt = (await sample.get(said["receipt"]["href"], by="an")).json()
    assert receipt["where"] == "here-only"
    assert receipt["hash"] == said["receipt"]["hash"]


async def test_the_database_chains_exactly_as_the_contract_says(sample: Trial) -> None:
    for nr in range(3):
        assert (await sample.post("/clusters", {"id": f"cum-{nr}", "name": "Điện Biên"}, by="an")).status_code == 201
    prev = seed_hash("vn.registry")
    rows = await log_rows(sample)
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert row.prev == prev
        assert row.hash == event_hash(prev, row.epoch, row.seq, row.header, row.data)
        prev = row.hash


async def test_the_same_key_and_body_is_done_once_and_answered_alike(sample: Trial) -> None:
    body = {"id": "cum-b", "name": "Cụm B"}
    first = await sample.post("/clusters", body, by="an", key="lan-gui-mot")
    second = await sample.post("/clusters", body, by="an", key="lan-gui-mot")
    assert second.json() == first.json()
    assert second.status_code == 201
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await log_rows(sample)) == 2


async def test_the_same_key_with_another_body_is_refused_and_records_nothing(sample: Trial) -> None:
    await sample.post("/clusters", {"id": "cum-b", "name": "Cụm B"}, by="an", key="lan-gui-mot")
    other = await sample.post("/clusters", {"id": "cum-b", "name": "Cụm khác"}, by="an", key="lan-gui-mot")
    assert other.status_code == 422
    assert other.json()["type"] == "urn:thidua:problem:idempotency-key-reused"
    assert len(await log_rows(sample)) == 2


async def test_the_same_key_at_the_same_time_is_never_done_twice(sample: Trial) -> None:
    body = {"id": "cum-c", "name": "Cụm C"}
    answers = await asyncio.gather(*(sample.post("/clusters", body, by="an", key="cung-mot-luc") for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 for answer in answers) >= 1
    assert len(await log_rows(sample)) == 2


async def test_a_write_without_a_key_is_refused(sample: Trial) -> None:
    answer = await sample.client.post(
        "/clusters", json={"id": "cum-d", "name": "D"}, headers={"Authorization": sample.token("an")}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:thidua:problem:idempotency-key-missing")


async def test_changing_needs_the_version_that_was_read(sample: Trial) -> None:
    etag = (await sample.post("/clusters", {"id": "cum-e", "name": "E"}, by="an")).headers["etag"]
    without = await sample.post("/clusters/cum-e/name", {"name": "Ê"}, by="an")
    assert without.status_code == 428
    renamed = await sample.post("/clusters/cum-e/name", {"name": "Ê"}, by="binh", etag=etag)
    assert renamed.status_code == 200
    stale = await sample.post("/clusters/cum-e/name", {"name": "Ế"}, by="an", etag=etag)
    assert stale.status_code == 412
    told = stale.json()
    assert told["changed_by"] == "person:binh"
    assert told["event"] == "registry.cluster-formed.v1"
    assert "binh" in told["detail"]
    assert (await sample.get("/clusters/cum-e", by="an")).json()["name"] == "Ê"


async def test_many_writers_of_one_aggregate_leave_one_winner_a_round(sample: Trial) -> None:
    etag = (await sample.post("/clusters", {"id": "cum-f", "name": "F"}, by="an")).headers["etag"]
    answers = await asyncio.gather(
        *(sample.post("/clusters/cum-f/name", {"name": f"F{nr}"}, by="an", etag=etag) for nr in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]


@pytest.mark.parametrize("kind", [lambda handler: handler, beside_the_log], ids=["plain", "beside-the-log"])
async def test_what_was_read_before_a_guard_is_never_older_than_what_is_guarded(
    sample: Trial, kind: Callable[[Handler], Handler]
) -> None:
    await sample.post("/clusters", {"id": "cum-o", "name": "O"}, by="an")
    named = sa.text("SELECT name FROM cluster WHERE cluster_id = 'cum-o'")
    rounds = 0

    async def longer(work: Work) -> None:
        """A reaction that builds on the name that it read; in its first round somebody else is quicker."""
        nonlocal rounds
        rounds += 1
        name = await work.db.scalar(named)
        if rounds == 1:
            answer = await sample.post("/clusters/cum-o/name", {"name": "Ô"}, by="binh", etag="*")
            assert answer.status_code == 200, answer.text
        await work.guard("cluster:cum-o")
        work.record(formed("cum-o", f"{name} mới"), "cluster:cum-o")

    act = service_act("registry", AT)
    await sample.runtime.performer.perform(Command("reaction", "dài-hơn:1", "0" * 64, act), kind(longer))
    assert rounds == 2
    assert [fact.data.name for fact in await sample.events(ClusterFormed)] == ["O", "Ô", "Ô mới"]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(sample: Trial) -> None:
    answer = await sample.post("/clusters", {"id": "cum-g", "name": "G" * 3000}, by="an")
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:thidua:problem:body-too-large")
    assert len(await log_rows(sample)) == 1


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (None, "token-missing"),
        ("Bearer nonsense", "token-invalid"),
        ("expired", "token-expired"),
        ("other", "token-invalid"),
    ],
)
async def test_only_a_valid_token_of_this_site_is_taken(sample: Trial, header: str | None, problem: str) -> None:
    if header == "expired":
        header = (
            "Bearer " + auth.issue("person:an", site="vn", private_key=sample.private_key, lifetime=timedelta(-1))[0]
        )
    if header == "other":
        header = "Bearer " + auth.issue("person:an", site="elsewhere", private_key=sample.private_key)[0]
    answer = await sample.client.get("/clusters", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["type"]) == (401, f"urn:thidua:problem:{problem}")


NEW = {"id": "cum-k", "name": "Cụm K"}
WAYS = ("application/json", "application/json; charset=utf-8")
"""Of what HTTP may say a body is, the short way takes the first; FastAPI looks at everything else."""
UNUSUAL: list[tuple[Any, dict[str, str], int, str]] = [
    (NEW, {"Idempotency-Key": "short"}, 422, "invalid"),
    (NEW, {"Idempotency-Key": ""}, 422, "invalid"),
    (NEW, {"Authorization": "Basic bm8="}, 401, "token-missing"),
    (NEW, {"Authorization": "Bearer nonsense"}, 401, "token-invalid"),
    (NEW | {"nmae": "Cụm"}, {}, 422, "invalid"),
    (NEW | {"act": {"means": "pigeon"}}, {}, 422, "invalid"),
    (NEW | {"act": {"received": "2024-01-14T02:00:00Z"}}, {}, 422, "received-is-now"),
    (NEW | {"id": "không"}, {}, 422, "invalid"),
    ("{", {}, 400, "malformed-json"),
    ("", {}, 422, "invalid"),
]


async def sent(sample: Trial, way: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    usual = {"Authorization": sample.token("an"), "Idempotency-Key": "k" * 8, "Content-Type": way}
    content = body if isinstance(body, str) else json.dumps(body)
    return await sample.client.post("/clusters", content=content, headers=usual | headers)


async def test_a_write_is_refused_alike_by_the_short_way_and_by_fastapi(sample: Trial) -> None:
    for body, headers, status, problem in UNUSUAL:
        answers = [await sent(sample, way, body, headers) for way in WAYS]
        told = [{**answer.json(), "trace_id": None} for answer in answers]
        assert told[0] == told[1]
        assert (told[0]["status"], told[0]["type"]) == (status, f"urn:thidua:problem:{problem}"), (body, headers)
        assert {answer.status_code for answer in answers} == {status}
    assert len(await log_rows(sample)) == 1


async def test_a_write_is_recorded_alike_by_the_short_way_and_by_fastapi(make_database: DatabaseMaker) -> None:
    by_telephone = {"means": "telephone", "made": "2024-01-14T02:00:00Z", "whose": "unit:ldld-cao-bang"}
    told = []
    for way in WAYS:
        async with trial(sample_service(), (await make_database("registry")).url, AT) as running:
            answer = await sent(running, way, NEW | {"act": by_telephone}, {})
            again = await sent(running, way, NEW | {"act": by_telephone}, {})
            assert (answer.status_code, again.status_code, answer.json()) == (201, 201, again.json()), answer.text
            assert again.headers["idempotency-replayed"] == "true"
            (fact,) = await running.events(ClusterFormed)
            headers = {name: answer.headers.get(name) for name in ("content-type", "etag", "location")}
            told.append((answer.json() | {"receipt": None}, headers, fact.header.act, fact.data))
    assert told[0] == told[1]
    assert told[0][2].means == "telephone"


async def test_a_refusal_says_what_why_which_rule_and_what_to_do(sample: Trial) -> None:
    answer = await sample.post("/clusters", {"id": "cum-h", "name": "refused"}, by="an")
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "rule", "todo", "instance", "trace_id"} <= set(told)
    assert len(await log_rows(sample)) == 1


async def test_a_misspelt_field_is_not_lost_silently(sample: Trial) -> None:
    answer = await sample.post("/clusters", {"id": "cum-i", "name": "I", "nmae": "J"}, by="an")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "nmae"


async def test_a_paper_received_earlier_keeps_its_dates_and_order(sample: Trial) -> None:
    act = {"means": "paper", "whose": "unit:ldld-son-la", "made": "2024-01-09T00:00:00+07:00",
           "received": "2024-01-10T08:00:00+07:00", "paper": {"number": "12a/BC", "date": "2024-01-09"}}  # fmt: skip
    answer = await sample.post("/clusters", {"id": "cum-k", "name": "K", "act": act}, by="an")
    assert answer.status_code == 201, answer.text
    [fact] = [fact for fact in await sample.events() if fact.header.subjects == ("cluster:cum-k",)]
    assert fact.header.act.received == datetime(2024, 1, 10, 1, 0, tzinfo=timezone.utc)
    assert fact.header.act.on_behalf
    act["made"] = "2024-01-11T00:00:00+07:00"
    disorder = await sample.post("/clusters", {"id": "cum-l", "name": "L", "act": act}, by="an")
    assert disorder.json()["type"] == "urn:thidua:problem:dates-in-disorder"
    online = await sample.post(
        "/clusters", {"id": "cum-m", "name": "M", "act": {"received": "2024-01-10T08:00:00+07:00"}}, by="an"
    )
    assert online.json()["type"] == "urn:thidua:problem:received-is-now"


async def test_pages_show_every_row_once(sample: Trial) -> None:
    for nr in range(5):
        await sample.post("/clusters", {"id": f"cum-{nr}", "name": "N"}, by="an")
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await sample.get("/clusters", by="an", **query)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page.get("next")
        if cursor is None:
            break
    assert seen == [f"cum-{nr}" for nr in range(5)]


async def test_replay_into_an_empty_schema_equals_the_live_tables(sample: Trial) -> None:
    for nr in range(4):
        await sample.post("/clusters", {"id": f"cum-{nr}", "name": "N"}, by="an")
    assert await sample.replay_differences() == []
    async with sample.runtime.engine.begin() as db:
        await db.execute(sa.text("UPDATE cluster SET name = 'typed past the log' WHERE cluster_id = 'cum-1'"))
    [difference] = await sample.replay_differences()
    assert (difference.table, difference.only_live, difference.only_replayed) == ("cluster", 1, 1)


async def test_the_journey_of_a_case_lists_its_events_in_order(sample: Trial) -> None:
    etag = (await sample.post("/clusters", {"id": "cum-n", "name": "N"}, by="an")).headers["etag"]
    await sample.post("/clusters/cum-n/name", {"name": "M"}, by="binh", etag=etag)
    steps = (await sample.get("/ops/journey/case-cum-n", by="an")).json()
    assert [(step["type"], step["typed_by"]) for step in steps] == [
        ("registry.cluster-formed.v1", "person:an"),
        ("registry.cluster-formed.v1", "person:binh"),
    ]
    assert all(step["trace_id"] for step in steps)
