"""Prometheus metrics of one service in its own registry: how far behind, what waits, how long it takes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.refusal import Refused
from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LOOP_PERIOD = 0.25
"""Seconds between two looks at the event loop."""
LOOP_WINDOW = 40
"""Looks over which the worst is shown (10 s), so that a short stall is seen by a scrape every 15 s or so."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The collectors of one service. Lags are counted in events, times in seconds."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.log_head = Gauge("thidua_log_head", "Last sequence number of the log", ["log"], registry=registry)
        self.relay_lag = Gauge(
            "thidua_relay_lag_events",
            "Events of the log not yet acknowledged there",
            ["destination"],
            registry=registry,
        )
        self.follower_lag = Gauge(
            "thidua_follower_lag_events",
            "Events of a followed log not yet taken here",
            ["log"],
            registry=registry,
        )
        self.quarantine_held = Gauge(
            "thidua_quarantine_held_events",
            "Events held back, by the log they came from",
            ["log"],
            registry=registry,
        )
        self.waits = Gauge(
            "thidua_reaction_waits",
            "Reactions waiting for something not here yet",
            ["reaction"],
            registry=registry,
        )
        self.unsent_intents = Gauge(
            "thidua_unsent_intents", "Messages to the outside recorded but not sent", registry=registry
        )
        self.forks = Gauge(
            "thidua_forks_undecided", "Followed logs with two branches to choose from", registry=registry
        )
        self.gate_open = Gauge("thidua_gate_open", "1 when the log may be written to", registry=registry)
        self.loop_lag = Gauge(
            "thidua_loop_lag_seconds",
            "Worst delay of the event loop in the last 10 seconds",
            registry=registry,
        )
        self.handler_seconds = Histogram(
            "thidua_handler_seconds",
            "Time in a handler",
            ["handler", "outcome"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.http_seconds = Histogram(
            "thidua_http_request_seconds",
            "Time of an HTTP request",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=registry,
        )

    def relayed(self, log: str, destination: str, head: int, cursor: int) -> None:
        """The relay stands at ``cursor`` of a log whose last number is ``head``."""
        self.log_head.labels(log).set(head)
        self.relay_lag.labels(destination).set(max(0, head - cursor))

    def followed(self, log: str, head: int, mark: int) -> None:
        """A follower has taken ``mark`` of the ``head`` events that it knows the log to have."""
        self.follower_lag.labels(log).set(max(0, head - mark))

    @contextmanager
    def handled(self, handler: str) -> Iterator[None]:
        """Time a handler (command, reaction, timer, projection): ``done``, ``refused`` or ``failed``."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        except Refused:
            outcome = "refused"
            raise
        finally:
            self.handler_seconds.labels(handler, outcome).observe(time.perf_counter() - started)


async def watch_loop(metrics: Metrics) -> None:
    """Measure for ever how late the event loop wakes a sleeper; run it as a task of the service."""
    loop = asyncio.get_running_loop()
    late: deque[float] = deque(maxlen=LOOP_WINDOW)
    while True:
        due = loop.time() + LOOP_PERIOD
        await asyncio.sleep(LOOP_PERIOD)
        late.append(max(0.0, loop.time() - due))
        metrics.loop_lag.set(max(late))


def metrics_route(metrics: Metrics) -> Route:
    """``GET /metrics`` in the text format that the scraper asks for."""

    async def exposition(request: Request) -> Response:
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encoder(metrics.registry), headers={"content-type": content_type})

    return Route("/metrics", exposition, methods=["GET"], include_in_schema=False)
