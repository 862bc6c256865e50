"""The data folder of a local site: what is kept there, who may read it, and which ports it had last time."""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[3]
MARKER = "site"
"""A folder with this file in it is a data folder; a running site holds the lock on it."""


class FolderUnusable(Exception):
    """The data folder cannot be used; the text says why and what to do."""


def data_folder(kind: str) -> Path:
    """Where `make demo` (kind `demo`) and `make up` (kind `up`) keep their data: below .data, or THIDUA_DATA."""
    return Path(os.environ.get("THIDUA_DATA") or DEPLOY.parent / ".data") / kind


def topology_file() -> Path:
    """Who follows whom on NATS; the one file that the runner, the command line and the compose file share."""
    return DEPLOY / "topology.yaml"


def sites_file() -> Path:
    """Which sites have a server of their own, and what travels between them and the national one."""
    return DEPLOY / "sites.yaml"


@dataclass(frozen=True)
class Account:
    """The account of the operating system that a child process runs under."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """The account for servers that refuse to run as root; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise FolderUnusable(
            "Running as root, and this machine has no account `nobody` to run PostgreSQL under. "
            "Run the command as an ordinary user."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def open_folder(path: Path) -> Path:
    """Makes the data folder for its owner alone; root leaves the way through open for the database."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return path.resolve()


def reachable(path: Path, account: Account | None) -> bool:
    """Whether the account can pass through every parent of `path` and enter it."""
    if account is None:
        return True
    # Asked of the system itself: modes alone do not tell of access lists, namespaces and mounts.
    try:
        asked = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise FolderUnusable(
            f"Running as root, but the system does not let a process become `nobody` ({error}). "
            "Run the command as an ordinary user."
        ) from error
    return asked.returncode == 0


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Holds the folder for this process; the lock ends with the process, however it ends."""
    with (folder / MARKER).open("a+", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            raise FolderUnusable(
                f"Process {held.read().strip() or '?'} runs a site in {folder}: stop it first (Ctrl-C), "
                "or set THIDUA_DATA to another folder."
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def write_private(path: Path, text: str) -> None:
    """Writes a file that nobody else could read at any instant, replacing the former one whole."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def kept_secret(folder: Path, name: str) -> str:
    """The password of that name: made on the first start, kept in the data folder for its owner alone."""
    path = folder / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8")


def kept_port(folder: Path, name: str) -> int:
    """The port used last time, so that addresses stay; another one if something else took it meanwhile."""
    path = folder / "ports" / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        port = int(path.read_text(encoding="ascii"))
        if port_is_free(port):
            return port
    port = free_port()
    path.write_text(str(port), encoding="ascii")
    return port


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on now.

    Below the range from which the system takes ports for outgoing connections: there one could be gone by the time
    that a server asks for it, or when a service is started again.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        if port_is_free(port):
            return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
