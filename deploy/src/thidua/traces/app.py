"""The receiver over HTTP: OTLP comes in at ``/v1/traces``; list, waterfall and JSON go out."""

from __future__ import annotations

from typing import Any

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from thidua.traces import otlp, page
from thidua.traces.store import Store, Summary
from thidua.traces.waterfall import Waterfall, waterfall

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
LIST_LIMIT = 200

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def create_app(store: Store) -> Starlette:
    """The ASGI application over one store."""

    async def receive(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in (PROTOBUF, JSON):
            return Response(f"content-type must be {PROTOBUF} or {JSON}", 415)
        body = await _whole(request)
        if body is None:
            return _refusal(content_type, 413, f"more than {otlp.MAX_BODY_BYTES} bytes")
        encoding = request.headers.get("content-encoding", "").strip().lower()
        try:
            plain = otlp.unpack(body, encoding)
            spans = otlp.read_protobuf(plain) if content_type == PROTOBUF else otlp.read_json(plain)
        except otlp.Malformed as malformed:
            return _refusal(content_type, 400, str(malformed))
        store.add(spans)
        if content_type == JSON:
            return JSONResponse({})
        return Response(ExportTraceServiceResponse().SerializeToString(), media_type=PROTOBUF)

    async def listed(request: Request) -> Response:
        found = await _search(store, request)
        if found is None:
            return JSONResponse({"error": "min_ms and limit are numbers"}, 400)
        return JSONResponse({"traces": [_summary_json(summary) for summary in found]}, headers=_HEADERS)

    async def list_page(request: Request) -> Response:
        found = await _search(store, request)
        asked = request.query_params
        html = page.list_page(
            found or [],
            store.services(),
            asked.get("service", ""),
            asked.get("min_ms", ""),
            asked.get("text", ""),
        )
        return HTMLResponse(html, headers=_HEADERS)

    async def one(request: Request) -> Response:
        found = store.find(request.path_params["trace_id"].lower())
        if len(found) != 1:
            error = "not here" if not found else f"{len(found)} traces begin so"
            return JSONResponse({"error": error, "matches": found[:20]}, 404 if not found else 409)
        return JSONResponse(trace_json(store, found[0]), headers=_HEADERS)

    async def trace_page(request: Request) -> Response:
        asked = request.path_params["trace_id"].lower()
        found = store.find(asked)
        if len(found) != 1:
            return HTMLResponse(page.absent_page(asked), 404, headers=_HEADERS)
        if found[0] != asked:
            return RedirectResponse(f"/traces/{found[0]}", 303)
        shown = waterfall(store.trace(asked))
        return HTMLResponse(page.trace_page(shown, store.linked_from(asked), store.dropped(asked)), headers=_HEADERS)

    async def home(_: Request) -> Response:
        return RedirectResponse("/traces", 303)

    return Starlette(
        routes=[
            Route("/v1/traces", receive, methods=["POST"]),
            Route("/api/traces", listed),
            Route("/api/traces/{trace_id}", one),
            Route("/traces", list_page),
            Route("/traces/{trace_id}", trace_page),
            Route("/", home),
        ]
    )


async def _whole(request: Request) -> bytes | None:
    """The body; None when it is larger than we take."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > otlp.MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _refusal(content_type: str, status: int, message: str) -> Response:
    """Errors come as google.rpc.Status in the form of the request, as OTLP/HTTP asks."""
    if content_type == JSON:
        return JSONResponse({"message": message}, status)
    return Response(Status(message=message).SerializeToString(), status, media_type=PROTOBUF)


async def _search(store: Store, request: Request) -> list[Summary] | None:
    asked = request.query_params
    try:
        min_ms = float(asked.get("min_ms", "").replace(",", ".") or 0)
        limit = min(LIST_LIMIT, int(asked.get("limit", "") or 100))
    except ValueError:
        return None
    # A text search walks all spans: in a thread, so that receiving goes on.
    return await run_in_threadpool(store.recent, asked.get("service", ""), min_ms, asked.get("text", ""), limit)


def _summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "trace_id": summary.trace_id,
        "name": summary.name,
        "service": summary.service,
        "start_ns": summary.start_ns,
        "duration_ns": summary.duration_ns,
        "spans": summary.spans,
        "failed": summary.failed,
        "services": list(summary.services),
    }


def trace_json(store: Store, trace_id: str) -> dict[str, Any]:
    """One trace: ``tree`` nests spans by ``children``; offsets are corrected for clock skew, start_ns is
    not.
    """
    shown = waterfall(store.trace(trace_id))
    return {
        "trace_id": trace_id,
        "start_ns": shown.start_ns,
        "duration_ns": shown.duration_ns,
        "spans": shown.spans,
        "services": list(shown.services),
        "dropped": store.dropped(trace_id),
        "linked_from": store.linked_from(trace_id),
        "tree": tree_json(shown),
    }


def tree_json(shown: Waterfall) -> list[dict[str, Any]]:
    tops: list[dict[str, Any]] = []
    open_at: dict[int, dict[str, Any]] = {}
    for row in shown.rows:
        node: dict[str, Any] = {"span_id": row.span_id, "missing": True}
        if row.span is not None:
            node = {**row.span.to_json(), "missing": False}
        node |= {
            "offset_ns": row.offset_ns,
            "duration_ns": row.duration_ns,
            "skew_ns": row.skew_ns,
            "children": [],
        }
        (open_at[row.depth - 1]["children"] if row.depth else tops).append(node)
        open_at[row.depth] = node
    return tops
