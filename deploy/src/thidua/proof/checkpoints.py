"""Checkpoints: where every log of a site stood at one instant, signed with the site's Ed25519 key.

What is signed is the canonical JSON of ``body``: keys sorted, no blanks, UTF-8, only text and whole numbers. Whoever
holds checkpoints in safe keeping can later tell whether a log was changed, cut or exchanged. docs/checkpoints.md tells
how to check one without this code.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from thidua.proof.chain import Place

FORMAT = "thidua-checkpoint-1"


@dataclass(frozen=True)
class LogState:
    """Where one log stood, and how far each service that follows it had committed it."""

    head: Place
    followers: Mapping[str, Place]


@dataclass(frozen=True)
class Checkpoint:
    """Where every log of a site stood."""

    site: str
    made: datetime
    key: str
    """SHA-256 of the 32 bytes of the public key, hexadecimal."""
    logs: Mapping[str, LogState]


class NotGenuine(Exception):
    """A bundle that is none, or whose signature does not hold; the text says which."""


def signed(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> bytes:
    """The bundle: one line of canonical JSON, ``{"body": …, "signature": base64}``."""
    body = _told(checkpoint)
    signature = private_key.sign(canonical(body))
    return canonical({"body": body, "signature": b64encode(signature).decode()}) + b"\n"


def genuine(bundle: bytes, public_key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint in a bundle whose signature holds. Raises NotGenuine."""
    try:
        told = json.loads(bundle)
        body, signature = told["body"], b64decode(told["signature"], validate=True)
        checkpoint = _heard(body)
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NotGenuine(f"Tệp không phải là một checkpoint ({FORMAT}): {wrong!r}.") from wrong
    if checkpoint.key != key_id(public_key):
        raise NotGenuine(
            f"Checkpoint do khóa {checkpoint.key[:16]}… ký, không phải khóa {key_id(public_key)[:16]}… được đưa vào."
        )
    try:
        public_key.verify(signature, canonical(body))
    except InvalidSignature:
        raise NotGenuine("Chữ ký SAI: checkpoint đã bị sửa sau khi ký, hoặc không do khóa này ký.") from None
    return checkpoint


def shown(bundle: bytes) -> Checkpoint:
    """The checkpoint in a bundle as it says itself, unchecked. Raises NotGenuine for what is no bundle."""
    try:
        return _heard(json.loads(bundle)["body"])
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NotGenuine(f"Tệp không phải là một checkpoint ({FORMAT}): {wrong!r}.") from wrong


def canonical(told: Any) -> bytes:
    """JSON with sorted keys and no blanks, UTF-8: what `jq -cS` writes, too."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def key_id(public_key: Ed25519PublicKey) -> str:
    """What names a key: SHA-256 of its 32 bytes, hexadecimal."""
    raw = public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def _told(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "site": checkpoint.site,
        "made": checkpoint.made.isoformat(),
        "key": checkpoint.key,
        "logs": {
            log: {
                **_place(state.head),
                "followers": {follower: _place(at) for follower, at in state.followers.items()},
            }
            for log, state in checkpoint.logs.items()
        },
    }


def _heard(body: dict[str, Any]) -> Checkpoint:
    if body["format"] != FORMAT:
        raise ValueError(f"format {body['format']}")
    logs = {
        log: LogState(_at(told), {follower: _at(at) for follower, at in told["followers"].items()})
        for log, told in body["logs"].items()
    }
    return Checkpoint(body["site"], datetime.fromisoformat(body["made"]), body["key"], logs)


def _place(at: Place) -> dict[str, Any]:
    return {"epoch": at.epoch, "seq": at.seq, "hash": at.hash.hex()}


def _at(told: dict[str, Any]) -> Place:
    return Place(int(told["epoch"]), int(told["seq"]), bytes.fromhex(told["hash"]))
