"""What one running copy of a service holds: settings, database, clock, the performer of units of work, its state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.clock import Clock, DemoClock, WallClock
from chassis.facts import Appended
from chassis.gate_record import Passage
from chassis.hot_path import CONNECT_SECONDS, POOL_SECONDS, STATEMENTS, HotPool, session
from chassis.inquiry import Inquiry
from chassis.metrics import Metrics
from chassis.migrate import LIVE
from chassis.patience import endlessly
from chassis.performing import Performer
from chassis.projection import Projection
from chassis.settings import Settings
from chassis.timers import Outlook

if TYPE_CHECKING:
    from chassis.service import Service


class Changes:
    """Wakes whoever waits for *something happened here*: a commit, an applied batch, a moved clock."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Event] = set()
        self._takers: list[Callable[[Appended], None]] = []
        self._coming = 0

    @contextmanager
    def coming(self) -> Iterator[None]:
        """A command is under way and will probably change something."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    @property
    def more_to_come(self) -> bool:
        """Whether so much is under way that who looks at each change would look for one at a time."""
        return self._coming > 1

    def committed(self, appended: Appended) -> None:
        """A command was committed here: hand on what it appended, then wake whoever waits."""
        for taker in self._takers:
            taker(appended)
        self.tell()

    def hand_to(self, taker: Callable[[Appended], None]) -> None:
        """Call ``taker``, without awaiting, with what each command appends, as soon as it is committed."""
        self._takers.append(taker)

    def tell(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    def listen(self) -> asyncio.Event:
        """An event that is set at every change; the listener clears it before it looks."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        return waiter

    def forget(self, waiter: asyncio.Event) -> None:
        self._waiters.discard(waiter)


@dataclass
class Runtime:
    """One copy of a service at work."""

    service: Service
    settings: Settings
    engine: AsyncEngine
    clock: Clock
    public_key: str
    changes: Changes = field(default_factory=Changes)
    health: dict[str, str] = field(default_factory=dict)
    """What is wrong at the moment, by part; empty when all is well. Shown by /health/ready and /ops/state."""
    apart: dict[str, str] = field(default_factory=dict)
    """The same of the links to other sites: a site that is cut off goes on, and is ready."""
    metrics: Metrics = field(default_factory=Metrics)
    outlook: Outlook = field(default_factory=Outlook)
    """What is due next, looked up once per state of the logs."""
    gate: Passage = field(default_factory=Passage)
    """Whether the log may be written to, as the database says; open where nothing judges."""
    inquiry: Inquiry | None = None
    """The way to ask others what they hold; None where nothing is at work."""
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    """Long work that people asked for; cancelled when the service stops."""
    hot: HotPool | None = None
    """Connections of the hot path; None: the others serve it, too."""
    alone: AsyncEngine = field(init=False)
    """The same connections for statements that stand alone: each commits by itself, without a round trip to begin
    and one to end."""
    redrive: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody asks that what is in quarantine be tried again; the followers clear it."""

    def __post_init__(self) -> None:
        self.alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def log(self) -> str:
        return f"{self.settings.site}.{self.service.name}"

    @property
    def locate(self) -> dict[str, str]:
        return self.service.locate

    @property
    def performer(self) -> Performer:
        return Performer(self.engine, self.alone, self.service.own, self.changes.committed, self.metrics, hot=self.hot)

    def report(self, part: str, wrong: str | None) -> None:
        """Say what is wrong with a part, or (None) that it is well."""
        if wrong is None:
            self._troubles(part).pop(part, None)
        else:
            self._troubles(part)[part] = wrong

    def _troubles(self, part: str) -> dict[str, str]:
        # What goes to or comes from another site has a dot in its name: the tree, or the log with its site.
        return self.apart if "." in part else self.health

    async def kept_up(self, part: str, step: Callable[[], Awaitable[None]]) -> None:
        """Keep an endless step going; what breaks it is reported under its name, until it has held for a while."""
        broken: str | None = None

        def report(part: str, wrong: str | None) -> None:
            # Going on after a break takes back the break, not what the part itself has reported since.
            nonlocal broken
            if wrong is not None or self._troubles(part).get(part) == broken:
                self.report(part, wrong)
            broken = wrong

        await endlessly(part, step, report)

    def work_under_way(self, work: asyncio.Task[None]) -> None:
        self.under_way.add(work)
        work.add_done_callback(self.under_way.discard)

    def ask_redrive(self) -> None:
        self.redrive.set()
        self.changes.tell()

    def log_of(self, projection: Projection) -> str:
        """The log that a followed projection reads, e.g. ``vn.registry``."""
        return f"{projection.site or self.settings.site}.{projection.log}"

    @property
    def follows(self) -> tuple[Projection, ...]:
        """Every log that is followed here: of this site, of the one above, of those below."""
        return self.service.followed(self.settings.above, self.settings.below)


def create_engine(
    url: str, *, pool_size: int = 10, pool_seconds: float = POOL_SECONDS, schema: str = LIVE
) -> AsyncEngine:
    """An engine whose connections see the service's tables, then the chassis', then extensions."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        # Whoever gets no connection in this time is told so: requests never pile up behind a database that is away.
        pool_timeout=pool_seconds,
        pool_pre_ping=False,
        # The connection used last knows the statements of the hour: prepared once there, not once in each.
        pool_use_lifo=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "prepared_statement_cache_size": STATEMENTS,
            "server_settings": session(schema),
        },
    )
    event.listen(engine.sync_engine, "checkout", _still_there)
    return engine


def _still_there(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that the server has closed meanwhile is not handed out: its end was heard, so no ping is needed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("closed by the server")


async def choose_clock(db: AsyncConnection, settings: Settings) -> Clock:
    """The wall clock, unless the database itself is marked ``demo``: then the instant of its last event."""
    if not await is_demo(db):
        return WallClock()
    last = await db.scalar(
        sa.text(
            "SELECT convert_from(header, 'UTF8')::jsonb #>> '{act,recorded}' FROM chassis.log ORDER BY seq DESC LIMIT 1"
        )
    )
    start = last or settings.demo_starts
    return DemoClock(datetime.fromisoformat(start)) if start else DemoClock(WallClock().now())


async def is_demo(db: AsyncConnection) -> bool:
    """Whether the server's superuser marked the database (``ALTER DATABASE … SET thidua.demo = 'on'``)."""
    return await db.scalar(sa.text("SELECT current_setting('thidua.demo', true)")) == "on"
