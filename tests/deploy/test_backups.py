"""Backups of the embedded PostgreSQL: made while it runs, verified, and one database brought back from them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path

import asyncpg
import pytest
from thidua.local.backups import BackupFailed, keep_newest, list_backups, make_backup, verify_backup
from thidua.local.folders import FolderUnusable
from thidua.local.postgres import EmbeddedPostgres
from thidua.local.recovery import recover_service
from thidua.local.vault import open_vault
from thidua.local.wal_archive import archived_up_to_now


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    folder = tmp_path_factory.mktemp("site")
    async with EmbeddedPostgres(folder, durable=False, archive=True) as running:
        for service in ("registry", "scoring"):
            await running.ensure_service(service, demo=service == "registry")
            await execute(
                running,
                service,
                "CREATE SCHEMA chassis",
                "CREATE TABLE chassis.log_head (log text, epoch integer, seq bigint)",
                f"INSERT INTO chassis.log_head VALUES ('vn.{service}', 1, 1)",
                "CREATE TABLE note (text text)",
            )
        yield running


async def execute(server: EmbeddedPostgres, service: str, *statements: str) -> None:
    """As the service's own role."""
    db = await asyncpg.connect((await server.ensure_service(service, demo=service == "registry")).dsn)
    for statement in statements:
        await db.execute(statement)
    await db.close()


async def note(server: EmbeddedPostgres, service: str, text: str) -> None:
    await execute(server, service, f"INSERT INTO note VALUES ('{text}')", "UPDATE chassis.log_head SET seq = seq + 1")


async def notes(server: EmbeddedPostgres, service: str) -> list[str]:
    db = await asyncpg.connect(server.audit(service).dsn)
    found = [row["text"] for row in await db.fetch("SELECT text FROM public.note ORDER BY ctid")]
    await db.close()
    return found


async def test_a_database_comes_back_with_the_archived_log_and_the_others_stay(server: EmbeddedPostgres) -> None:
    copied: list[int] = []
    await note(server, "registry", "before")
    await make_backup(server, "whole", progress=lambda done, total: copied.append(done))
    await note(server, "registry", "after")
    await note(server, "scoring", "of another")
    recovered = await recover_service(server, "registry", "whole")
    assert (recovered.log, recovered.seq, recovered.was_seq) == ("vn.registry", 3, 3)
    assert await notes(server, "registry") == ["before", "after"]
    assert await notes(server, "scoring") == ["of another"]


async def test_without_the_log_it_stands_where_the_backup_ended_and_the_replaced_one_is_kept(
    server: EmbeddedPostgres,
) -> None:
    recovered = await recover_service(server, "registry", "whole", with_wal=False)
    assert await notes(server, "registry") == ["before"]
    assert (recovered.seq, recovered.was_seq) == (2, 3)
    assert recovered.kept_as is not None
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect((await server.ensure_service("registry", demo=True)).named(recovered.kept_as).dsn)


async def test_the_recovered_database_keeps_its_owner_its_closed_door_and_its_demo_mark(
    server: EmbeddedPostgres,
) -> None:
    other = (await server.ensure_service("scoring")).named("registry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(other.dsn)
    db = await asyncpg.connect(server.superuser.named("registry").dsn)
    assert await db.fetchval("SELECT current_setting('thidua.demo', true)") == "on"
    assert await db.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'log_head'") == "registry"
    await db.close()


async def test_it_comes_back_as_it_was_at_an_instant_also_from_a_server_that_was_killed(
    server: EmbeddedPostgres,
) -> None:
    await note(server, "scoring", "wanted")
    instant = datetime.now(timezone.utc)
    server.child.process.kill()
    await server.child.process.wait()
    await server.start()
    await note(server, "scoring", "not wanted")
    with pytest.raises(BackupFailed, match="không có giao dịch nào sau"):
        await recover_service(server, "scoring", "whole", until=datetime(2999, 1, 1, tzinfo=timezone.utc))
    recovered = await recover_service(server, "scoring", "whole", until=instant, keep_replaced=False)
    assert await notes(server, "scoring") == ["of another", "wanted"]
    assert recovered.was_seq == recovered.seq + 1


async def test_a_service_that_runs_is_not_replaced(server: EmbeddedPostgres) -> None:
    running = await asyncpg.connect((await server.ensure_service("scoring")).dsn)
    try:
        with pytest.raises(BackupFailed, match="đang chạy"):
            await recover_service(server, "scoring", "whole")
    finally:
        await running.close()


async def test_damage_and_holes_are_found(server: EmbeddedPostgres) -> None:
    backup = await make_backup(server, "damaged")
    db = await asyncpg.connect(server.superuser.dsn)
    for _ in range(3):
        await db.execute("SELECT pg_switch_wal()")
        await db.execute("CREATE TABLE filler ()")
        await db.execute("DROP TABLE filler")
    await db.close()
    await archived_up_to_now(server)
    assert (await verify_backup(server, backup)).missing == ()
    segments = sorted(path for path in backup.vault.wal.iterdir() if path.name > backup.first_segment)
    aside = segments[0].rename(segments[0].with_suffix(".aside"))
    assert (await verify_backup(server, backup)).missing == (segments[0].name,)
    with pytest.raises(BackupFailed, match=f"thiếu 1 đoạn, từ {segments[0].name}"):
        await recover_service(server, "scoring", "damaged")
    aside.rename(segments[0])
    version = backup.path / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(BackupFailed, match=r"đã hỏng[^*]*PG_VERSION"):
        await verify_backup(server, backup)


async def test_only_the_newest_are_kept_with_the_log_that_they_need(server: EmbeddedPostgres) -> None:
    with pytest.raises(BackupFailed, match="không ghi đè"):
        await make_backup(server, "whole")
    newest = list_backups(server)[-1]
    assert await keep_newest(server, 1) == ["whole"]
    assert list_backups(server) == [newest]
    assert min(path.name for path in newest.vault.wal.iterdir()) >= newest.first_segment


def test_a_vault_may_lie_on_another_disk_if_the_server_can_reach_it(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Path(tempfile.mkdtemp(dir=server.installed.home))
    server.installed.own(disk)
    monkeypatch.setenv("THIDUA_BACKUPS", str(disk))
    assert open_vault(tmp_path / "up", server.installed, 7).base == disk / "up" / "7" / "base"
    monkeypatch.setenv("THIDUA_BACKUPS", str(tmp_path))
    if server.installed.account is not None:
        with pytest.raises(FolderUnusable, match="nobody"):
            open_vault(tmp_path / "up", server.installed, 7)
