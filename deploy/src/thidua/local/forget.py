"""``python -m thidua.local.forget`` (`make clean`): removes what `make demo` and `make up` have kept."""

from __future__ import annotations

import sys

from thidua.local.folders import FolderUnusable, data_folder, forget


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
    sys.exit(refused)


if __name__ == "__main__":
    main()
