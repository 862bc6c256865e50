"""Reads an OTLP/HTTP trace request (protobuf or JSON, plain or gzip) into spans; all of it or nothing.

Source: OpenTelemetry Protocol 1.x, "OTLP/HTTP"; its JSON form has ids in hex, not in protobuf's base64.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from thidua.traces.spans import Link, Moment, Span

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Of one request, after unpacking."""

_IDS = {"traceId", "spanId", "parentSpanId"}


class Malformed(Exception):
    """The body is not an OTLP trace request; the text says why."""


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding; never more than ``MAX_BODY_BYTES``, however well packed."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Malformed(f"content-encoding {encoding!r} is not known; send gzip or none")
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise Malformed(f"not gzip: {error}") from error
    if not stream.eof:
        raise Malformed(f"gzip is cut short, or unpacks to more than {MAX_BODY_BYTES} bytes")
    return plain


def read_protobuf(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Malformed(f"not an ExportTraceServiceRequest: {error}") from error
    return _spans(request)


def read_json(body: bytes) -> list[Span]:
    try:
        given = json.loads(body)
        request = ParseDict(_base64_ids(given), ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (ValueError, ParseError, RecursionError) as error:
        raise Malformed(f"not an ExportTraceServiceRequest: {error}") from error
    return _spans(request)


def _base64_ids(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode()
            if key in _IDS and isinstance(value, str)
            else _base64_ids(value)
            for key, value in node.items()
        }
    return [_base64_ids(item) for item in node] if isinstance(node, list) else node


def _spans(request: ExportTraceServiceRequest) -> list[Span]:
    found: list[Span] = []
    for resource_spans in request.resource_spans:
        resource = _attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            found.extend(_span(message, resource) for message in scope_spans.spans)
    return found


def _span(message: SpanMessage, resource: dict[str, Any]) -> Span:
    if len(message.trace_id) != 16 or len(message.span_id) != 8 or len(message.parent_span_id) not in (0, 8):
        raise Malformed(f"span {message.name!r}: a trace id has 16 bytes, a span id 8")
    service = str(resource.get("service.name", "unknown"))
    site = str(resource.get("site", ""))
    return Span(
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        parent_id=message.parent_span_id.hex() or None,
        name=message.name,
        kind=SpanMessage.SpanKind.Name(message.kind).removeprefix("SPAN_KIND_").lower()
        if message.kind in SpanMessage.SpanKind.values()
        else "unspecified",
        service=service,
        site=site,
        process=str(resource.get("service.instance.id") or f"{service}@{site}"),
        start_ns=message.start_time_unix_nano,
        end_ns=max(message.start_time_unix_nano, message.end_time_unix_nano),
        failed=message.status.code == Status.STATUS_CODE_ERROR,
        message=message.status.message,
        attributes=_attributes(message.attributes),
        moments=tuple(
            Moment(event.time_unix_nano, event.name, _attributes(event.attributes)) for event in message.events
        ),
        links=tuple(Link(link.trace_id.hex(), link.span_id.hex()) for link in message.links),
        size=message.ByteSize(),
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(given: AnyValue) -> Any:
    match given.WhichOneof("value"):
        case "array_value":
            return [_value(item) for item in given.array_value.values]
        case "kvlist_value":
            return _attributes(given.kvlist_value.values)
        case "bytes_value":
            return given.bytes_value.hex()
        case None:
            return None
        case plain:
            return getattr(given, plain)
