"""The vault of a site's PostgreSQL: base backups and archived WAL, outside the data directory, closed to others.

``<vault>/<system identifier>/base/<name>`` holds a base backup, ``…/wal`` the write-ahead log of the same cluster: a
cluster made anew never mixes its log with that of the one before. The vault lies beside the cluster, or in
``THIDUA_BACKUPS`` (another disk).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from thidua.local.folders import FolderUnusable, reachable
from thidua.local.postgres_installed import Installed

SETTING = "THIDUA_BACKUPS"


@dataclass(frozen=True)
class Vault:
    """The backups of one cluster."""

    root: Path

    @property
    def base(self) -> Path:
        return self.root / "base"

    @property
    def wal(self) -> Path:
        return self.root / "wal"


def vault_root(folder: Path, installed: Installed) -> Path:
    """Where all vaults of the site in ``folder`` are: below THIDUA_BACKUPS under the folder's name, else beside it."""
    chosen = os.environ.get(SETTING)
    return Path(chosen).absolute() / folder.name if chosen else installed.home / "backups"


def open_vault(folder: Path, installed: Installed, system: int) -> Vault:
    """Makes the vault of the cluster with this system identifier, for the server's account alone."""
    root = vault_root(folder, installed)
    vault = Vault(root / str(system))
    for path in (root, vault.root, vault.base, vault.wal):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        installed.own(path)
    if not reachable(vault.wal, installed.account):
        raise FolderUnusable(
            f"Máy chủ PostgreSQL không chạy bằng root, mà tài khoản `nobody` không vào được {root}. "
            f"Hãy đặt {SETTING} là một thư mục mà mọi tài khoản đi qua được, hoặc chạy bằng tài khoản thường."
        )
    return vault


def vaults(folder: Path, installed: Installed) -> list[Vault]:
    """Of this cluster and of those that stood here before it."""
    root = vault_root(folder, installed)
    return [Vault(path) for path in sorted(root.iterdir()) if path.name.isdigit()] if root.exists() else []
