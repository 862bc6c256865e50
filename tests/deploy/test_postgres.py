"""The embedded PostgreSQL: who may connect where, what is kept from start to start, what a stop leaves."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from thidua.local.postgres import EmbeddedPostgres

from tests.support.processes import descendants, processes_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
async def server(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with EmbeddedPostgres(folder, durable=False) as running:
        yield running


async def test_a_role_cannot_connect_to_the_database_of_another_service(server: EmbeddedPostgres) -> None:
    registry = await server.ensure_service("registry")
    scoring = await server.ensure_service("scoring")
    for foreign in (scoring.name, "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(registry.named(foreign).dsn)


async def test_a_wrong_password_opens_nothing(server: EmbeddedPostgres) -> None:
    registry = await server.ensure_service("registry")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(registry.login("registry", "guessed").dsn)


async def test_a_service_may_build_schemas_in_its_own_database_only_as_an_ordinary_role(
    server: EmbeddedPostgres,
) -> None:
    registry = await server.ensure_service("registry")
    connection = await asyncpg.connect(registry.dsn)
    try:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS live; CREATE TABLE live.unit (id text PRIMARY KEY)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE ROLE intruder")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE DATABASE of_its_own")
    finally:
        await connection.close()


async def test_the_auditor_reads_every_database_and_writes_in_none(server: EmbeddedPostgres) -> None:
    owner = await asyncpg.connect((await server.ensure_service("awards")).dsn)
    await owner.execute("CREATE SCHEMA live; CREATE TABLE live.proposal AS SELECT 'đề nghị' AS kind")
    await owner.close()
    auditor = await asyncpg.connect(server.audit("awards").dsn)
    try:
        assert await auditor.fetchval("SELECT kind FROM live.proposal") == "đề nghị"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await auditor.execute("DELETE FROM live.proposal")
        await auditor.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute("DELETE FROM live.proposal")
    finally:
        await auditor.close()


async def test_the_demo_mark_is_seen_by_the_service_and_taken_away_when_not_asked_for(
    server: EmbeddedPostgres,
) -> None:
    seen = []
    for demo in (True, False):
        connection = await asyncpg.connect((await server.ensure_service("notify", demo=demo)).dsn)
        seen.append(await connection.fetchval("SELECT current_setting('thidua.demo', true)"))
        await connection.close()
    assert seen[0] == "on"
    assert not seen[1]


async def test_vietnamese_letters_are_letters(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect((await server.ensure_service("registry")).dsn)
    try:
        assert await connection.fetchval("SELECT lower('ĐẶNG THỊ ƯỚC')") == "đặng thị ước"
        assert await connection.fetchval("SELECT unaccent('Đặng Thị Ước')") == "Dang Thi Uoc"
        assert await connection.fetchval("SELECT similarity('Đặng', 'đặng')") == 1
    finally:
        await connection.close()


async def test_commits_wait_for_the_disk_by_default(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path) as durable:
        connection = await asyncpg.connect(durable.superuser.dsn)
        names = ["fsync", "full_page_writes", "synchronous_commit"]
        kept = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
        await connection.close()
    assert kept == ["on", "on", "on"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another account")
async def test_started_by_root_no_process_of_the_server_is_root(server: EmbeddedPostgres) -> None:
    pids = [server.child.pid, *descendants(server.child.pid)]
    assert len(pids) > 1
    assert all(os.stat(f"/proc/{pid}").st_uid != 0 for pid in pids)


def test_passwords_and_data_are_closed_to_other_accounts(server: EmbeddedPostgres, folder: Path) -> None:
    secrets = list((folder / "secrets").iterdir())
    assert secrets
    assert all(secret.stat().st_mode & 0o077 == 0 for secret in [*secrets, folder / "secrets"])
    assert folder.stat().st_mode & 0o066 == 0


async def test_the_next_start_finds_data_passwords_and_port_again_or_takes_another_port(
    tmp_path: Path,
) -> None:
    async with EmbeddedPostgres(tmp_path, durable=False) as first:
        registry = await first.ensure_service("registry")
        connection = await asyncpg.connect(registry.dsn)
        await connection.execute("CREATE SCHEMA live; CREATE TABLE live.unit AS SELECT 'ldld-cao-bang' AS id")
        await connection.close()
        pids = [first.child.pid, *descendants(first.child.pid)]
    assert processes_of(pids) == []

    async with EmbeddedPostgres(tmp_path, durable=False) as second:
        assert await second.ensure_service("registry") == registry
        connection = await asyncpg.connect(registry.dsn)
        assert await connection.fetchval("SELECT id FROM live.unit") == "ldld-cao-bang"
        await connection.close()

    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", registry.port))
        intruder.listen()
        async with EmbeddedPostgres(tmp_path, durable=False) as third:
            assert third.port != registry.port
            moved = await third.ensure_service("registry")
            await (await asyncpg.connect(moved.dsn)).close()


async def test_a_cluster_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path, durable=False) as server:
        data = Path(_data_directory(await _setting(server, "data_directory")))
    shutil.move(data, data.with_name("data.unfinished"))
    (data.with_name("data.unfinished") / "PG_VERSION").unlink()
    async with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert await _setting(server, "server_version_num") >= "180000"


async def _setting(server: EmbeddedPostgres, name: str) -> str:
    connection = await asyncpg.connect(server.superuser.dsn)
    try:
        return str(await connection.fetchval("SELECT current_setting($1)", name))
    finally:
        await connection.close()


def _data_directory(path: str) -> str:
    assert path.endswith("/postgres/data")
    return path
