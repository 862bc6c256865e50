"""The site in containers: what the compose file gives to whom, and a real start where a Docker engine answers."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from chassis import settings
from chassis.settings import Settings
from thidua.local.compose import write_secrets
from thidua.local.folders import DEPLOY, free_port
from thidua.local.postgres import INITDB, SETTINGS

from tests.deploy.site_in_containers import (
    COMPOSE,
    CONTAINERS,
    ROOT,
    SERVICES,
    TOPOLOGY,
    given,
    mounts,
    secret_settings,
)
from tests.support.backends import NATS_IMAGE, POSTGRES_IMAGE, docker_trouble

SHARED = {"THIDUA_SERVICE_SECRET"}
"""Calls among services are made with it, so all of them know it."""


def test_every_service_of_the_topology_is_there_with_its_image_its_database_and_its_nats_user(
    compose_folder: Path,
) -> None:
    for name in SERVICES:
        told = given(compose_folder, name)
        assert CONTAINERS[name]["build"]["args"] == {"SERVICE": name}
        assert told["THIDUA_NATS_USER"] == name
        assert re.fullmatch(rf"postgresql\+asyncpg://{name}:[^:@/]+@postgres:5432/{name}", told["THIDUA_DATABASE_URL"])
        assert told["THIDUA_SITE"] == TOPOLOGY.site
    services = {name for name, described in CONTAINERS.items() if "THIDUA_SITE" in described.get("environment", {})}
    assert services == set(SERVICES)


def test_a_container_of_a_service_is_given_only_settings_that_exist_and_all_that_it_needs(compose_folder: Path) -> None:
    known = {f"THIDUA_{name.upper()}" for name in Settings.model_fields}
    needed = {f"THIDUA_{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()}
    for name in SERVICES:
        assert needed <= given(compose_folder, name).keys() <= known
    assert given(compose_folder, "topology").keys() == {"THIDUA_NATS_URL", "THIDUA_NATS_PASSWORD"} <= known


def test_no_container_is_given_the_secret_of_another(compose_folder: Path) -> None:
    secrets = {
        container: {value for name, value in secret_settings(compose_folder, container).items() if name not in SHARED}
        for container in [*SERVICES, "postgres", "topology"]
    }
    values = [value for own in secrets.values() for value in own]
    assert len(values) == len(set(values))
    keys = {name: set(CONTAINERS[name].get("secrets", [])) for name in CONTAINERS}
    assert [name for name in CONTAINERS if "token-private" in keys[name]] == ["registry"]
    assert all("token-public" in keys[name] for name in SERVICES)
    holders = [name for name in SERVICES if "THIDUA_BOOTSTRAP_PASSWORD" in secret_settings(compose_folder, name)]
    assert holders == ["registry"]


def test_neither_secrets_nor_places_of_one_machine_stand_in_what_is_committed(compose_folder: Path) -> None:
    assert ".compose/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in ("compose.yaml", "Dockerfile", "collector.yaml", "README.md"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert not re.search(r"(?i:password|secret)\s*[:=]\s*\S|BEGIN PRIVATE KEY", text), name
        assert str(ROOT) not in text
    for name in CONTAINERS:
        assert all(mount.startswith(("./", "${THIDUA_COMPOSE:-./", "postgres:", "nats:")) for mount in mounts(name))


def test_secrets_stay_when_they_are_asked_for_again_and_nobody_else_on_the_machine_reaches_them(
    compose_folder: Path,
) -> None:
    former = {path: path.read_bytes() for path in compose_folder.rglob("*") if path.is_file()}
    write_secrets(compose_folder, TOPOLOGY)
    assert {path: path.read_bytes() for path in compose_folder.rglob("*") if path.is_file()} == former
    assert compose_folder.stat().st_mode & 0o077 == 0
    # Those that compose mounts are read by other accounts inside the containers.
    mounted = {"nats.conf", "databases.sql", "token.pem", "token.pub.pem"}
    assert {path.name for path in former if path.stat().st_mode & 0o044} == mounted


def test_every_file_that_is_mounted_is_there(compose_folder: Path) -> None:
    sources = [mount for name in CONTAINERS for mount in mounts(name)]
    files = [source.rsplit(":", 2)[0] for source in sources if source.endswith(":ro")]
    files += [secret["file"] for secret in COMPOSE["secrets"].values()]
    assert len(files) == 6
    for file in files:
        path = file.replace("${THIDUA_COMPOSE:-./.compose}", str(compose_folder))
        assert (DEPLOY / path).is_file(), file


def test_every_image_is_pinned_and_those_of_the_servers_are_the_ones_that_tests_run_on() -> None:
    for name, described in CONTAINERS.items():
        if "build" in described:
            assert (DEPLOY / described["build"]["context"] / described["build"]["dockerfile"]).is_file()
        else:
            assert re.search(r":\d+\.\d+(\.\d+)?(-alpine)?$", described["image"]), name
    assert CONTAINERS["postgres"]["image"] == POSTGRES_IMAGE
    assert CONTAINERS["nats"]["image"] == f"{NATS_IMAGE}-alpine"


def test_services_start_when_databases_and_streams_are_there_and_say_when_they_are_ready() -> None:
    for name in SERVICES:
        depends = {other: how["condition"] for other, how in CONTAINERS[name]["depends_on"].items()}
        assert depends["postgres"] == "service_healthy"
        assert depends["topology"] == "service_completed_successfully"
        assert CONTAINERS[name]["healthcheck"]["test"][-2:] == ["chassis.probe", "ready"]
    assert CONTAINERS["topology"]["depends_on"]["nats"]["condition"] == "service_healthy"
    assert all("test" in CONTAINERS[server]["healthcheck"] for server in ("postgres", "nats"))


def test_ports_are_open_on_this_machine_only_and_servers_open_none() -> None:
    ports = {name: described.get("ports", []) for name, described in CONTAINERS.items()}
    assert all(port.startswith("127.0.0.1:") for opened in ports.values() for port in opened)
    assert not ports["postgres"]
    assert not ports["nats"]


def test_services_run_without_any_right_of_the_system() -> None:
    for name in [*SERVICES, "topology"]:
        described = CONTAINERS[name]
        assert described["read_only"] is True
        assert described["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in described["security_opt"]


def test_postgresql_has_locale_and_settings_of_the_embedded_one() -> None:
    described = CONTAINERS["postgres"]
    assert described["environment"]["POSTGRES_INITDB_ARGS"].split() == [
        argument for argument in INITDB if not argument.startswith("--username=")
    ]
    told = dict(argument.removeprefix("-c").split("=", 1) for argument in described["command"][1:])
    # Where it listens is the image's affair.
    assert told == {name: value for name, value in SETTINGS.items() if name not in _PLACES}
    assert [mount for mount in mounts("postgres") if mount.startswith("postgres:")] == ["postgres:/var/lib/postgresql"]


_PLACES = {"listen_addresses", "unix_socket_directories"}


def test_the_readme_shows_the_settings_as_they_are() -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert readme.endswith(f"\n\n{settings.table()}\n")


@pytest.mark.timeout(1200)
def test_the_site_is_built_and_every_service_becomes_ready(tmp_path: Path) -> None:
    trouble = docker_trouble() or _compose_trouble()
    if trouble is not None:
        pytest.skip(trouble)
    folder = tmp_path / "compose"
    write_secrets(folder, TOPOLOGY)
    ports = {name: free_port() for name in [*SERVICES, "collector_health"]}
    told = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()} | {"THIDUA_COMPOSE": str(folder)}
    project = ["docker", "compose", "-p", f"thidua-test-{os.getpid()}", "-f", str(DEPLOY / "compose.yaml")]
    try:
        up = [*project, "up", "--build", "--detach", "--wait", "--wait-timeout", "180"]
        done = subprocess.run(up, env=os.environ | told, capture_output=True, text=True, timeout=1000)
        logs = subprocess.run([*project, "logs", "--tail=40"], env=os.environ | told, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:] + logs.stdout[-8000:]
        with httpx.Client(trust_env=False, timeout=10) as http:
            for name in SERVICES:
                answer = http.get(f"http://127.0.0.1:{ports[name]}/health/ready")
                assert answer.status_code == 200, answer.text
            assert http.get(f"http://127.0.0.1:{ports['collector_health']}").status_code == 200
    finally:
        down = [*project, "down", "--volumes", "--timeout", "5"]
        subprocess.run(down, env=os.environ | told, capture_output=True, timeout=120)


def _compose_trouble() -> str | None:
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True)
    return None if asked.returncode == 0 else "docker has no compose plugin"
