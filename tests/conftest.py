"""Fixtures that every test may ask for: databases, NATS and mail, on each backend that this machine has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from thidua.local.mail import MailServer

from tests.support.backends import NatsServer, PostgresServer, Servers, backends_here, forced_backend
from tests.support.databases import DatabaseMaker


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "every_backend: run on wheels and, where a Docker engine answers, on containers too"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together when several processes share the work (``--dist loadgroup``).

    A file keeps to one process; so do all the files that share the one whole site and its year, which come first
    because they take longest.
    """
    for item in items:
        shares_site = "site" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("whole site" if shares_site else item.nodeid.split("::")[0]))
    items.sort(key=lambda item: "site" not in getattr(item, "fixturenames", ()))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("every_backend"):
        metafunc.parametrize("backend", backends_here(), indirect=True, scope="session")


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """`wheels` or `containers`."""
    return getattr(request, "param", None) or forced_backend() or "wheels"


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """The servers of this session, kept across backends."""
    kept = Servers(tmp_path_factory.mktemp("servers"))
    yield kept
    await kept.close()


@pytest.fixture(scope="session")
async def postgres_server(servers: Servers, backend: str) -> PostgresServer:
    """One PostgreSQL server for the session."""
    return await servers.postgres(backend)


@pytest.fixture(scope="session")
async def make_database(postgres_server: PostgresServer) -> DatabaseMaker:
    """`await make_database("registry", prepare)`: a fresh database and its role (`.url`, `.dsn`)."""
    return DatabaseMaker(postgres_server)


@pytest.fixture(scope="session")
async def nats_server(servers: Servers, backend: str) -> NatsServer:
    """One NATS server for the session; user `test`, password `test`, may do everything."""
    return await servers.nats(backend)


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A real SMTP server in this process, empty at the start of each test."""
    async with MailServer() as server:
        yield server
