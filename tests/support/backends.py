"""Where the tests' PostgreSQL and NATS come from: wheels everywhere, containers where Docker answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Protocol

from thidua.local.databases import Database, close_shared_databases, ensure_auditor
from thidua.local.nats import EmbeddedNats, User, configuration
from thidua.local.postgres import EmbeddedPostgres

POSTGRES_IMAGE = "postgres:18.6"
NATS_IMAGE = "nats:2.15.1"


class PostgresServer(Protocol):
    """What tests need of a PostgreSQL server: the superuser's login."""

    @property
    def superuser(self) -> Database: ...


class NatsServer(Protocol):
    """What tests need of a NATS server: its address and its users."""

    @property
    def url(self) -> str: ...

    users: dict[str, User]


@cache
def docker_trouble() -> str | None:
    """Why containers cannot be used here; None when a Docker engine answers."""
    import docker  # slow to import, and only asked once

    try:
        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except Exception as error:  # the client raises its transport's errors as they come
        return f"no Docker engine answers: {error}"
    return None


def docker_answers() -> bool:
    """Whether a Docker engine answers."""
    return docker_trouble() is None


def forced_backend() -> str | None:
    """THIDUA_TEST_BACKEND: `wheels` or `containers` for every test; None when it is not set."""
    return os.environ.get("THIDUA_TEST_BACKEND") or None


def backends_here() -> list[str]:
    """The backends that tests marked `every_backend` run on."""
    forced = forced_backend()
    if forced:
        return [forced]
    return ["wheels", "containers"] if docker_answers() else ["wheels"]


class Servers:
    """The servers of one test session, each started when first asked for and kept to the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = AsyncExitStack()
        self._postgres: dict[str, PostgresServer] = {}
        self._nats: dict[str, NatsServer] = {}

    async def close(self) -> None:
        await self._running.aclose()

    async def postgres(self, backend: str) -> PostgresServer:
        """A PostgreSQL server without fsync: most tests do not ask what a power cut leaves."""
        if backend not in self._postgres:
            server: EmbeddedPostgres | ContainerPostgres
            if backend == "wheels":
                server = EmbeddedPostgres(self._folder / "wheels", durable=False)
            else:
                server = ContainerPostgres()
            self._postgres[backend] = await self._running.enter_async_context(server)
        return self._postgres[backend]

    async def nats(self, backend: str) -> NatsServer:
        """A NATS server with one user, `test`, who may do everything."""
        if backend not in self._nats:
            users = {"test": User("test")}
            server = start_nats(backend, self._folder / f"nats-{backend}", users, durable=False)
            self._nats[backend] = await self._running.enter_async_context(server)
        return self._nats[backend]


def start_nats(
    backend: str, folder: Path, users: Mapping[str, User], *, domain: str | None = None, durable: bool = True
) -> EmbeddedNats | ContainerNats:
    """A NATS server of the test's own, to be entered with `async with`."""
    if backend == "wheels":
        return EmbeddedNats(folder, users, domain=domain, durable=durable)
    return ContainerNats(folder, users, domain=domain, durable=durable)


class ContainerPostgres:
    """PostgreSQL from its official image, with the locale of the embedded one."""

    async def __aenter__(self) -> ContainerPostgres:
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy

        initdb = "--locale-provider=builtin --builtin-locale=PG_UNICODE_FAST --lc-collate=C --lc-ctype=C.UTF-8"
        settings = "-c fsync=off -c max_connections=200 -c client_connection_check_interval=500ms"
        self._container = (
            DockerContainer(POSTGRES_IMAGE)
            .with_env("POSTGRES_PASSWORD", "postgres")
            .with_env("POSTGRES_INITDB_ARGS", initdb)
            .with_command(settings)
            .with_exposed_ports(5432)
            # Said twice: the image starts the server once for itself while it makes the cluster.
            .waiting_for(LogMessageWaitStrategy("database system is ready to accept connections", times=2))
        )
        self._container.start()
        await close_shared_databases(self.superuser)
        await ensure_auditor(self.superuser, "audit")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._container.stop()

    @property
    def superuser(self) -> Database:
        host = self._container.get_container_host_ip()
        port = self._container.get_exposed_port(5432)
        return Database(host, port, "postgres", "postgres", "postgres")


class ContainerNats:
    """NATS from its official image, with the configuration that the embedded one gets."""

    def __init__(
        self, folder: Path, users: Mapping[str, User], *, domain: str | None = None, durable: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._conf = folder / "nats.conf"
        self._text = configuration(users, store="/data", domain=domain, host="0.0.0.0", durable=durable)
        self.users = dict(users)

    async def __aenter__(self) -> ContainerNats:
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy

        self._conf.write_text(self._text, encoding="utf-8")
        self._container = (
            DockerContainer(NATS_IMAGE)
            .with_volume_mapping(str(self._conf), "/etc/nats/thidua.conf", "ro")
            .with_command("-c /etc/nats/thidua.conf")
            .with_exposed_ports(4222)
            .waiting_for(LogMessageWaitStrategy("Server is ready"))
        )
        self._container.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._container.stop()

    @property
    def url(self) -> str:
        host = self._container.get_container_host_ip()
        return f"nats://{host}:{self._container.get_exposed_port(4222)}"
