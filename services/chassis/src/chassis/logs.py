"""Structured logs: one JSON line on stderr with service, site, trace_id and span_id, whoever logs it."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal, TextIO

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

_BROUGHT_ALONG = ("uvicorn", "uvicorn.error", "uvicorn.access", "nats", "faststream", "sqlalchemy", "alembic")
"""Libraries that install handlers of their own; theirs are taken away so that every line has one form."""

_QUIET = {"uvicorn.access": logging.WARNING, "httpx": logging.WARNING, "httpcore": logging.WARNING}
"""What they say of each request is told by spans and metrics already."""


def setup_logs(
    service: str, site: str, level: str = "INFO", form: LogFormat = "json", stream: TextIO | None = None
) -> None:
    """Send the logs of this process, ours and the libraries', to ``stream`` (stderr).

    Run uvicorn with ``log_config=None``, else it puts its own handlers back. ``form="console"`` is for
    reading at a terminal: coloured, one line, without service and site.
    """

    def of_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        event["site"] = site
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_trace,
    ]
    last: list[Processor]
    if form == "json":
        last = [
            of_service,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        # A traceback in boxes with all its locals takes seconds to draw: the loop stands still, the lease is lost.
        last = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _BROUGHT_ALONG:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)


def add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Name the trace and span that a line belongs to, so that log and waterfall find one another."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
        event["span_id"] = format(context.span_id, "016x")
    return event


def get_logger(name: str) -> Any:
    """The logger of a module: ``log.info("relayed", events=12)``."""
    return structlog.stdlib.get_logger(name)
