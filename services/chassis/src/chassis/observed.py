"""ASGI middleware: one server span and one measurement per request, and the trace's id in the answer."""

from __future__ import annotations

import time

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.metrics import Metrics
from chassis.telemetry import current_trace_id, current_traceparent, span

UNOBSERVED = ("/health", "/metrics")
"""Asked every few seconds by machines: spans of them would push real work out of the trace store."""


class ObservedRequests:
    """Outermost middleware of a service. Continues an incoming ``traceparent``, else starts a trace.

    Hand-written because the stock instrumentation adds a span per receive and send, which halves a small
    handler.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics | None = None) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_unobserved(scope["path"]):
            await self._app(scope, receive, send)
            return
        method: str = scope["method"]
        started = time.perf_counter()
        status = 500
        attributes = {"http.request.method": method, "url.path": scope["path"]}
        with span(method, SpanKind.SERVER, attributes, parent=Headers(scope=scope).get("traceparent")) as server:
            trace_id = current_trace_id()
            # What answers a bug stands outside this middleware: from here it learns which trace it was.
            scope["traceparent"] = current_traceparent()

            async def answer(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    if trace_id:
                        MutableHeaders(scope=message)["trace-id"] = trace_id
                await send(message)

            try:
                await self._app(scope, receive, answer)
            finally:
                route = _route(scope)
                server.update_name(f"{method} {route}")
                server.set_attributes({"http.route": route, "http.response.status_code": status})
                if status >= 500:
                    server.set_status(Status(StatusCode.ERROR, f"HTTP {status}"))
                if self._metrics is not None:
                    self._metrics.http_seconds.labels(method, route, str(status)).observe(time.perf_counter() - started)


def _is_unobserved(path: str) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in UNOBSERVED)


def _route(scope: Scope) -> str:
    """The template (``/reports/{report_id}``), never the path itself: ids would make a metric series each."""
    return getattr(scope.get("route"), "path", None) or "unknown"
