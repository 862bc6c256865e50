"""The trace receiver: what a real exporter sends is what is kept and drawn; bounds, skew, malformed bodies."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from chassis.telemetry import (
    current_trace_id,
    current_traceparent,
    keep_promise,
    promise_span,
    record_span,
    setup_tracing,
    span,
)
from contracts.refusal import Refused
from opentelemetry.trace import SpanKind
from rich.console import Console
from thidua.cli.trace import fetched, render_trace, stored
from thidua.traces import Store, waterfall
from thidua.traces import otlp as otlp_module
from thidua.traces.app import create_app, tree_json
from thidua.traces.server import running
from thidua.traces.spans import Link, Moment, Span

MS = 1_000_000
T0 = 1_732_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
PROTOBUF = {"content-type": "application/x-protobuf"}


def a_span(
    id: str,
    parent: str | None = None,
    start: float = 0,
    length: float = 10,
    service: str = "registry",
    trace_id: str = TRACE,
    **more: object,
) -> Span:
    """A span that starts ``start`` ms after T0 on its sender's clock and takes ``length`` ms."""
    begins = T0 + int(start * MS)
    return Span(
        trace_id=trace_id,
        span_id=id.rjust(16, "0"),
        parent_id=parent.rjust(16, "0") if parent else None,
        name=f"step {id}",
        kind="internal",
        service=service,
        site="vn",
        process=f"{service}@vn",
        start_ns=begins,
        end_ns=begins + int(length * MS),
        size=100,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def store() -> Store:
    return Store(clock=lambda: T0 / 1e9)


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://traces") as opened:
        yield opened


@pytest.fixture
def live() -> Iterator[tuple[Store, str]]:
    kept = Store()
    with running(kept) as url:
        yield kept, url


# --- real exporter, real receiver ---------------------------------------------------------------------------


def test_the_tree_shown_is_the_tree_that_two_services_sent(live: tuple[Store, str]) -> None:
    _, url = live
    sending = setup_tracing("registry", "vn", url)
    with span("POST /reports/{id}/submission") as top:
        trace_id = format(top.get_span_context().trace_id, "032x")
        with span("submit_report", attributes={"report": "bc-cao-bang"}):
            stored_beside_the_event = current_traceparent()
    sending.shutdown()
    following = setup_tracing("scoring", "vn", url)
    with span("follow registry.report-submitted.v1", parent=stored_beside_the_event):
        pass
    following.shutdown()

    answer = httpx.get(f"{url}/api/traces/{trace_id}", trust_env=False).json()

    def shape(nodes: list[dict[str, object]]) -> list[object]:
        return [(node["service"], node["name"], shape(node["children"])) for node in nodes]  # type: ignore[arg-type]

    assert shape(answer["tree"]) == [
        (
            "registry",
            "POST /reports/{id}/submission",
            [("registry", "submit_report", [("scoring", "follow registry.report-submitted.v1", [])])],
        )
    ]
    (command,) = answer["tree"][0]["children"]
    assert command["attributes"] == {"report": "bc-cao-bang"}
    assert command["site"] == "vn"


def test_a_span_of_finished_work_arrives_as_one_of_the_sdk_does(live: tuple[Store, str]) -> None:
    kept, url = live
    provider = setup_tracing("registry", "vn", url)
    with span("outer"):
        above = current_traceparent()
        with span("by the SDK", SpanKind.CONSUMER, {"event": "vn.registry:1:7", "batch": 7}, parent=above):
            pass
        record_span(
            "by hand", T0, T0 + 5_000, SpanKind.CONSUMER, {"event": "vn.registry:1:7", "batch": 7}, parent=above
        )
        lost = promise_span(above, T0)
        keep_promise("lost", lost, T0 + 9_000, SpanKind.PRODUCER, "no acknowledgement in time")
        odd = {"share": 0.5, "here": True, "sites": ["vn", "cao-bang"]}
        record_span("with all kinds of attributes", T0, T0 + 1, attributes=odd, parent=above)
    provider.shutdown()

    found = {each.name: each for summary in kept.recent() for each in kept.trace(summary.trace_id)}
    ours, theirs = found["by hand"], found["by the SDK"]
    assert above is not None
    assert {(each.trace_id, each.parent_id) for each in found.values() if each.parent_id} == {
        (above[3:35], above[36:52])
    }
    for what in ("trace_id", "parent_id", "kind", "attributes", "service", "site", "failed", "message"):
        assert getattr(ours, what) == getattr(theirs, what), what
    assert (ours.start_ns, ours.end_ns) == (T0, T0 + 5_000)
    assert found["lost"].span_id == lost.traceparent[36:52]
    assert found["lost"].failed
    assert found["lost"].message == "no acknowledgement in time"
    assert found["with all kinds of attributes"].attributes == odd


def test_a_trace_with_links_leads_to_its_cause_and_the_cause_back_to_it(live: tuple[Store, str]) -> None:
    _, url = live
    provider = setup_tracing("registry", "vn", url)
    with span("due") as cause:
        causing = format(cause.get_span_context().trace_id, "032x")
        with span("remind", root=True, links=[current_traceparent(), None]):
            reminding = current_trace_id()
    provider.shutdown()

    assert reminding != causing
    page = httpx.get(f"{url}/traces/{reminding}", trust_env=False).text
    assert f'href="/traces/{causing}"' in page
    back = httpx.get(f"{url}/traces/{causing}", trust_env=False).text
    assert f'href="/traces/{reminding}"' in back
    assert httpx.get(f"{url}/api/traces/{causing}", trust_env=False).json()["linked_from"] == [reminding]


def test_a_failure_arrives_with_its_message_and_a_refusal_is_none(live: tuple[Store, str]) -> None:
    kept, url = live
    provider = setup_tracing("awards", "vn", url)
    with pytest.raises(Refused), span("refusing"):
        raise Refused("unknown-unit", unit="x")
    with pytest.raises(ZeroDivisionError), span("failing"):
        _ = 1 / 0
    provider.shutdown()

    found = {each.name: each for summary in kept.recent() for each in kept.trace(summary.trace_id)}
    assert not found["refusing"].failed
    assert found["refusing"].attributes["refused"] == "unknown-unit"
    assert found["failing"].failed
    assert "ZeroDivisionError" in found["failing"].message
    assert found["failing"].moments[0].name == "exception"


def test_as_a_process_it_keeps_its_traces_from_stop_to_start(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl.gz"

    @contextmanager
    def receiver() -> Iterator[str]:
        command = [sys.executable, "-m", "thidua.traces", "--port", "0", "--file", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().removeprefix("traces: ").strip().removesuffix("/traces")
        finally:
            process.terminate()
            assert process.wait(20) == 0
            process.stdout.close()

    with receiver() as url:
        provider = setup_tracing("registry", "vn", url)
        with span("kept over a restart"):
            trace_id = current_trace_id()
        provider.shutdown()
    assert stored(str(trace_id), file).spans == 1
    with receiver() as url:
        assert "kept over a restart" in httpx.get(f"{url}/traces/{trace_id}", trust_env=False).text
    file.write_bytes(b"torn")
    with receiver() as url:
        assert httpx.get(f"{url}/api/traces", trust_env=False).json() == {"traces": []}


# --- what comes in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (PROTOBUF, b"\x0a\xff\xff\xff not protobuf"),
        (PROTOBUF | {"content-encoding": "gzip"}, b"not gzip"),
        (PROTOBUF | {"content-encoding": "gzip"}, gzip.compress(b"\x0a\x00" * 900, mtime=0)[:-9]),
        (PROTOBUF | {"content-encoding": "zstd"}, b""),
        ({"content-type": "application/json"}, b"{"),
        ({"content-type": "application/json"}, b"[1]"),
        ({"content-type": "application/json"}, b'{"resourceSpans": 3}'),
        ({"content-type": "application/json"}, b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xy"}]}]}]}'),
    ],
)
async def test_a_malformed_body_is_answered_with_400_and_nothing_is_kept(
    client: httpx.AsyncClient, store: Store, headers: dict[str, str], body: bytes
) -> None:
    answer = await client.post("/v1/traces", headers=headers, content=body)
    assert answer.status_code == 400
    assert store.span_count == 0


async def test_one_span_with_a_wrong_id_refuses_the_whole_request(client: httpx.AsyncClient, store: Store) -> None:
    good = {"traceId": TRACE, "spanId": "00f067aa0ba902b7", "name": "good"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [good, good | {"spanId": "00f0"}]}]}]}
    answer = await client.post("/v1/traces", json=body)
    assert answer.status_code == 400
    assert "span id" in answer.json()["message"]
    assert store.span_count == 0


async def test_json_is_read_with_ids_in_hex(client: httpx.AsyncClient, store: Store) -> None:
    one = {
        "traceId": TRACE.upper(),
        "spanId": "00f067aa0ba902b7",
        "parentSpanId": "",
        "name": "từ JSON",
        "kind": 2,
        "startTimeUnixNano": str(T0),
        "endTimeUnixNano": str(T0 + MS),
        "attributes": [{"key": "số", "value": {"intValue": "7"}}],
        "tuong_lai": True,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "notify"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [one]}]}]}
    assert (await client.post("/v1/traces", json=body)).json() == {}
    (kept,) = store.trace(TRACE)
    assert (kept.service, kept.name, kept.kind) == ("notify", "từ JSON", "server")
    assert (kept.parent_id, kept.attributes, kept.duration_ns) == (None, {"số": 7}, MS)


async def test_a_body_is_bounded_packed_and_unpacked(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_module, "MAX_BODY_BYTES", 1000)
    packed = await client.post(
        "/v1/traces", headers=PROTOBUF | {"content-encoding": "gzip"}, content=gzip.compress(b"\x0a\x00" * 5000)
    )
    plain = await client.post("/v1/traces", headers=PROTOBUF, content=b"\x0a\x00" * 5000)
    other = await client.post("/v1/traces", headers={"content-type": "text/plain"}, content=b"x")
    assert [packed.status_code, plain.status_code, other.status_code] == [400, 413, 415]
    assert store.span_count == 0


# --- what is kept -------------------------------------------------------------------------------------------


def trace_number(number: int) -> str:
    return f"{number:032x}"


def test_beyond_the_bound_of_spans_the_oldest_trace_goes_whole() -> None:
    store = Store(max_spans=4)
    for number in (1, 2, 3):
        store.add([a_span("a", trace_id=trace_number(number)), a_span("b", trace_id=trace_number(number))])
    assert store.trace(trace_number(1)) == []
    assert [len(store.trace(trace_number(number))) for number in (2, 3)] == [2, 2]
    assert store.span_count == 4


def test_beyond_the_bound_of_bytes_the_oldest_trace_goes() -> None:
    store = Store(max_bytes=3 * 700)
    for number in range(1, 6):
        store.add([a_span("a", trace_id=trace_number(number))])
    assert [bool(store.trace(trace_number(number))) for number in range(1, 6)] == [False, False, True, True, True]
    assert store.byte_count <= 3 * 700


def test_a_trace_is_forgotten_after_its_hours_and_so_is_its_link() -> None:
    now = 1000.0
    store = Store(keep_seconds=60, clock=lambda: now)
    store.add([a_span("a", trace_id=trace_number(1))])
    now = 1030.0
    store.add([a_span("b", trace_id=trace_number(2), links=(Link(trace_number(3), "0" * 16),))])
    now = 1061.0
    assert [summary.trace_id for summary in store.recent()] == [trace_number(2)]
    assert store.linked_from(trace_number(3)) == [trace_number(2)]
    now = 1091.0
    assert store.recent() == []
    assert store.linked_from(trace_number(3)) == []
    assert (store.span_count, store.byte_count) == (0, 0)


def test_a_span_sent_twice_counts_once_and_one_endless_trace_does_not_push_out_the_rest() -> None:
    store = Store(max_spans_of_a_trace=3)
    store.add([a_span("a", trace_id=trace_number(1))])
    store.add([a_span("a", trace_id=trace_number(1))])
    assert store.span_count == 1
    store.add([a_span(str(number), trace_id=trace_number(2)) for number in range(10)])
    assert len(store.trace(trace_number(2))) == 3
    assert store.dropped(trace_number(2)) == 7
    assert store.trace(trace_number(1))


def test_the_list_is_filtered_by_service_duration_and_text(store: Store) -> None:
    store.add(
        [
            a_span("a", trace_id=trace_number(1), length=5),
            a_span("b", trace_id=trace_number(2), length=500, service="awards"),
            a_span("c", trace_id=trace_number(3), start=1, attributes={"case": "case-nam-2024-Cao-Bằng"}),
        ]
    )

    def ids(**asked: object) -> list[str]:
        return [summary.trace_id for summary in store.recent(**asked)]  # type: ignore[arg-type]

    assert ids()[0] == trace_number(3), "the latest first"
    assert sorted(ids()) == [trace_number(number) for number in (1, 2, 3)]
    assert ids(service="awards") == [trace_number(2)]
    assert ids(min_ms=100) == [trace_number(2)]
    assert ids(text="cao-bằng") == [trace_number(3)]
    assert ids(text="nowhere") == []


def test_a_dump_brings_back_every_span_and_the_order_of_forgetting(tmp_path: Path) -> None:
    full = a_span(
        "a",
        failed=True,
        message="hỏng",
        attributes={"k": ["x", "y"], "n": 3},
        moments=(Moment(T0 + 1, "exception", {"t": "v"}),),
        links=(Link(trace_number(9), "0" * 16),),
    )
    before = Store(clock=lambda: T0 / 1e9)
    before.add([full, a_span("b", "a", start=3)])
    before.dump(tmp_path / "deep" / "traces.jsonl.gz")

    after = Store(clock=lambda: T0 / 1e9 + 10)
    assert after.load(tmp_path / "deep" / "traces.jsonl.gz") == 2
    assert after.trace(TRACE) == before.trace(TRACE)
    assert after.linked_from(trace_number(9)) == [TRACE]
    assert Store(clock=lambda: T0 / 1e9 + 10**6).load(tmp_path / "deep" / "traces.jsonl.gz") == 2
    late = Store(clock=lambda: T0 / 1e9 + 10**6)
    late.load(tmp_path / "deep" / "traces.jsonl.gz")
    assert late.trace(TRACE) == []
    assert waterfall(before.trace(TRACE)) == stored(TRACE[:8], tmp_path / "deep" / "traces.jsonl.gz")


def test_a_dump_that_is_not_one_names_the_line_and_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl.gz"
    file.write_bytes(gzip.compress((json.dumps(a_span("a").to_json()) + '\n{"half": true}\n').encode()))
    store = Store()
    with pytest.raises(ValueError, match="line 2"):
        store.load(file)
    assert store.span_count == 0


# --- what is drawn ------------------------------------------------------------------------------------------


def drawn(*spans: Span) -> list[tuple[str, int, int]]:
    """(id, depth, offset in ms) of each row."""
    return [(row.span_id.lstrip("0"), row.depth, row.offset_ns // MS) for row in waterfall(spans).rows]


def test_rows_go_depth_first_with_siblings_by_start() -> None:
    spans = [
        a_span("d", "a", start=30),
        a_span("c", "b", start=15),
        a_span("a", start=0, length=50),
        a_span("b", "a", start=10),
    ]
    assert drawn(*spans) == [("a", 0, 0), ("b", 1, 10), ("c", 2, 15), ("d", 1, 30)]
    shown = waterfall(spans)
    assert shown.duration_ns == 50 * MS
    assert [row.last for row in shown.rows] == [True, False, True, True]
    assert shown.rows[2].guides == (True,)


def test_a_service_whose_clock_is_behind_is_moved_as_a_whole() -> None:
    spans = [
        a_span("a", start=0, length=20),
        a_span("b", "a", start=-4990, service="scoring"),
        a_span("c", "a", start=-5000, service="scoring"),
        a_span("d", "b", start=-4980, service="scoring"),
        a_span("e", "d", start=40),
    ]
    assert drawn(*spans) == [("a", 0, 0), ("c", 1, 0), ("b", 1, 10), ("d", 2, 20), ("e", 3, 40)]
    moved = {row.span_id.lstrip("0"): row.skew_ns // MS for row in waterfall(spans).rows}
    assert moved == {"a": 0, "b": 5000, "c": 5000, "d": 5000, "e": 0}


def test_skew_is_passed_on_through_a_third_service_and_contradicting_clocks_still_end() -> None:
    chain = [
        a_span("a", start=0),
        a_span("b", "a", start=-100, service="scoring"),
        a_span("c", "b", start=-150, service="awards"),
    ]
    assert drawn(*chain) == [("a", 0, 0), ("b", 1, 0), ("c", 2, 0)]
    drifting = [
        a_span("a", start=0),
        a_span("b", "a", start=-100, service="scoring"),
        a_span("c", "b", start=-50),
    ]
    assert [row[0] for row in drawn(*drifting)] == ["a", "b", "c"]


def test_work_that_begins_after_its_cause_has_ended_is_left_where_it_was() -> None:
    assert drawn(a_span("a", length=5), a_span("b", "a", start=2000, service="scoring")) == [
        ("a", 0, 0),
        ("b", 1, 2000),
    ]


def test_a_parent_that_never_came_has_one_row_above_all_its_children() -> None:
    shown = waterfall([a_span("b", "9", start=5), a_span("c", "9", start=7, length=20)])
    assert [(row.span_id.lstrip("0"), row.missing, row.depth) for row in shown.rows] == [
        ("9", True, 0),
        ("b", False, 1),
        ("c", False, 1),
    ]
    assert (shown.rows[0].offset_ns, shown.rows[0].duration_ns) == (0, 22 * MS)
    assert shown.spans == 2
    assert tree_json(shown)[0]["missing"] is True


def test_parents_in_a_circle_are_cut_and_every_span_has_one_row() -> None:
    circle = [
        a_span("a", "c", start=0),
        a_span("b", "a", start=1),
        a_span("c", "b", start=2),
        a_span("s", "s", start=3),
    ]
    assert drawn(*circle) == [("a", 0, 0), ("b", 1, 1), ("c", 2, 2), ("s", 0, 3)]


def test_a_very_deep_trace_is_drawn() -> None:
    chain = [
        a_span(f"{number:x}", f"{number - 1:x}" if number > 1 else None, start=number) for number in range(1, 1800)
    ]
    shown = waterfall(chain)
    assert shown.rows[-1].depth == 1798


def test_nothing_gives_no_rows() -> None:
    assert waterfall([]).rows == ()


async def test_the_page_shows_every_span_its_attributes_and_nothing_unescaped(
    client: httpx.AsyncClient, store: Store
) -> None:
    store.add(
        [
            a_span("a", attributes={"case": "<script>alert(1)</script>", "refused": "stale-version"}),
            a_span("b", "a", start=1, service="scoring", failed=True, message="TimeoutError: hết giờ"),
            a_span("d", "c", start=-3, service="<b>bold</b>"),
        ]
    )
    answer = await client.get(f"/traces/{TRACE}")
    page = answer.text
    assert answer.status_code == 200
    assert all(f"step {id}" in page for id in "abd")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "<b>bold" not in page
    assert "từ chối: stale-version" in page
    assert "TimeoutError: hết giờ" in page
    assert "bước cha không có ở đây" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_list_says_what_to_do_when_empty_and_when_nothing_matches(
    client: httpx.AsyncClient, store: Store
) -> None:
    assert "Chưa có vết nào" in (await client.get("/traces")).text
    store.add([a_span("a")])
    assert f'href="/traces/{TRACE}"' in (await client.get("/traces")).text
    nothing = (await client.get("/traces", params={"text": '"><x>'})).text
    assert "Không có vết nào khớp" in nothing
    assert "<x>" not in nothing
    assert (await client.get("/api/traces", params={"min_ms": "abc"})).status_code == 400
    assert (await client.get("/api/traces", params={"min_ms": "2,5"})).json()["traces"][0]["name"] == "step a"


def test_the_list_and_the_waterfall_agree_on_start_and_duration(store: Store) -> None:
    store.add([a_span("a", length=20), a_span("b", "a", start=-5000, length=30, service="scoring")])
    (summary,) = store.recent()
    shown = waterfall(store.trace(TRACE))
    assert (summary.start_ns, summary.duration_ns) == (shown.start_ns, shown.duration_ns) == (T0, 30 * MS)
    assert summary.services == shown.services == ("registry", "scoring")


async def test_a_trace_is_found_by_its_first_digits_when_they_say_which(
    client: httpx.AsyncClient, store: Store
) -> None:
    store.add([a_span("a"), a_span("b", trace_id="0af7" + "1" * 28)])
    assert (await client.get(f"/traces/{TRACE[:12]}")).headers["location"] == f"/traces/{TRACE}"
    assert (await client.get(f"/api/traces/{TRACE[:12]}")).json()["trace_id"] == TRACE
    assert (await client.get("/api/traces/0af7")).status_code == 409
    absent = await client.get("/traces/ffff")
    assert absent.status_code == 404
    assert "Không có vết" in absent.text


def test_the_terminal_draws_the_same_rows_as_the_page(live: tuple[Store, str]) -> None:
    kept, url = live
    kept.add(
        [
            a_span("a", length=100),
            a_span("b", "a", start=50, length=50, service="scoring", failed=True, message="[red]hỏng"),
            a_span("d", "c", start=20, attributes={"refused": "late"}, links=(Link(trace_number(7), "0" * 16),)),
        ]
    )
    shown = fetched(TRACE[:10], url)
    assert shown == waterfall(kept.trace(TRACE))
    console = Console(width=120, record=True, color_system=None, file=io.StringIO())
    render_trace(console, shown)
    lines = console.export_text().splitlines()
    by_name = {name: next(line for line in lines if name in line) for name in ("step a", "step b", "step d")}
    assert by_name["step a"].count("█") == 2 * by_name["step b"].count("█")
    assert "└ step b  [red]hỏng" in by_name["step b"]
    assert "từ chối: late" in by_name["step d"]
    assert any("không có ở đây" in line for line in lines)
    assert any(trace_number(7) in line for line in lines)
    assert fetched("ffff", url).rows == ()
