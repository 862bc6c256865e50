"""``python -m thidua.local.compose``: what deploy/compose.yaml needs and git must not have, each secret made once.

Written to deploy/.compose (or the folder named in THIDUA_COMPOSE): nats.conf, the script of PostgreSQL's first
start, the keys of tokens, and one file of secret settings for each container.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from chassis.topology import OPS, Topology

from thidua.local.databases import Database, first_start_script
from thidua.local.folders import DEPLOY, kept_secret, open_folder, topology_file, write_private
from thidua.local.nats import configuration, users_of
from thidua.local.postgres import SUPERUSER
from thidua.local.site import ISSUER, key_files

STORE = "/data/jetstream"


def compose_folder() -> Path:
    """THIDUA_COMPOSE, else deploy/.compose; the compose file asks for the same."""
    return Path(os.environ.get("THIDUA_COMPOSE") or DEPLOY / ".compose")


def write_secrets(folder: Path, topology: Topology) -> None:
    """Fills the folder; secrets that are there stay, because the volumes of a running site know them."""
    # Containers run under other accounts than the person who starts them: what is mounted into one is readable
    # by all, and the closed folder keeps everyone else on this machine out.
    folder = open_folder(folder)
    folder.chmod(0o700)
    users = users_of(topology, folder)
    passwords = {name: kept_secret(folder, f"postgres-{name}") for name in topology.services}
    for key in key_files(folder):
        key.chmod(0o644)
    _mounted(
        folder / "nats.conf",
        configuration(users, store=STORE, domain=topology.domain, host="0.0.0.0"),
    )
    _mounted(folder / "databases.sql", first_start_script(passwords, kept_secret(folder, "postgres-audit")))
    _environment(folder, "postgres", {"POSTGRES_PASSWORD": kept_secret(folder, SUPERUSER)})
    _environment(folder, "topology", {"THIDUA_NATS_PASSWORD": users[OPS].password})
    for name, password in passwords.items():
        secrets = {
            "THIDUA_DATABASE_URL": Database("postgres", 5432, name, name, password).url,
            "THIDUA_NATS_PASSWORD": users[name].password,
            "THIDUA_SERVICE_SECRET": kept_secret(folder, "service"),
        }
        if name == ISSUER:
            secrets["THIDUA_BOOTSTRAP_PASSWORD"] = kept_secret(folder, "bootstrap")
        _environment(folder, name, secrets)


def _mounted(path: Path, text: str) -> None:
    write_private(path, text)
    path.chmod(0o644)


def _environment(folder: Path, container: str, secrets: Mapping[str, str]) -> None:
    """Read by the compose command itself, never mounted."""
    write_private(folder / f"{container}.env", "".join(f"{name}={value}\n" for name, value in secrets.items()))


def main() -> None:
    folder = compose_folder()
    write_secrets(folder, Topology.load(topology_file()))
    print(f"{folder}: nats.conf, databases.sql, keys and secret settings are ready")


if __name__ == "__main__":
    main()
