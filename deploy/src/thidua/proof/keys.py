"""The Ed25519 key with which a site signs its checkpoints: made once, the private half for its owner alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chassis.auth import new_keys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from thidua.local.folders import write_private


class KeyUnusable(Exception):
    """The file is no Ed25519 key; the text says which file."""


def key_files(folder: Path) -> tuple[Path, Path]:
    """The pair of the site in ``folder``, private and public, made at first use."""
    private, public = folder / "secrets" / "checkpoint.pem", folder / "secrets" / "checkpoint.pub.pem"
    if not public.exists():
        private_text, public_text = new_keys()
        write_private(private, private_text)
        write_private(public, public_text)
    return private, public


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises KeyUnusable."""
    key = _loaded(path, lambda raw: serialization.load_pem_private_key(raw, password=None))
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} không phải là khóa riêng Ed25519.")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Raises KeyUnusable."""
    key = _loaded(path, serialization.load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path} không phải là khóa công khai Ed25519.")
    return key


def _loaded(path: Path, load: Callable[[bytes], object]) -> object:
    try:
        return load(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise KeyUnusable(f"Không đọc được khóa {path}: {wrong}") from wrong
