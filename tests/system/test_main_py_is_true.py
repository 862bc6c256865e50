"""Each ``main.py`` read as a promise: what it publishes, follows and serves is what the running service does."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import httpx
import nats
import pytest
from chassis import subjects
from chassis.rights import rights
from chassis.service import Service
from chassis.topology import OPS
from contracts.catalogue import all_entries, type_names
from thidua.asyncapi import document
from thidua.demo.stage import Stage
from thidua.local.site import Site
from thidua.services import SERVICES, all_spoken

from tests.system.looking import rows

WRITES = {"post", "put", "patch", "delete"}


def said_by(name: str) -> Service:
    service: Service = import_module(f"{name}.main").service
    return service


async def monitored(site: Site, path: str, **query: Any) -> Any:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.nats.monitoring}", trust_env=False) as http:
        return (await http.get(path, params=query)).json()


@pytest.mark.parametrize("name", SERVICES)
async def test_the_topology_lays_out_what_main_py_follows(site: Site, name: str) -> None:
    assert {projection.log for projection in said_by(name).follows} == set(site.topology.services[name].follows)


async def test_there_is_a_stream_for_each_service_and_a_consumer_pulled_for_each_log_that_it_follows(
    site: Site,
) -> None:
    told = await monitored(site, "/jsz", consumers=1, streams=1)
    (account,) = told["account_details"]
    pulled = {
        (stream["name"], consumer["name"]): consumer["num_waiting"]
        for stream in account["stream_detail"]
        for consumer in stream.get("consumer_detail") or []
    }
    assert {stream["name"] for stream in account["stream_detail"]} == {f"loc-{name}" for name in SERVICES}
    followed = {
        (subjects.stream("loc", projection.log), subjects.durable(name, projection.log))
        for name in SERVICES
        for projection in said_by(name).follows
    }
    assert set(pulled) == followed
    assert all(waiting > 0 for waiting in pulled.values()), f"a consumer that nobody pulls: {pulled}"


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_listens_to_all_that_it_may_and_to_nothing_else(site: Site, name: str) -> None:
    told = await monitored(site, "/connz", auth=1, subs=1)
    heard = {
        subject
        for connection in told["connections"]
        if connection["authorized_user"] == name
        for subject in connection.get("subscriptions_list") or []
        if not subject.startswith(subjects.inbox(name))
    }
    allowed = {one for one in rights(site.topology, name).subscribe if not one.startswith(subjects.inbox(name))}
    assert heard == allowed


@pytest.mark.parametrize("name", SERVICES)
async def test_what_a_service_wrote_in_its_log_is_of_types_that_main_py_publishes(
    site: Site, year: Stage, name: str
) -> None:
    written = await rows(site, name, "SELECT type, count(*) AS events FROM chassis.log GROUP BY type")
    said = {*type_names(said_by(name).publishes), "chassis.epoch-opened.v1", "chassis.event-discarded.v1"}
    assert {row["type"] for row in written} - said == set()


@pytest.mark.parametrize("name", SERVICES)
async def test_every_event_of_the_log_went_once_to_its_stream_under_its_catalogued_subject(
    site: Site, year: Stage, name: str
) -> None:
    await year.time.rest()
    client = await nats.connect(
        site.nats.url, user=OPS, password=site.nats_password(OPS), inbox_prefix=subjects.inbox(OPS).encode()
    )
    try:
        info = await client.jetstream().stream_info(subjects.stream("loc", name), subjects_filter=">")
    finally:
        await client.close()
    written = await rows(site, name, "SELECT type FROM chassis.log")
    by_type = {one.type: one for one in all_entries()}
    assert info.state.subjects == Counter(by_type[row["type"]].subject("loc", "vn", name) for row in written)


@pytest.mark.parametrize("name", SERVICES)
def test_asyncapi_tells_of_each_service_what_its_main_py_says(name: str) -> None:
    operations = document(all_entries(), all_spoken())["operations"]
    service = said_by(name)
    anywhere = {one.type for one in all_entries() if one.owner == "chassis"}
    sends = {key.split(".", 2)[2] for key in operations if key.startswith(f"{name}.sends.")}
    assert sends == {*type_names(service.publishes), *anywhere}
    receives = {key.split(".", 2)[2] for key in operations if key.startswith(f"{name}.receives.")}
    followed = [*service.follows, *([service.above] if service.above else [])]
    applied = {model for projection in followed for model in projection.events()}
    reacted = {model for reaction in service.reactions for model in reaction.models}
    assert receives == set(type_names(applied | reacted))


def test_every_event_of_the_catalogue_is_published_by_its_owner_and_by_nobody_else() -> None:
    said = Counter(kind for spoken in all_spoken() for kind in spoken.says)
    assert set(said.values()) == {1}
    unsaid = {one.type for one in all_entries() if one.owner != "chassis"} - set(said)
    assert unsaid == set()


async def openapi(site: Site, name: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as http:
        told: dict[str, Any] = (await http.get(f"{site.url(name)}/openapi.json")).json()
    return told


def operations_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": said for path, item in told["paths"].items() for method, said in item.items()}


@pytest.mark.parametrize("name", SERVICES)
async def test_openapi_says_in_a_summary_what_each_operation_does(site: Site, name: str) -> None:
    operations = operations_of(await openapi(site, name))
    assert len(operations) > 10
    # FastAPI makes up a summary from the function's name; ours are written for officers.
    made_up = {
        key: said.get("summary")
        for key, said in operations.items()
        if not said.get("summary")
        or said["operationId"].startswith(said["summary"].lower().replace(" ", "_"))
        or said["summary"].isascii()
    }
    assert made_up == {}


@pytest.mark.parametrize("name", SERVICES)
async def test_openapi_shows_for_each_write_its_problems_and_an_example_of_its_body(site: Site, name: str) -> None:
    told = await openapi(site, name)
    bare = []
    for key, said in operations_of(told).items():
        if key.split()[0] not in WRITES:
            continue
        for status in ("400", "401", "403", "409", "412", "422", "428"):
            if "application/problem+json" not in said["responses"].get(status, {}).get("content", {}):
                bare.append(f"{key}: problem {status}")
        for form in said.get("requestBody", {}).get("content", {}).values():
            schema = _schema(told, form["schema"])
            # A body in which nothing is required is its own example: {}.
            if schema.get("required") and not any("examples" in one for one in (form, form["schema"], schema)):
                bare.append(f"{key}: no example")
    assert not bare, bare


def _schema(told: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, behind a reference or an ``anyOf`` with null."""
    for one in (schema, *schema.get("anyOf", [])):
        if "$ref" in one:
            found: dict[str, Any] = told["components"]["schemas"][one["$ref"].rpartition("/")[2]]
            return found
    return schema
