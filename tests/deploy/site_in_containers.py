"""What compose.yaml describes, and what a container is given of it: read by several tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from chassis.topology import Topology
from thidua.local.folders import DEPLOY, topology_file

ROOT = DEPLOY.parent
TOPOLOGY = Topology.load(topology_file())
SERVICES = list(TOPOLOGY.services)
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
CONTAINERS: dict[str, Any] = COMPOSE["services"]


def secret_settings(folder: Path, container: str) -> dict[str, str]:
    """What stands in a container's own file of secrets."""
    lines = (folder / f"{container}.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def given(folder: Path, container: str) -> dict[str, str]:
    """The environment of a container: what stands in the compose file and in its own file of secrets."""
    described = CONTAINERS[container]
    assert described["env_file"] == ["${THIDUA_COMPOSE:-.compose}/" + f"{container}.env"]
    return described["environment"] | secret_settings(folder, container)


def mounts(container: str) -> list[str]:
    """Its volumes and files, as `source:target[:ro]`."""
    return list(CONTAINERS[container].get("volumes", []))
