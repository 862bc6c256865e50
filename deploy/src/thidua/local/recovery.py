"""Brings one service's database back from a base backup, with the archived log or without; the others stay as they are.

A temporary server, reachable by nobody else, is started on a copy of the backup and brought to the instant wanted; that
one database is taken out of it and put in the place of the live one, in one transaction. What was live is kept aside
under another name. The service must be stopped; when it starts again its own gate compares it with what others hold.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import asyncpg

from thidua.local.backups import Backup, BackupFailed, archived_after, find_backup
from thidua.local.databases import ensure_database, quoted, session
from thidua.local.folders import kept_secret
from thidua.local.postgres import SUPERUSER, EmbeddedPostgres
from thidua.local.processes import Child, ChildDied, NotReady
from thidua.local.wal_archive import archived_up_to_now

Report = Callable[[str], None]


@dataclass(frozen=True)
class Recovered:
    """A database that stands again as it was at some instant."""

    service: str
    backup: str
    log: str | None
    """The log it holds, ``<site>.<service>``; None for a database that never opened one."""
    epoch: int
    seq: int
    """The head of that log now; 0 without one."""
    was_seq: int | None
    """The head that the replaced database had; None when that could not be read."""
    kept_as: str | None
    """The name under which the replaced database is kept; None when there was none or it was not to be kept."""


async def recover_service(
    server: EmbeddedPostgres,
    service: str,
    backup: str,
    *,
    until: datetime | None = None,
    with_wal: bool = True,
    keep_replaced: bool = True,
    report: Report = lambda step: None,
) -> Recovered:
    """Puts the database of a stopped service back as the backup has it, brought forward by the archived log.

    ``until``: to that instant (with time zone); ``with_wal=False``: to the end of the backup itself.
    Raises BackupFailed while the service runs, or when backup or archive do not reach that far.
    """
    found = find_backup(server, backup)
    await _stopped(server, service)
    if with_wal:
        report("chờ kho lưu WAL nhận đủ")
        await archived_up_to_now(server)
        missing = archived_after(found).missing
        if missing:
            raise BackupFailed(
                f"Kho lưu WAL sau bản sao {backup} thiếu {len(missing)} đoạn, từ {missing[0]}. "
                "Chỉ khôi phục được tới cuối bản sao: thêm --without-wal."
            )
    demo = await _is_demo(server, service)
    fresh = f"{service}_recovering"
    report(f"dựng máy chủ tạm từ {backup}")
    work = server.installed.home / f"recovering-{service}"
    async with _temporary_server(server, found, work, until=until, with_wal=with_wal) as sockets:
        if not await _holds(sockets, service):
            raise BackupFailed(f"Bản sao {backup} không có cơ sở dữ liệu {service}.")
        report(f"lấy cơ sở dữ liệu {service}")
        await _drop(server, fresh)
        password = kept_secret(server.folder, f"postgres-{service}")
        await ensure_database(server.superuser, fresh, role=service, password=password, demo=demo)
        await _carried_over(server, sockets, work / "dump", service, fresh)
    report("đưa vào thay cơ sở dữ liệu đang dùng")
    was = await _head(server, service)
    kept_as = await _swapped(server, service, fresh)
    if kept_as is not None and not keep_replaced:
        await _drop(server, kept_as)
        kept_as = None
    head = await _head(server, service)
    log, epoch, seq = head if head else (None, 1, 0)
    return Recovered(service, backup, log, epoch, seq, was[2] if was else None, kept_as)


async def _stopped(server: EmbeddedPostgres, service: str, within: float = 3.0) -> None:
    """A process that was just killed needs a moment until the server has seen it go."""
    deadline = asyncio.get_running_loop().time() + within
    async with session(server.superuser) as db:
        while await db.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = $1 AND backend_type = $2",
            service,
            "client backend",
        ):
            if asyncio.get_running_loop().time() > deadline:
                raise BackupFailed(
                    f"Dịch vụ {service} đang chạy và dùng cơ sở dữ liệu của mình: hãy dừng nó trước "
                    "(hệ thống do `make up` mở thì Ctrl-C ở cửa sổ đó), rồi chạy lại lệnh này."
                )
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _temporary_server(
    server: EmbeddedPostgres, backup: Backup, work: Path, *, until: datetime | None, with_wal: bool
) -> AsyncIterator[Path]:
    """A server on a copy of the backup, listening on sockets in the folder given, which only its account enters."""
    installed, log = server.installed, server.folder / "recovery.log"
    data, rules = work / "data", work / "hba.conf"
    await asyncio.to_thread(_laid_out, backup.path, work, data, rules, installed.own)
    sockets = Path(tempfile.mkdtemp(prefix="thidua-"))  # the path of a socket may have 107 bytes at most
    installed.own(sockets)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "hba_file": str(rules),
        "fsync": "off",
        "full_page_writes": "off",
        "hot_standby": "off",
        "max_connections": "20",
        "shared_buffers": "64MB",
    }
    settings |= _replayed_from(backup, until) if with_wal else {"restore_command": "false"}
    options: list[str | Path] = ["-D", data]
    for name, value in settings.items():
        options += ["-c", f"{name}={value}"]
    child = await installed.begin("postgres", options, log=log)
    try:
        await child.ready(lambda: _answers(sockets), within=600)
        yield sockets
    except (ChildDied, NotReady) as failed:
        raise BackupFailed(_why_not(child, until, failed)) from failed
    finally:
        await child.stop(signal.SIGINT, patience=10, firmly=signal.SIGQUIT)
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)


def _replayed_from(backup: Backup, until: datetime | None) -> dict[str, str]:
    """Settings by which the server takes the archived log, the unfinished segment last."""
    wal = str(backup.vault.wal).replace("%", "%%")
    settings = {
        "restore_command": f'cp "{wal}/%f" "%p" 2>/dev/null || cp "{wal}/%f.partial" "%p" 2>/dev/null',
        "recovery_target_action": "promote",
    }
    if until is not None:
        settings["recovery_target_time"] = until.astimezone(timezone.utc).isoformat()
    return settings


def _why_not(child: Child, until: datetime | None, failed: Exception) -> str:
    if until is not None and "recovery ended before configured recovery target" in child.last_lines():
        return (
            f"Kho lưu WAL không tới được {until.isoformat()}: không có giao dịch nào sau thời điểm đó. "
            "Bỏ --until để khôi phục tới giao dịch cuối cùng được lưu."
        )
    return f"Máy chủ tạm không dựng được: {failed}"


def _laid_out(backup: Path, work: Path, data: Path, rules: Path, own: Callable[[Path], None]) -> None:
    """A copy of the backup beside a rule that lets the superuser in by socket: its password may be another by now."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    shutil.copytree(backup, data, symlinks=True)
    (data / "recovery.signal").touch()
    rules.write_text(f"local all {SUPERUSER} trust\n", encoding="ascii")
    for path in (work, *work.rglob("*")):
        own(path)


async def _answers(sockets: Path) -> bool:
    try:
        await (await _connect(sockets, "postgres")).close()
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


async def _connect(sockets: Path, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(host=str(sockets), port=5432, user=SUPERUSER, database=database, timeout=5)


async def _holds(sockets: Path, service: str) -> bool:
    db = await _connect(sockets, "postgres")
    try:
        return bool(await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", service))
    finally:
        await db.close()


async def _carried_over(server: EmbeddedPostgres, sockets: Path, dump: Path, service: str, fresh: str) -> None:
    """By dump and restore: databases of different servers share no files. Owners and grants come along."""
    installed, log = server.installed, server.folder / "recovery.log"
    here = [f"--host={sockets}", "--port=5432", f"--username={SUPERUSER}"]
    there = ["--host=127.0.0.1", f"--port={server.port}", f"--username={SUPERUSER}", "--no-password"]
    password = {"PGPASSWORD": server.superuser.password}
    await installed.run(
        "pg_dump",
        [*here, "--format=directory", "--compress=none", "--no-sync", "--jobs=2", f"--file={dump}", service],
        log=log,
    )
    await installed.run(
        "pg_restore", [*there, "--exit-on-error", "--jobs=2", f"--dbname={fresh}", dump], log=log, env=password
    )
    async with session(server.superuser.named(fresh)) as db:
        await db.execute("ANALYZE")


async def _is_demo(server: EmbeddedPostgres, service: str) -> bool:
    """Whether the live database obeys the published instant; the recovered one does so, too."""
    async with session(server.superuser) as db:
        return bool(
            await db.fetchval(
                "SELECT 'thidua.demo=on' = ANY (s.setconfig) FROM pg_db_role_setting s"
                " JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = $1 AND s.setrole = 0",
                service,
            )
        )


async def _head(server: EmbeddedPostgres, database: str) -> tuple[str, int, int] | None:
    """Log, epoch and seq of the head; None when the database, or its log, is not there."""
    try:
        async with session(server.superuser.named(database)) as db:
            row = await db.fetchrow("SELECT log, epoch, seq FROM chassis.log_head")
    except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    return (row["log"], row["epoch"], row["seq"]) if row else None


async def _swapped(server: EmbeddedPostgres, service: str, fresh: str) -> str | None:
    """The fresh database takes the service's name; the name that the former one bears from now on."""
    former = f"{service}_replaced_{datetime.now(timezone.utc):%Y%m%dt%H%M%Sz}"
    async with session(server.superuser) as db:
        exists = await db.fetchval("SELECT true FROM pg_database WHERE datname = $1", service)
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ($1, $2)", service, fresh
        )
        async with db.transaction():
            if exists:
                # Its role keeps no way in: nothing writes to what was taken out of use.
                await db.execute(f"ALTER DATABASE {quoted(service)} OWNER TO {quoted(SUPERUSER)}")
                await db.execute(f"REVOKE ALL ON DATABASE {quoted(service)} FROM {quoted(service)}")
                await db.execute(f"ALTER DATABASE {quoted(service)} RENAME TO {quoted(former)}")
            await db.execute(f"ALTER DATABASE {quoted(fresh)} RENAME TO {quoted(service)}")
    return former if exists else None


async def _drop(server: EmbeddedPostgres, database: str) -> None:
    async with session(server.superuser) as db:
        await db.execute(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)")
