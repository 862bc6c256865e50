"""Tracing: one command and what it triggers is one trace, carried through HTTP, log and NATS.

The W3C ``traceparent`` of ``current_traceparent()`` is stored beside each event; relay, followers and
reactions start their spans from what is stored there, so the trace survives hops that outlive any process.
Work that waits or has many causes (a digest, a ranking, a reminder) starts a trace of its own (``root=True``)
with ``links`` to its causes.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import getrandbits
from typing import NamedTuple

from contracts.refusal import Refused
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from chassis.exporting import SCOPE, Attributes, HarmlessExporter, HashedOnce, PromptProcessor, Whole, WholeSpanExporter

_TRACEPARENT = re.compile(r"00-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
_provider = TracerProvider(shutdown_on_exit=False)
_tracer = _provider.get_tracer(SCOPE)
"""Got once: each getting costs as much as a span."""
_exports: PromptProcessor | None = None
"""What sends the spans of this process, if they go anywhere."""


def setup_tracing(service: str, site: str, endpoint: str | None) -> TracerProvider:
    """Make this process trace as ``service`` of ``site``; the last call in a process wins.

    ``endpoint`` is an OTLP/HTTP base URL (``http://127.0.0.1:4318``) or the full address ending in
    ``/v1/traces``; without one the standard ``OTEL_EXPORTER_OTLP_ENDPOINT`` / ``…_TRACES_ENDPOINT`` are read.
    Without any of them spans still have ids (answers and logs name them) but go nowhere. Call ``shutdown()``
    at the end of the process: it sends what is queued, for at most a few seconds.
    """
    global _provider, _tracer, _exports
    resource = Resource.create(
        {
            "service.name": service,
            "service.namespace": "thidua",
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            "site": site,
        }
    )
    provider = TracerProvider(resource=HashedOnce(resource.attributes, resource.schema_url))
    by_environment = any(
        os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )
    _exports = None
    if endpoint or by_environment:
        _exports = PromptProcessor(HarmlessExporter(WholeSpanExporter(provider.resource, endpoint)))
        provider.add_span_processor(_exports)
    _provider, _tracer = provider, provider.get_tracer(SCOPE)
    return provider


def provider() -> TracerProvider:
    """What this process traces with, for instrumentation that is not ours."""
    return _provider


def from_traceparent(traceparent: str | None) -> SpanContext | None:
    """The span that a ``traceparent`` names; None for none, or for one that is not well formed."""
    found = _TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
    if found is None:
        return None
    return SpanContext(
        int(found["trace"], 16),
        int(found["span"], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(found["flags"], 16)),
    )


def current_traceparent() -> str | None:
    """The ``traceparent`` of the span we are in, to store beside an event or send; None outside any span."""
    return _traceparent(trace.get_current_span().get_span_context())


def current_trace_id() -> str | None:
    """32 hex digits of the trace we are in; None outside any span."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def _traceparent(context: SpanContext) -> str | None:
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _start(
    name: str,
    kind: SpanKind,
    attributes: Attributes | None,
    parent: str | None,
    links: Sequence[str | None],
    root: bool,
) -> Span:
    above = from_traceparent(parent)
    context: Context | None = None  # None: the span we are in
    if root:
        context = Context()
    elif above is not None:
        context = trace.set_span_in_context(NonRecordingSpan(above), Context())
    linked = [Link(target) for link in links if (target := from_traceparent(link)) is not None]
    return _tracer.start_span(name, context, kind, dict(attributes or {}), linked)


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Attributes | None = None,
    parent: str | None = None,
    links: Sequence[str | None] = (),
    root: bool = False,
) -> Iterator[Span]:
    """Do the work of the ``with`` block in a span, under ``parent`` (a traceparent) or the span we are in.

    ``root`` starts a trace of its own. A refusal is an answer, not an error: it is noted as ``refused``; any
    other exception marks the span as failed. A missing or malformed ``parent`` or link is as if none were
    given.
    """
    started = _start(name, kind, attributes, parent, links, root)
    with trace.use_span(started, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield started
        except Refused as refused:
            started.set_attribute("refused", refused.rule)
            raise
        except asyncio.CancelledError:
            started.set_attribute("cancelled", True)
            raise
        except Exception as error:
            started.record_exception(error)
            started.set_status(Status(StatusCode.ERROR, _why(error)))
            raise


@contextmanager
def part(name: str) -> Iterator[None]:
    """Do the work of the ``with`` block in a span of which nothing is told but its length and its end.

    As ``span`` under the span we are in, for a third of its cost: it is put together when the work is over.
    """
    place = promise_span(current_traceparent(), time.time_ns())
    told = from_traceparent(place.traceparent)
    assert told is not None
    inside = attach(trace.set_span_in_context(NonRecordingSpan(told)))
    about: Attributes | None = None
    failed: str | None = None
    try:
        yield
    except Refused as refused:
        about = {"refused": refused.rule}
        raise
    except asyncio.CancelledError:
        about = {"cancelled": True}
        raise
    except Exception as error:
        failed = _why(error)
        raise
    finally:
        detach(inside)
        _keep(
            Whole(
                name,
                place.traceparent,
                place.parent,
                place.started_ns,
                time.time_ns(),
                SpanKind.INTERNAL,
                about,
                failed,
            )
        )


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


@contextmanager
def within(traceparent: str | None) -> Iterator[None]:
    """Be in the span that ``traceparent`` names, which others have started or ended: what is logged names it."""
    named = from_traceparent(traceparent)
    if named is None:
        yield
        return
    with trace.use_span(NonRecordingSpan(named)):
        yield


def record_span(
    name: str,
    started_ns: int,
    ended_ns: int,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Attributes | None = None,
    parent: str | None = None,
) -> str:
    """A span for work already over (UTC nanoseconds): each event of a batch gets its own after the commit.

    Returns its traceparent.
    """
    told, above, _ = promise_span(parent, started_ns)
    _keep(Whole(name, told, above, started_ns, ended_ns, kind, attributes))
    return told


class Promised(NamedTuple):
    """A span whose id is told before its work is done: ``traceparent`` travels with a message that is on its way."""

    traceparent: str
    parent: str | None
    started_ns: int


def promise_span(parent: str | None, started_ns: int) -> Promised:
    """The place of a span under ``parent`` (a traceparent), or in a trace of its own; ``keep_promise`` records it."""
    if parent is None or _TRACEPARENT.fullmatch(parent) is None:
        return Promised(f"00-{getrandbits(128) or 1:032x}-{getrandbits(64) or 1:016x}-01", None, started_ns)
    return Promised(f"{parent[:36]}{getrandbits(64) or 1:016x}{parent[52:]}", parent, started_ns)


def keep_promise(
    name: str, place: Promised, ended_ns: int, kind: SpanKind = SpanKind.INTERNAL, failed: str | None = None
) -> None:
    """Record a promised span now that its work is over; ``failed`` says why it did not succeed."""
    told, parent, started_ns = place
    _keep(Whole(name, told, parent, started_ns, ended_ns, kind, None, failed and failed[:500]))


def _keep(span: Whole) -> None:
    if _exports is not None:
        _exports.take(span)
    elif span.sampled:
        _provider._active_span_processor.on_end(span.readable(_provider.resource))
