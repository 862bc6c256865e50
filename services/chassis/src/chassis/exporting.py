"""How spans leave the process: by OTLP, soon, in a thread of their own, and never in the way of the work.

A span of the SDK costs more to make and to encode than relaying the event that it is about. One that is put together
when its work is over (``Whole``) needs nothing of that: it stays as it is known until it is written to the message.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.common.v1 import common_pb2 as common
from opentelemetry.proto.resource.v1 import resource_pb2 as resources
from opentelemetry.proto.trace.v1 import trace_pb2 as traces
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

Attributes = Mapping[str, str | int | float | bool | Sequence[str]]

SCOPE = "chassis"
SCHEDULE_DELAY_MS = 1000
MAX_QUEUED_SPANS = 8192
EXPORT_SECONDS = 2.0
EXPORTED_AT_ONCE = 2048

_IS_KNOWN_TO_BE_REMOTE = traces.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | traces.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
_log = logging.getLogger(__name__)


class Whole(NamedTuple):
    """A span whose work is over. ``told`` and ``parent`` are traceparents; ``failed`` says why it did not succeed."""

    name: str
    told: str
    parent: str | None
    started_ns: int
    ended_ns: int
    kind: SpanKind
    attributes: Attributes | None = None
    failed: str | None = None

    @property
    def sampled(self) -> bool:
        return self.told[54] in "13579bdf"

    def readable(self, resource: Resource) -> ReadableSpan:
        """The same as a span of the SDK, for a processor that is not ours."""
        flags = TraceFlags(int(self.told[53:], 16))
        context = SpanContext(int(self.told[3:35], 16), int(self.told[36:52], 16), False, flags)
        above = SpanContext(context.trace_id, int(self.parent[36:52], 16), True, flags) if self.parent else None
        return ReadableSpan(
            self.name,
            context,
            above,
            resource,
            self.attributes,
            kind=self.kind,
            status=Status() if self.failed is None else Status(StatusCode.ERROR, self.failed),
            start_time=self.started_ns,
            end_time=self.ended_ns,
            instrumentation_scope=InstrumentationScope(SCOPE),
        )


class HashedOnce(Resource):
    """The exporter groups spans by resource, and the stock one dumps itself as JSON for each: a fifth of its time."""

    def __hash__(self) -> int:
        if not hasattr(self, "_hash"):
            self._hash = super().__hash__()
        return self._hash


class WholeSpanExporter(OTLPSpanExporter):
    """The library's exporter, which also takes spans as they are known."""

    def __init__(self, resource: Resource, endpoint: str | None) -> None:
        """``endpoint`` as of ``setup_tracing``; None: the environment's."""
        # The library's own words would repeat for every batch of an absent receiver; HarmlessExporter says it once.
        for noisy in ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        session = requests.Session()
        if endpoint is None:
            super().__init__(compression=Compression.Gzip, timeout=EXPORT_SECONDS, session=session)
        else:
            near = _is_loopback(endpoint)
            session.trust_env = not near  # a proxy of the environment cannot reach this machine's own loopback
            base = endpoint.rstrip("/").removesuffix("/v1/traces")
            super().__init__(
                endpoint=f"{base}/v1/traces",
                compression=Compression.NoCompression if near else Compression.Gzip,
                timeout=EXPORT_SECONDS,
                session=session,
            )
        self._said_of_all = resources.Resource(attributes=_encoded(resource.attributes))

    def export(self, spans: Sequence[ReadableSpan | Whole]) -> SpanExportResult:
        request = encode_spans([span for span in spans if not isinstance(span, Whole)])
        scope = traces.ScopeSpans(scope=common.InstrumentationScope(name=SCOPE))
        for span in spans:
            if isinstance(span, Whole):
                _add(scope, span)
        if scope.spans:
            request.resource_spans.append(traces.ResourceSpans(resource=self._said_of_all, scope_spans=[scope]))
        sent = self._client.export(request.SerializeToString())
        return SpanExportResult.SUCCESS if sent.success else SpanExportResult.FAILURE


def _add(scope: traces.ScopeSpans, span: Whole) -> None:
    told, parent = span.told, span.parent
    scope.spans.add(
        trace_id=bytes.fromhex(told[3:35]),
        span_id=bytes.fromhex(told[36:52]),
        parent_span_id=bytes.fromhex(parent[36:52]) if parent else b"",
        name=span.name,
        kind=span.kind.value + 1,  # type: ignore[arg-type]
        start_time_unix_nano=span.started_ns,
        end_time_unix_nano=span.ended_ns,
        attributes=_encoded(span.attributes) if span.attributes else (),
        status=None
        if span.failed is None
        else traces.Status(code=traces.Status.STATUS_CODE_ERROR, message=span.failed),
        flags=_IS_KNOWN_TO_BE_REMOTE if parent else traces.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK,
    )


def _encoded(attributes: Mapping[str, object]) -> Iterable[common.KeyValue]:
    return [common.KeyValue(key=key, value=_value(value)) for key, value in attributes.items()]


def _value(value: object) -> common.AnyValue:
    match value:
        case str():
            return common.AnyValue(string_value=value)
        case bool():
            return common.AnyValue(bool_value=value)
        case int():
            return common.AnyValue(int_value=value)
        case float():
            return common.AnyValue(double_value=value)
        case Sequence():
            return common.AnyValue(array_value=common.ArrayValue(values=[_value(one) for one in value]))
    raise TypeError(f"{value!r} is no attribute of a span")


class Exporter(Protocol):
    """What sends spans of either kind."""

    def export(self, spans: Sequence[ReadableSpan | Whole], /) -> SpanExportResult: ...

    def shutdown(self) -> None: ...


class HarmlessExporter(SpanExporter):
    """Wraps an exporter so that its failure is said once (and its recovery once), and never delays a stop."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._failing = False
        self.closing = False

    def export(self, spans: Sequence[ReadableSpan | Whole]) -> SpanExportResult:
        if self.closing and self._failing:
            return SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        except Exception as error:
            # Whatever a broken receiver does to the exporter, a service goes on without its traces.
            _log.debug("trace exporter raised %r", error)
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS and not self._failing:
            self._failing = True
            _log.warning("traces cannot be delivered; the service goes on without them")
        elif result is SpanExportResult.SUCCESS and self._failing:
            self._failing = False
            _log.info("traces are delivered again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class PromptProcessor(BatchSpanProcessor):
    """Sends soon, so that an operator sees a trace at once; drops the oldest spans when its queue is full."""

    def __init__(self, exporter: HarmlessExporter) -> None:
        super().__init__(
            exporter,
            max_queue_size=MAX_QUEUED_SPANS,
            max_export_batch_size=EXPORTED_AT_ONCE,
            schedule_delay_millis=SCHEDULE_DELAY_MS,
        )
        self._harmless = exporter

    def take(self, span: Whole) -> None:
        """As ``on_end``, of a span as it is known."""
        if span.sampled:
            self._batch_processor.emit(span)  # type: ignore[arg-type]

    def shutdown(self) -> None:
        self._harmless.closing = True
        super().shutdown()


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
