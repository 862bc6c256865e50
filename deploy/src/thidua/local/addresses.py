"""Where the parts of a running site listen: written into its data folder for the command line, no secrets in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from thidua.local.folders import write_private

FILE = "addresses.json"


@dataclass(frozen=True)
class Addresses:
    """URLs; ``traces`` is empty when spans go to an endpoint of somebody else."""

    site: str
    services: dict[str, str]
    nats: str
    smtp: str
    traces: str
    demo: bool
    neighbours: bool = False
    """Whether it is one of the sites of deploy/sites.yaml: a hub, or below one."""

    def write(self, folder: Path) -> None:
        """Says that a site runs here."""
        write_private(folder / FILE, json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, folder: Path) -> Addresses | None:
        """Of the site that runs in this folder; None when none does."""
        path = folder / FILE
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    @staticmethod
    def forget(folder: Path) -> None:
        """Says that none runs here any more."""
        (folder / FILE).unlink(missing_ok=True)
