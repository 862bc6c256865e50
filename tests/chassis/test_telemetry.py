"""Telemetry of the chassis: spans and their parents, the middleware, metrics, and logs that name the trace."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import time
import warnings
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
from chassis import telemetry
from chassis.exporting import HarmlessExporter
from chassis.http import problems
from chassis.logs import get_logger, setup_logs
from chassis.metrics import LOOP_PERIOD, Metrics, metrics_route, watch_loop
from chassis.observed import ObservedRequests
from chassis.telemetry import (
    current_trace_id,
    current_traceparent,
    from_traceparent,
    part,
    record_span,
    setup_tracing,
    span,
)
from contracts.refusal import Refused
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What the code under test has recorded, in the order in which spans ended."""
    monkeypatch.setattr(telemetry, "_provider", telemetry._provider)
    memory = InMemorySpanExporter()
    provider = setup_tracing("registry", "vn", None)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    yield memory
    provider.shutdown()


def by_name(memory: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {each.name: each for each in memory.get_finished_spans()}


def parent_of(each: ReadableSpan) -> str | None:
    return f"{each.parent.span_id:016x}" if each.parent else None


def id_of(each: ReadableSpan) -> str:
    return f"{each.context.span_id:016x}"


# --- spans ------------------------------------------------------------------------------------------------------


def test_a_span_goes_under_the_one_it_is_in_or_under_the_stored_traceparent(ended: InMemorySpanExporter) -> None:
    with span("outer"):
        with span("inner"):
            stored = current_traceparent()
        with span("much later", parent=stored):
            pass
    found = by_name(ended)
    assert parent_of(found["outer"]) is None
    assert parent_of(found["inner"]) == id_of(found["outer"])
    assert parent_of(found["much later"]) == id_of(found["inner"])
    assert found["outer"].resource.attributes["service.name"] == "registry"
    assert found["outer"].resource.attributes["site"] == "vn"


def test_a_root_starts_its_own_trace_with_links_to_its_causes(ended: InMemorySpanExporter) -> None:
    with span("outer"):
        with span("digest", root=True, links=[PARENT, None, "nonsense"]):
            pass
    found = by_name(ended)
    assert found["digest"].parent is None
    assert found["digest"].context.trace_id != found["outer"].context.trace_id
    assert [f"{link.context.trace_id:032x}" for link in found["digest"].links] == [PARENT[3:35]]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "x",
        PARENT[:-1],
        PARENT + "-00",
        PARENT.upper(),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "ff" + PARENT[2:],
    ],
)
def test_a_traceparent_that_is_not_one_is_as_none(given: str | None, ended: InMemorySpanExporter) -> None:
    assert from_traceparent(given) is None
    with span("alone", parent=given):
        assert current_traceparent() is not None
    assert by_name(ended)["alone"].parent is None


def test_a_well_formed_traceparent_comes_out_as_it_went_in() -> None:
    context = from_traceparent(PARENT)
    assert context is not None
    assert context.is_remote
    assert telemetry._traceparent(context) == PARENT


def test_outside_any_span_there_is_no_trace_to_name() -> None:
    assert current_traceparent() is None
    assert current_trace_id() is None


def test_each_event_of_a_batch_gets_a_span_of_its_own_afterwards(ended: InMemorySpanExporter) -> None:
    returned = record_span("follow x", 1_000, 5_000, SpanKind.CONSUMER, {"seq": 7}, parent=PARENT)
    (one,) = ended.get_finished_spans()
    assert (one.start_time, one.end_time, one.kind) == (1_000, 5_000, SpanKind.CONSUMER)
    assert returned == f"00-{PARENT[3:35]}-{id_of(one)}-01"
    assert parent_of(one) == PARENT[36:52]


async def test_a_refusal_and_a_cancellation_are_no_failures(ended: InMemorySpanExporter) -> None:
    with pytest.raises(Refused), span("refused"):
        raise Refused("report-after-hard-close")
    with pytest.raises(asyncio.CancelledError), span("cancelled"):
        raise asyncio.CancelledError
    with pytest.raises(KeyError), span("failed"):
        raise KeyError("unit")
    found = by_name(ended)
    assert found["refused"].status.status_code is StatusCode.UNSET
    assert found["refused"].attributes == {"refused": "report-after-hard-close"}
    assert found["cancelled"].status.status_code is StatusCode.UNSET
    assert found["failed"].status.status_code is StatusCode.ERROR
    assert [event.name for event in found["failed"].events] == ["exception"]


async def test_a_part_ends_as_a_span_does_and_what_is_done_in_it_goes_below_it(ended: InMemorySpanExporter) -> None:
    inside: list[str | None] = []

    def fail() -> None:
        inside.append(current_traceparent())
        raise KeyError("unit")

    with span("request") as outer:
        with pytest.raises(Refused), part("refused"):
            raise Refused("report-after-hard-close")
        with pytest.raises(asyncio.CancelledError), part("cancelled"):
            raise asyncio.CancelledError
        with pytest.raises(KeyError), part("failed"):
            fail()
        assert current_traceparent() == telemetry._traceparent(outer.get_span_context())
    with part("alone"):
        alone = current_trace_id()
    found = by_name(ended)
    assert {parent_of(found[name]) for name in ("refused", "cancelled", "failed")} == {id_of(found["request"])}
    assert inside[0] is not None
    assert inside[0][36:52] == id_of(found["failed"])
    assert found["refused"].attributes == {"refused": "report-after-hard-close"}
    assert found["refused"].status.status_code is StatusCode.UNSET
    assert found["cancelled"].attributes == {"cancelled": True}
    assert found["failed"].status.status_code is StatusCode.ERROR
    assert found["failed"].status.description == "KeyError: 'unit'"
    assert found["alone"].parent is None
    assert f"{found['alone'].context.trace_id:032x}" == alone


def test_what_the_trace_above_does_not_sample_is_not_kept(ended: InMemorySpanExporter) -> None:
    record_span("follow x", 1_000, 5_000, parent=PARENT[:-1] + "0")
    assert ended.get_finished_spans() == ()


# --- export -----------------------------------------------------------------------------------------------------


class Broken(SpanExporter):
    """A receiver that is away until ``works`` says otherwise."""

    def __init__(self) -> None:
        self.works = False
        self.asked = 0

    def export(self, spans: object) -> SpanExportResult:
        self.asked += 1
        if not self.works:
            raise ConnectionError("nobody there")
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        pass


def test_a_receiver_that_is_away_is_said_once_and_its_return_once(caplog: pytest.LogCaptureFixture) -> None:
    broken = Broken()
    exporter = HarmlessExporter(broken)
    with caplog.at_level(logging.INFO, logger="chassis.exporting"):
        for works in (False, False, True, True, False):
            broken.works = works
            exporter.export([])
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


def test_a_stop_does_not_wait_for_a_receiver_that_is_away() -> None:
    broken = Broken()
    exporter = HarmlessExporter(broken)
    exporter.export([])
    exporter.closing = True
    exporter.export([])
    exporter.export([])
    assert broken.asked == 1


def test_without_any_receiver_a_service_works_and_stops_within_seconds(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(telemetry, "_provider", telemetry._provider)
    provider = setup_tracing("registry", "vn", "http://127.0.0.1:1")
    for _ in range(3000):
        with span("work"):
            pass
    started = time.monotonic()
    provider.shutdown()
    assert time.monotonic() - started < 10
    assert "Traceback" not in capfd.readouterr().err


# --- HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(metrics: Metrics, ended: InMemorySpanExporter) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(routes=[metrics_route(metrics)])
    routes = APIRouter(prefix="/v1")

    @routes.post("/reports/{report_id}/submission")
    async def submit(report_id: str) -> dict[str, str | None]:
        with span("submit_report"):
            return {"trace": current_trace_id()}

    @routes.get("/broken")
    async def broken() -> None:
        raise RuntimeError("boom")

    @app.get("/health/live")
    async def live() -> dict[str, bool]:
        return {"live": current_traceparent() is None}

    app.include_router(routes)
    transport = httpx.ASGITransport(ObservedRequests(app, metrics), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as opened:
        yield opened


async def test_a_request_has_one_server_span_and_its_answer_names_the_trace(
    client: httpx.AsyncClient, ended: InMemorySpanExporter
) -> None:
    answer = await client.post("/v1/reports/bc-7/submission", headers={"traceparent": PARENT})
    assert answer.headers["trace-id"] == PARENT[3:35] == answer.json()["trace"]
    inner, server = ended.get_finished_spans()
    assert server.name == "POST /v1/reports/{report_id}/submission"
    assert server.kind is SpanKind.SERVER
    assert parent_of(server) == PARENT[36:52]
    assert parent_of(inner) == id_of(server)
    assert server.attributes is not None
    assert server.attributes["url.path"] == "/v1/reports/bc-7/submission"
    assert server.attributes["http.response.status_code"] == 200


async def test_without_a_traceparent_a_request_starts_a_trace(
    client: httpx.AsyncClient, ended: InMemorySpanExporter
) -> None:
    first = await client.post("/v1/reports/a/submission")
    second = await client.post("/v1/reports/b/submission", headers={"traceparent": "garbage"})
    assert re.fullmatch("[0-9a-f]{32}", first.headers["trace-id"])
    assert first.headers["trace-id"] != second.headers["trace-id"]


async def test_a_broken_handler_is_a_failed_span_counted_as_500(
    client: httpx.AsyncClient, metrics: Metrics, ended: InMemorySpanExporter
) -> None:
    answer = await client.get("/v1/broken")
    assert answer.status_code == 500
    assert by_name(ended)["GET /v1/broken"].status.status_code is StatusCode.ERROR
    labels = {"method": "GET", "route": "/v1/broken", "status": "500"}
    assert metrics.registry.get_sample_value("thidua_http_request_seconds_count", labels) == 1


async def test_the_answer_to_a_bug_and_its_log_name_the_trace(ended: InMemorySpanExporter, lines: io.StringIO) -> None:
    app = FastAPI()
    problems.install(app, problems.Messages())
    app.add_middleware(ObservedRequests)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("boom")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
        answer = await client.get("/broken", headers={"traceparent": PARENT})
    assert answer.status_code == 500
    assert answer.headers["trace-id"] == answer.json()["trace_id"] == PARENT[3:35]
    logged = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["trace_id"] for line in logged if line["message"] == "unexpected"] == [PARENT[3:35]]


async def test_health_and_metrics_leave_no_spans_and_unknown_paths_no_series(
    client: httpx.AsyncClient, metrics: Metrics, ended: InMemorySpanExporter
) -> None:
    assert (await client.get("/health/live")).json() == {"live": True}
    assert (await client.get("/metrics")).status_code == 200
    assert ended.get_finished_spans() == ()
    for path in ("/secret-1", "/secret-2"):
        await client.get(path)
    labels = {"method": "GET", "route": "unknown", "status": "404"}
    assert metrics.registry.get_sample_value("thidua_http_request_seconds_count", labels) == 2
    assert "secret" not in (await client.get("/metrics")).text


# --- metrics ----------------------------------------------------------------------------------------------------


async def test_metrics_tell_how_far_behind_and_how_long(client: httpx.AsyncClient, metrics: Metrics) -> None:
    metrics.relayed("vn.registry", "loc", head=12, cursor=9)
    metrics.followed("vn.scoring", head=5, mark=7)
    metrics.quarantine_held.labels("vn.scoring").set(2)
    metrics.waits.labels("draft-proposals").set(1)
    metrics.unsent_intents.set(4)
    with metrics.handled("submit_report"):
        pass
    with pytest.raises(Refused), metrics.handled("submit_report"):
        raise Refused("x")
    with pytest.raises(ValueError, match="y"), metrics.handled("submit_report"):
        raise ValueError("y")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'thidua_log_head{log="vn.registry"} 12.0',
        'thidua_relay_lag_events{destination="loc"} 3.0',
        'thidua_follower_lag_events{log="vn.scoring"} 0.0',
        'thidua_quarantine_held_events{log="vn.scoring"} 2.0',
        'thidua_reaction_waits{reaction="draft-proposals"} 1.0',
        "thidua_unsent_intents 4.0",
        'thidua_handler_seconds_count{handler="submit_report",outcome="done"} 1.0',
        'thidua_handler_seconds_count{handler="submit_report",outcome="refused"} 1.0',
        'thidua_handler_seconds_count{handler="submit_report",outcome="failed"} 1.0',
    ):
        assert line in answer.text.splitlines()


async def test_a_blocked_event_loop_shows_in_its_lag(metrics: Metrics) -> None:
    watching = asyncio.create_task(watch_loop(metrics))
    lag = 0.0
    try:
        async with asyncio.timeout(20):
            while lag < LOOP_PERIOD / 2:
                await asyncio.sleep(0)
                time.sleep(LOOP_PERIOD * 2)  # noqa: ASYNC251 - blocking the loop is what is measured
                lag = metrics.registry.get_sample_value("thidua_loop_lag_seconds") or 0.0
    finally:
        watching.cancel()
    assert lag >= LOOP_PERIOD / 2


# --- logs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged; the process's own logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    setup_logs("registry", "vn", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_every_line_is_json_with_service_site_and_trace_whoever_wrote_it(
    lines: io.StringIO, ended: InMemorySpanExporter
) -> None:
    with span("work") as work:
        get_logger("registry.handlers").info("đã nhận", report="bc-7", positional=1)
        logging.getLogger("uvicorn.error").warning("stock %s", "library")
    get_logger("registry").info("outside")
    logging.getLogger("sqlalchemy.engine").debug("not at this level")
    ours, theirs, outside = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert ours["message"] == "đã nhận"
    assert ours["report"] == "bc-7"
    assert (ours["service"], ours["site"], ours["level"], ours["logger"]) == (
        "registry",
        "vn",
        "info",
        "registry.handlers",
    )
    assert ours["trace_id"] == theirs["trace_id"] == format(work.get_span_context().trace_id, "032x")
    assert ours["span_id"] == format(work.get_span_context().span_id, "016x")
    assert theirs["message"] == "stock library"
    assert "trace_id" not in outside


def test_an_exception_is_one_line_with_its_traceback(lines: io.StringIO) -> None:
    try:
        raise ValueError("hỏng")
    except ValueError:
        get_logger("x").exception("failed")
        logging.getLogger("nats").exception("failed too")
    ours, theirs = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert "ValueError: hỏng" in ours["exception"]
    assert "ValueError: hỏng" in theirs["exception"]


def test_a_warning_goes_to_the_log_as_well(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old thing", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert "old thing" in json.loads(lines.getvalue().splitlines()[0])["message"]


def test_the_console_form_is_one_readable_line(lines: io.StringIO) -> None:
    stream = io.StringIO()
    setup_logs("registry", "vn", form="console", stream=stream)
    get_logger("x").info("đã nhận", report="bc-7")
    assert "đã nhận" in stream.getvalue()
    assert "{" not in stream.getvalue()
