"""What git shows of the contracts at an earlier commit: offline, and honest in a shallow clone."""

from __future__ import annotations

import subprocess
from pathlib import Path


class NotShown(Exception):
    """Git cannot show it here; the message says why, for a person."""


class History:
    """The checkout that holds the contracts, read with git and never changed.

    ``folder`` is the contracts folder. Nothing is fetched.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def head(self) -> str:
        """The commit that is checked out. Raises NotShown outside a git checkout."""
        return self._git("rev-parse", "HEAD").strip()

    def shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").strip() == "true"

    def holds(self, commit: str) -> bool:
        """Whether the commit is here. Raises NotShown outside a git checkout."""
        self.head()
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
        except NotShown:
            return False
        return True

    def show(self, commit: str, path: str) -> str:
        """A file below the contracts folder as it was. Raises NotShown when commit or file is not here."""
        return self._git("show", f"{commit}:./{path}")

    def commits_of(self, path: str) -> list[str]:
        """Commits reachable from here that changed the file, newest first."""
        return self._git("log", "--format=%H", "--", path).split()

    def _git(self, *words: str) -> str:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.folder), *words],
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
        except FileNotFoundError as error:
            raise NotShown("git is not installed") from error
        if done.returncode != 0:
            raise NotShown(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "git failed")
        return done.stdout
