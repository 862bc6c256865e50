"""Accounts: logins with scrypt hashes, of persons and of services. Outside every log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from registry.adapters.rows import row

_COST = {"n": 2**14, "r": 8, "p": 1}
"""About 50 ms and 16 MiB a try on a small server: slow to guess, bearable to log in."""


def hashed(password: str) -> str:
    """``scrypt$n$r$p$salt$hash``."""
    salt = os.urandom(16)
    told = [base64.b64encode(part).decode() for part in (salt, _scrypt(password, salt, **_COST))]
    return "$".join(["scrypt", *(str(_COST[name]) for name in ("n", "r", "p")), *told])


def matches(password: str, kept: str) -> bool:
    """Compares in constant time."""
    _, n, r, p, salt, expected = kept.split("$")
    found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(expected))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=64 * 1024 * 1024)


NOBODY = hashed("nobody")
"""Compared with when a login is unknown, so that an answer takes as long as for a known one."""


async def of_login(db: AsyncConnection, login: str) -> dict[str, Any] | None:
    return await row(db, "SELECT * FROM account WHERE login = :login", login=login)


async def any_account(db: AsyncConnection) -> bool:
    return await row(db, "SELECT 1 AS yes FROM account LIMIT 1") is not None


async def open_account(db: AsyncConnection, login: str, subject: str, password_hash: str, now: datetime) -> None:
    """A login for a subject (``person:<id>``), or a new password for the same login."""
    await db.execute(
        sa.text(
            "INSERT INTO account (login, subject, password_hash, made) VALUES (:login, :subject, :hash, :now)"
            " ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash, closed = NULL"
        ),
        {"login": login, "subject": subject, "hash": password_hash, "now": now},
    )


async def of_subject(db: AsyncConnection, subject: str) -> dict[str, Any] | None:
    return await row(db, "SELECT * FROM account WHERE subject = :subject", subject=subject)


async def close_account(db: AsyncConnection, login: str, now: datetime) -> None:
    await db.execute(sa.text("UPDATE account SET closed = :now WHERE login = :login"), {"login": login, "now": now})
