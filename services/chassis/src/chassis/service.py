"""A service as a table of contents: what it publishes, follows, reacts to and serves; and the app that runs it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from contracts.catalogue import Fact, entry
from contracts.envelope import Header, seed_hash
from contracts.events.chassis import EpochOpened
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import log as logs
from chassis.facts import Recorded
from chassis.gate_record import open_here
from chassis.hot_path import hot_pool
from chassis.http import problems
from chassis.http.examples import show_examples
from chassis.http.limits import BodyLimit
from chassis.ids import new_id
from chassis.logs import get_logger
from chassis.metrics import Metrics, metrics_route, watch_loop
from chassis.migrate import upgrade
from chassis.observed import ObservedRequests
from chassis.projection import Projection
from chassis.quarantine import bind_discards
from chassis.reactions import Reaction
from chassis.runtime import Runtime, choose_clock, create_engine
from chassis.settings import Settings
from chassis.timers import Timer
from chassis.work import service_act

_log = get_logger(__name__)
Background = Callable[[Runtime], Awaitable[None]]
Shows = Callable[[Fact, Collection[str]], bool]
"""``(fact, scopes)``: whether the site that is home to these scopes may see it. Pure: the answer never changes."""
Unsent = Callable[[AsyncConnection], Awaitable[int]]


@dataclass
class Service:
    """Everything that a service is made of, named in its ``main.py``."""

    name: str
    title: str
    publishes: Sequence[type[Fact]]
    own: Projection
    follows: Sequence[Projection] = ()
    above: Projection | None = None
    """What this service does with the log of its namesake at the site above, where there is one."""
    shows: Shows | None = None
    """Whether a site below may see an event of this service; without it, none of its log goes there."""
    reactions: Sequence[Reaction[Any]] = ()
    timers: Sequence[Timer] = ()
    routes: Sequence[APIRouter] = ()
    messages: Path | None = None
    examples: Path | None = None
    """Examples of request bodies (``chassis.http.examples``) for routes that do not carry their own."""
    unlogged: Sequence[str] = ()
    """Tables that no event feeds (drafts, particulars, accounts): outside the promise, left out of replay."""
    locate: dict[str, str] = field(default_factory=dict)
    """Where an aggregate is read, by kind of subject, e.g. ``{"report": "/reports/{id}"}``."""
    background: Sequence[Background] = ()
    """Endless steps that run in the copy that holds the worker lease."""
    unsent: Unsent | None = None
    """How many recorded intents to tell outsiders are not sent yet."""
    may_operate: Callable[[Any], Awaitable[None]] | None = None
    """Raises Refused unless the reader may look into the service's works."""
    sees: Callable[[Any, Header], Awaitable[bool]] | None = None
    """Whether the reader may see an event, e.g. in a journey; decided where all sight is decided."""
    on_start: Callable[[Runtime], Awaitable[None]] | None = None
    package: str = ""
    """Import package that holds ``migrations``; the service's name unless said."""

    def __post_init__(self) -> None:
        self.package = self.package or self.name
        bind_discards(self.own)
        foreign = [model.__name__ for model in self.publishes if entry(model).owner not in (self.name, "chassis")]
        if foreign:
            raise ValueError(f"{self.name} cannot publish {foreign}: the catalogue names another owner")

    def followed(self, above: str = "", below: Iterable[str] = ()) -> tuple[Projection, ...]:
        """What it follows at a site with these neighbours: besides its own site's logs those of its namesakes.

        The log of a namesake below feeds no table: several of them could not feed the same one. It is kept as
        received, so that the site's receipts read *at the centre*, and reactions take what is to be known here.
        """
        of_above = [self.above.at(above)] if above and self.above is not None else []
        return (*self.follows, *of_above, *(Projection(self.name, ()).at(site) for site in below))

    def app(self, settings: Settings | None = None) -> FastAPI:
        """The FastAPI app; its lifespan opens the log and starts all else. Settings come from the environment."""
        from chassis.http import forks, ops, rebuilds, restoring

        app = FastAPI(
            title=f"Thi Đua – {self.title}",
            version="1",
            lifespan=lambda app: _lifespan(app, self, settings or Settings()),  # type: ignore[call-arg]
        )
        messages = problems.Messages(*([self.messages] if self.messages else []))
        app.state.messages = messages
        problems.install(app, messages)
        if self.examples is not None:
            show_examples(self.routes, self.examples)
        for router in (*self.routes, ops.routes, rebuilds.routes, restoring.routes, forks.routes, ops.open_routes):
            app.include_router(router)
        metrics = Metrics()
        app.state.metrics = metrics
        app.router.routes.append(metrics_route(metrics))
        app.add_middleware(BodyLimit, messages=messages)
        app.add_middleware(ObservedRequests, metrics=metrics)
        return app


@asynccontextmanager
async def _lifespan(app: FastAPI, service: Service, settings: Settings) -> AsyncIterator[None]:
    from chassis import telemetry, worker

    async with runtime(service, settings, judged=True) as running:
        running.metrics = app.state.metrics
        app.state.runtime = running
        provider = telemetry.setup_tracing(service.name, settings.site, settings.otlp_endpoint or None)
        watching = asyncio.create_task(watch_loop(running.metrics))
        begun = False
        try:
            async with worker.at_work(running):
                begun = True
                yield
        except Exception:
            if begun:
                # The server would go on and refuse everything: whoever looks after the process starts another one.
                _log.exception("fell_over", service=service.name)
                os.kill(os.getpid(), signal.SIGTERM)
            raise
        finally:
            watching.cancel()
            await asyncio.to_thread(provider.shutdown)


@asynccontextmanager
async def runtime(service: Service, settings: Settings, *, judged: bool = False) -> AsyncIterator[Runtime]:
    """A service with its database brought up to date and its log open; nothing else runs yet.

    ``judged``: a worker's gate will say whether the database may be written to. Without one it simply may.
    """
    engine = create_engine(settings.database_url, pool_size=settings.pool_size)
    try:
        await upgrade(engine, service.package)
        async with engine.begin() as db:
            clock = await choose_clock(db, settings)
            await open_log(db, service, settings, clock.now())
            if not judged:
                await open_here(db)
        async with hot_pool(settings.database_url, pool_size=settings.pool_size) as hot:
            yield Runtime(service, settings, engine, clock, settings.key("token_public_key"), hot=hot)
    finally:
        await engine.dispose()


async def open_log(db: AsyncConnection, service: Service, settings: Settings, now: Any) -> None:
    """The first event of a log is EpochOpened, seq 1, chained to the log's own seed. Does nothing on an open log."""
    if await logs.is_open(db):
        return
    name = f"{settings.site}.{service.name}"
    # Nobody has judged a database that was made a moment ago; its first event was told to nobody.
    await db.execute(sa.text("SET LOCAL thidua.restoring = 'on'"))
    await logs.open_head(db, name)
    fact = EpochOpened(
        log=name, previous_epoch=0, last_seq=0, last_hash=seed_hash(name).hex(), reason="a new log", silent=()
    )
    header = Header(
        id=new_id(),
        type=entry(EpochOpened).type,
        occurred=now,
        act=service_act(service.name, now),
        correlation=new_id(),
        subjects=(f"log:{name}",),
    )
    facts: list[Recorded[Fact]] = [Recorded(header, fact)]
    await service.own.apply(db, facts)
    await logs.append(db, facts)
