"""Base backups of the embedded PostgreSQL: made while it runs, listed, verified, and the oldest let go.

``make_backup(site.postgres)`` copies the whole server; ``thidua.local.recovery`` takes one database out of it again.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from thidua.local.databases import session
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.processes import Child, ChildDied
from thidua.local.vault import Vault, vaults
from thidua.local.wal_archive import replication_login, replication_password, vault_of

SEGMENT_BYTES = 16 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")

Progress = Callable[[int, int], None]
"""Bytes copied and bytes in all (an estimate until the end)."""


class BackupFailed(Exception):
    """A backup could not be made, found or trusted; the text, for an operator, says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """One base backup. It holds the log it needs to be whole at ``ended``; ``vault.wal`` goes on from there."""

    name: str
    vault: Vault
    began: datetime
    bytes: int
    timeline: int
    first_lsn: int
    """Where the log begins that the backup needs; position in bytes."""
    last_lsn: int
    """Where the backup is consistent."""

    @property
    def path(self) -> Path:
        return self.vault.base / self.name

    @property
    def first_segment(self) -> str:
        return segment_name(self.timeline, self.first_lsn)


@dataclass(frozen=True)
class Archived:
    """How far the archive of a vault goes on from a backup without a hole."""

    until_lsn: int
    """End of the last segment that follows on; of an unfinished one, its own end (it may be filled in part)."""
    missing: tuple[str, ...]
    """Segments that are not there though later ones are."""


async def make_backup(server: EmbeddedPostgres, name: str | None = None, progress: Progress | None = None) -> Backup:
    """Copies the running server whole, with the log it needs; the services go on meanwhile. Raises BackupFailed.

    ``name`` is by default the instant (``20241114T073000Z``). A backup interrupted half-way is never taken for one.
    """
    name = name or f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"
    if not NAME.fullmatch(name) or name.endswith(".unfinished"):
        raise BackupFailed(f"Tên bản sao “{name}” không hợp lệ: dùng chữ không dấu, số, dấu chấm, gạch.")
    vault = await vault_of(server)
    if (vault.base / name).exists():
        raise BackupFailed(f"Đã có bản sao tên {name}: không ghi đè. Hãy chọn tên khác.")
    unfinished = vault.base / f"{name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    options = [f"--pgdata={unfinished}", "--wal-method=stream", "--checkpoint=fast", "--no-password", "--progress"]
    options += replication_login(server)
    if not server.durable:
        options.append("--no-sync")
    log = server.folder / "backup.log"
    child = await server.installed.begin("pg_basebackup", options, log=log, env=replication_password(server))
    try:
        await _copied(server, child, progress)
    except ChildDied as died:
        raise BackupFailed(f"Không sao được: {died}") from died
    finally:
        await child.stop()
    unfinished.rename(vault.base / name)
    _sync(vault.base)
    return read_backup(vault, name)


async def _copied(server: EmbeddedPostgres, child: Child, progress: Progress | None) -> None:
    """Waits for the end of the copy. Raises ChildDied."""
    ending = asyncio.ensure_future(child.process.wait())
    async with session(server.superuser) as db:
        while not ending.done():
            await asyncio.wait([ending], timeout=0.2)
            row = await db.fetchrow("SELECT backup_streamed, backup_total FROM pg_stat_progress_basebackup")
            if progress is not None and row is not None and row["backup_total"]:
                progress(row["backup_streamed"], row["backup_total"])
    if child.process.returncode != 0:
        raise child.died()


def list_backups(server: EmbeddedPostgres) -> list[Backup]:
    """Every backup of this site, oldest first; also of clusters that stood here before."""
    found = [
        read_backup(vault, path.name)
        for vault in vaults(server.folder, server.installed)
        for path in vault.base.iterdir()
        if not path.name.endswith(".unfinished")
    ]
    return sorted(found, key=lambda backup: (backup.began, backup.name))


def find_backup(server: EmbeddedPostgres, name: str) -> Backup:
    """The backup of that name. Raises BackupFailed with the names there are."""
    there = list_backups(server)
    for backup in there:
        if backup.name == name:
            return backup
    known = ", ".join(backup.name for backup in there) or "chưa có bản nào"
    raise BackupFailed(f"Không có bản sao tên {name}. Hiện có: {known}.")


def read_backup(vault: Vault, name: str) -> Backup:
    """What the backup says of itself. Raises BackupFailed when it cannot be read."""
    path = vault.base / name
    try:
        manifest = json.loads((path / "backup_manifest").read_bytes())
        label = (path / "backup_label").read_text(encoding="utf-8")
        wal = manifest["WAL-Ranges"][0]
        began = re.search(r"^START TIME: (.+) UTC$", label, re.MULTILINE)
        if began is None:
            raise ValueError("backup_label names no start time")
        return Backup(
            name=name,
            vault=vault,
            began=datetime.fromisoformat(began[1]).replace(tzinfo=timezone.utc),
            bytes=sum(file["Size"] for file in manifest["Files"]),
            timeline=wal["Timeline"],
            first_lsn=lsn(wal["Start-LSN"]),
            last_lsn=lsn(wal["End-LSN"]),
        )
    except (OSError, ValueError, KeyError, IndexError) as wrong:
        raise BackupFailed(f"Bản sao {path} không đọc được ({wrong}): đừng dùng, hãy xóa hoặc làm bản khác.") from wrong


async def verify_backup(server: EmbeddedPostgres, backup: Backup) -> Archived:
    """Reads every byte of the backup against its manifest, and looks for holes in the log after it.

    Raises BackupFailed for a damaged backup; says what is archived.
    """
    try:
        await server.installed.run("pg_verifybackup", ["--quiet", backup.path], log=server.folder / "backup-verify.log")
    except ChildDied as died:
        raise BackupFailed(f"Bản sao {backup.name} đã hỏng: {died}") from died
    return archived_after(backup)


def archived_after(backup: Backup) -> Archived:
    """What the archive holds from the backup's first segment on."""
    held = {path.name.removesuffix(".partial") for path in backup.vault.wal.iterdir()}
    later = sorted(name for name in held if re.fullmatch("[0-9A-F]{24}", name) and name >= backup.first_segment)
    if not later:
        return Archived(backup.last_lsn, ())
    at, last = backup.first_lsn // SEGMENT_BYTES, _number(later[-1])
    missing = [nr for nr in range(at, last + 1) if segment_name(backup.timeline, nr * SEGMENT_BYTES) not in held]
    until = (missing[0] if missing else last + 1) * SEGMENT_BYTES
    return Archived(
        max(until, backup.last_lsn), tuple(segment_name(backup.timeline, nr * SEGMENT_BYTES) for nr in missing)
    )


async def keep_newest(server: EmbeddedPostgres, count: int) -> list[str]:
    """Lets go of all but the newest ``count`` backups of this cluster, and of the log that only they needed.

    Returns the names that went.
    """
    vault = await vault_of(server)
    ours = [backup for backup in list_backups(server) if backup.vault == vault]
    gone = ours[:-count] if count > 0 else []
    for backup in gone:
        shutil.rmtree(backup.path)
    if gone:
        await server.installed.run(
            "pg_archivecleanup", [vault.wal, ours[-count].first_segment], log=server.folder / "backup.log"
        )
    return [backup.name for backup in gone]


def lsn(text: str) -> int:
    """``0/15000028`` as a position in bytes."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def segment_name(timeline: int, position: int) -> str:
    """The file of 16 MB that holds this position of the log."""
    number = position // SEGMENT_BYTES
    return f"{timeline:08X}{number >> 8:08X}{number & 0xFF:08X}"


def _number(segment: str) -> int:
    return int(segment[8:16], 16) << 8 | int(segment[16:], 16)


def _sync(folder: Path) -> None:
    """The new name itself is on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
