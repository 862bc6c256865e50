"""``python -m thidua.local.forget`` (`make clean`): removes what `make demo` and `make up` have kept."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from thidua.local.folders import MARKER, FolderUnusable, data_folder, held_alone
from thidua.local.stand_in import orphans, remove_stand_ins


def forget(folder: Path) -> bool:
    """Removes a data folder and its stand-in, and those of sites in it; False when there is none.

    Raises FolderUnusable while a site runs.
    """
    marker = folder / MARKER
    if not marker.exists():
        return False
    with held_alone(folder):
        for site in [inner.parent for inner in folder.glob(f"*/{MARKER}")]:
            forget(site)
        remove_stand_ins(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return True


def main() -> None:
    """Forgets the data folders; one in use is left alone and said so (exit code 1)."""
    refused = False
    for kind in ("demo", "demo-two-sites", "up"):
        folder = data_folder(kind)
        try:
            if forget(folder):
                print(f"{folder}: removed")
        except FolderUnusable as error:
            refused = True
            print(error, file=sys.stderr)
    for path, folder in orphans():
        print(f"{path} holds the database of {folder}, which is gone. If it is not coming back: rm -rf {path}")
    sys.exit(refused)


if __name__ == "__main__":
    main()
