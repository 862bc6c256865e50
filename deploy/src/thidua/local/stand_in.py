"""Where data goes that another account must reach when its folder lies under a closed home (0700)."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from thidua.local.folders import FolderUnusable, write_private

NOTE = "stands-for"
"""The file of a stand-in that names the folder whose data it holds."""


def stand_in(folder: Path) -> Path:
    """The one for that folder; in /var/tmp, which outlives a restart, or else in the system's temporary folder."""
    return _parent() / f"thidua-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"


def open_stand_in(folder: Path) -> Path:
    """Makes the stand-in, refusing a folder that someone else has put there under its well-known name."""
    path = stand_in(folder)
    path.mkdir(mode=0o711, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.geteuid():
        raise FolderUnusable(f"{path} belongs to another account: remove it, or set THIDUA_DATA elsewhere.")
    path.chmod(0o711)
    write_private(path / NOTE, str(folder.resolve()))
    return path


def remove_stand_ins(below: Path) -> None:
    """Removes what is kept elsewhere for this folder and for every one in it. Nothing may run there."""
    shutil.rmtree(stand_in(below), ignore_errors=True)
    for path, _folder in _known(below):
        shutil.rmtree(path, ignore_errors=True)


def orphans(below: Path = Path("/")) -> list[tuple[Path, Path]]:
    """Stand-ins that were left behind when their folder was removed by hand, each with that folder.

    Only folders below the given one. A folder may also be absent because its disk is: ask before removing.
    """
    return [(path, folder) for path, folder in _known(below) if not folder.exists()]


def _parent() -> Path:
    lasting = Path("/var/tmp")
    return lasting if os.access(lasting, os.W_OK) else Path(tempfile.gettempdir())


def _known(below: Path) -> Iterator[tuple[Path, Path]]:
    """The stand-ins of this account for that folder and those in it, each with its folder."""
    for note in _parent().glob(f"thidua-*/{NOTE}"):
        with suppress(OSError):  # another account's, or one that another process removes just now
            folder = Path(note.read_text(encoding="utf-8"))
            if note.parent.stat().st_uid == os.geteuid() and folder.is_relative_to(below.resolve()):
                yield note.parent, folder
