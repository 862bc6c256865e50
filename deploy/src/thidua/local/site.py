"""A whole site on this machine: PostgreSQL, NATS, mail, traces and the services, started in the right order."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from chassis import head_file
from chassis.auth import new_keys
from chassis.layout import lay_out
from chassis.topology import OPS, PLAYER, Topology

from thidua.local.addresses import Addresses
from thidua.local.databases import Database
from thidua.local.folders import (
    held_alone,
    kept_port,
    kept_secret,
    open_folder,
    topology_file,
    write_private,
)
from thidua.local.mail import MailServer
from thidua.local.nats import EmbeddedNats, Hub, users_of
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.processes import Child, first_death

ISSUER = "registry"
"""The one service that knows passwords, signs tokens and is asked for people's particulars."""

Result = TypeVar("Result")
Report = Callable[[str], None]


class Site:
    """One site: ``async with Site(folder) as site``; whatever was started is stopped, also when a start fails.

    ``topology`` names the services; without one, that of deploy/topology.yaml.
    ``demo`` marks the databases, so that services obey the published instant; they stand at ``starts`` before it.
    ``settings`` are further settings of every service (``beacon_seconds=1``). ``report`` hears what starts next.
    ``copies`` says of which service more than one copy runs (``{"registry": 2}``): all behind one address. The second
    copy of registry is found as ``registry-2`` in ``services``.
    ``archive`` keeps the WAL of PostgreSQL for `thidua backup`. ``durable=False`` (no fsync) is for tests alone.
    An OTLP endpoint named in the environment (``THIDUA_OTLP_ENDPOINT``) takes the place of the site's own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        topology: Topology | None = None,
        demo: bool = False,
        starts: datetime | None = None,
        durable: bool = True,
        archive: bool = False,
        settings: Mapping[str, object] | None = None,
        report: Report = lambda step: None,
        copies: Mapping[str, int] | None = None,
        hub: Callable[[], Hub] | None = None,
        traces: Callable[[], str] = lambda: os.environ.get("THIDUA_OTLP_ENDPOINT", ""),
    ) -> None:
        self.folder = open_folder(folder)
        self.topology = topology or Topology.load(topology_file())
        self.postgres = EmbeddedPostgres(self.folder, durable=durable, archive=archive)
        self.nats = EmbeddedNats(
            self.folder,
            users_of(self.topology, self.folder),
            name=f"thidua-{self.topology.site}",
            domain=self.topology.domain,
            account="THIDUA" if hub is None else self.topology.site.upper(),
            leaves=bool(self.topology.hub_of),
            hub=hub,
            durable=durable,
        )
        self.mail = MailServer(self.folder / "mail.jsonl")
        self.services: dict[str, Child] = {}
        self.otlp_endpoint = ""
        self._traces_elsewhere = traces
        self._traces: Child | None = None
        self._demo = demo
        self._starts = starts
        self._settings = dict(settings or {})
        self._report = report
        self._copies = dict(copies or {})
        self._ports: dict[str, int] = {}
        self._databases: dict[str, Database] = {}
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Site:
        async with AsyncExitStack() as starting:
            starting.enter_context(held_alone(self.folder))
            self._choose_ports()
            # Stops are registered before starts: what is half started when something else fails is stopped too.
            starting.push_async_callback(self.postgres.stop)
            starting.push_async_callback(self.nats.stop)
            starting.push_async_callback(self._stop_traces)
            self._report("PostgreSQL, NATS, SMTP")
            await starting.enter_async_context(self.mail)
            await _together(self.postgres.start(), self.nats.start(), self._start_traces())
            self._report("databases, topology")
            for name in self.names:
                new = not await self.postgres.has(name)
                self._databases[name] = await self.postgres.ensure_service(name, demo=self._demo)
                if new:
                    # Of a log that never was nobody else knows anything yet: this file says so.
                    head_file.begin(self._head_file(name), f"{self.topology.site}.{name}")
            await self._lay_out()
            self._report(", ".join(self.names))
            starting.push_async_callback(self._stop_services)
            await _together(*(self.start_service(name) for name in self.names))
            await _together(*(self.start_service(name, copy) for name, copy in self._further_copies()))
            self.addresses.write(self.folder)
            starting.callback(Addresses.forget, self.folder)
            self._running = starting.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    @property
    def names(self) -> list[str]:
        """The services of this site."""
        return list(self.topology.services)

    @property
    def bootstrap_password(self) -> str:
        """Password of the first administrator, while there is no other account."""
        return kept_secret(self.folder, "bootstrap")

    @property
    def addresses(self) -> Addresses:
        """Where everything listens."""
        return Addresses(
            site=self.topology.site,
            services={name: self.url(name) for name in self.names},
            nats=self.nats.url,
            smtp=self.mail.url,
            traces=f"http://127.0.0.1:{self._ports['traces']}" if self._traces else "",
            demo=self._demo,
            neighbours=bool(self.topology.links),
        )

    def url(self, service: str) -> str:
        """Base address of a service."""
        return f"http://127.0.0.1:{self._ports[service]}"

    def nats_password(self, user: str = PLAYER) -> str:
        """Of ``ops``, ``player`` or a service."""
        return self.nats.users[user].password

    def audit(self, service: str) -> Database:
        """The read-only login to a service's database."""
        return self.postgres.audit(service)

    async def scratch(self) -> Database:
        """An empty database beside the services', to replay their logs into."""
        return await self.postgres.ensure_service("scratch")

    async def start_service(self, name: str, copy: int = 1) -> Child:
        """Starts one copy of a service, on the same port as before, and waits until it is ready (the first copy
        migrates as it starts), or stands behind what others know of its log: that is for people to decide."""
        called = name if copy == 1 else f"{name}-{copy}"
        address = self._ports[name]
        shared = self._copies.get(name, 1) > 1
        own = kept_port(self.folder, f"{called}-alone") if shared else address
        program = [sys.executable, "-m", "chassis.serve", name, "--port", str(own)]
        program += ["--shared-port", str(address)] if shared else []
        child = await Child.start(called, program, log=self.folder / f"{called}.log", env=self.environment(name))
        self.services[called] = child
        await child.ready(self._ready_or_behind(name, f"http://127.0.0.1:{own}/health/ready"), within=60)
        return child

    def _ready_or_behind(self, name: str, url: str) -> Callable[[], Awaitable[bool]]:
        async def probe() -> bool:
            try:
                async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                    answer = await http.get(url)
            except httpx.HTTPError:
                return False
            if answer.status_code == 503 and "restored-from-backup" in answer.text:
                self._report(f"{name}: đứng sau sổ của mình, chưa nhận ghi; chạy: thidua log restore {name}")
                return True
            return answer.status_code == 200

        return probe

    def _further_copies(self) -> list[tuple[str, int]]:
        return [(name, copy) for name, many in self._copies.items() for copy in range(2, many + 1)]

    async def while_alive(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Does ``work``; cancels it and raises ChildDied when a process of the site ends by itself meanwhile."""
        working = asyncio.ensure_future(work)
        watching = asyncio.ensure_future(first_death(self._children()))
        try:
            await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
            if watching.done() and not working.done():
                raise watching.result()
            return await working
        finally:
            for task in (working, watching):
                task.cancel()
            await asyncio.wait([working, watching])

    def environment(self, service: str) -> dict[str, str]:
        """A service's environment: this process's own, with the site's settings in place of any other."""
        settings: dict[str, object] = {
            "site": self.topology.site,
            **neighbours(self.topology),
            "database_url": self._databases[service].url,
            "nats_url": self.nats.url,
            "nats_user": service,
            "nats_password": self.nats_password(service),
            "token_public_key": key_files(self.folder)[1],
            "service_secret": kept_secret(self.folder, "service"),
            "head_file": self._head_file(service),
            "followed_by": ",".join(self.topology.followers_of(service)),
            "registry_url": self.url(ISSUER),
            "smtp_url": self.mail.url,
            "otlp_endpoint": self.otlp_endpoint,
            "demo_starts": self._starts.isoformat() if self._starts else "",
            **self._settings,
        }
        if service == ISSUER:
            settings["token_private_key"] = key_files(self.folder)[0]
            settings["bootstrap_password"] = self.bootstrap_password
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("THIDUA_")}
        return inherited | {f"THIDUA_{name.upper()}": str(value) for name, value in settings.items()}

    def _head_file(self, service: str) -> Path:
        return self.folder / "heads" / f"{service}.json"

    async def _lay_out(self) -> None:
        """Makes the streams and consumers that the topology names and the server does not have yet."""
        await lay_out(self.topology, self.nats.url, self.nats_password(OPS))

    def _choose_ports(self) -> None:
        """The services' are chosen before any starts, because they are told one another's."""
        self.mail.port = kept_port(self.folder, "smtp")
        self._ports = {name: kept_port(self.folder, name) for name in (*self.names, "traces")}

    async def _start_traces(self) -> None:
        self.otlp_endpoint = self._traces_elsewhere()
        if self.otlp_endpoint:
            return
        address = f"http://127.0.0.1:{self._ports['traces']}"
        program = [sys.executable, "-m", "thidua.traces", "--port", str(self._ports["traces"])]
        program += ["--file", str(self.folder / "traces.jsonl.gz")]
        self._traces = await Child.start("traces", program, log=self.folder / "traces.log")
        await self._traces.ready(_answers(f"{address}/traces"))
        self.otlp_endpoint = f"{address}/v1/traces"

    async def _stop_traces(self) -> None:
        if self._traces is not None:
            await self._traces.stop()

    async def _stop_services(self) -> None:
        # The bound lies above the services' own for answering what they have begun.
        await asyncio.gather(*(child.stop(patience=15) for child in self.services.values()))

    def _children(self) -> list[Child]:
        traces = [self._traces] if self._traces else []
        return [self.postgres.child, self.nats.child, *traces, *self.services.values()]


def neighbours(topology: Topology) -> dict[str, object]:
    """The settings that tell a service of the sites above and below its own; none at a site alone."""
    if not topology.links:
        return {}
    if topology.above:
        serves = list(topology.links[topology.site].serves)
        return {"domain": topology.domain, "above": topology.above, "serves": json.dumps(serves)}
    below = {site: list(link.serves) for site, link in topology.links.items()}
    return {"domain": topology.domain, "below": json.dumps(below)}


def key_files(folder: Path) -> tuple[Path, Path]:
    """The key pair of tokens, private and public, made on the first start."""
    private, public = folder / "secrets" / "token.pem", folder / "secrets" / "token.pub.pem"
    if not public.exists():
        private_text, public_text = new_keys()
        write_private(private, private_text)
        write_private(public, public_text)
    return private, public


def _answers(url: str) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                return (await http.get(url)).status_code == 200
        except httpx.HTTPError:
            return False

    return probe


async def _together(*starts: Coroutine[Any, Any, object]) -> None:
    """Runs them at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
