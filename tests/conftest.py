"""Fixtures that every test may ask for: databases, NATS and mail, on each backend that this machine has."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from thidua.local.mail import MailServer
from thidua.local.stand_in import orphans, remove_stand_ins
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.backends import NatsServer, PostgresServer, Servers, backends_here, forced_backend
from tests.support.databases import DatabaseMaker

WHOLE_SITE = frozenset(
    f"tests/system/test_{name}.py"
    for name in ("cli", "main_py_is_true", "no_request_breaks_a_service", "rights", "whole_site")
)
"""Files that use the fixture ``site`` of tests/system."""


def pytest_configure(config: pytest.Config) -> None:
    # As services write them, on one line each: boxes around every local of a traceback take seconds to draw.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])
    config.addinivalue_line(
        "markers", "every_backend: run on wheels and, where a Docker engine answers, on containers too"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: the files that share the one whole site and its year, then the other sites."""
    items.sort(key=lambda item: (not _shares_site(item.nodeid), not item.nodeid.startswith("tests/system/")))


class FilesTogether(LoadScopeScheduling):
    """Several processes share the work by files; the files that share the whole site are one piece of work."""

    def _split_scope(self, nodeid: str) -> str:
        return "whole site" if _shares_site(nodeid) else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether:
    config.option.loadscopereorder = False
    return FilesTogether(config, log)


def _shares_site(nodeid: str) -> bool:
    return nodeid.split("::")[0] in WHOLE_SITE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("every_backend"):
        metafunc.parametrize("backend", backends_here(), indirect=True, scope="session")


@pytest.fixture(scope="session", autouse=True)
def nothing_kept_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run by root, databases stand outside pytest's closed folders: theirs go with them, and those of killed runs."""
    for path, _folder in orphans(Path(tempfile.gettempdir())):
        shutil.rmtree(path, ignore_errors=True)
    yield
    remove_stand_ins(tmp_path_factory.getbasetemp())


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
