"""Tokens: who is asking. Signed (Ed25519) by the one service that knows passwords, checked by all; at most an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import jwt
from contracts.refusal import Refused
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "EdDSA"
LONGEST = timedelta(hours=1)
ISSUER = "thidua"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token speaks for: ``person:<id>`` or ``service:<name>``."""

    subject: str

    @property
    def person(self) -> str | None:
        kind, _, name = self.subject.partition(":")
        return name if kind == "person" else None

    @property
    def service(self) -> str | None:
        kind, _, name = self.subject.partition(":")
        return name if kind == "service" else None


def new_keys() -> tuple[str, str]:
    """A fresh pair of PEM texts: private, public."""
    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def issue(subject: str, *, site: str, private_key: str, lifetime: timedelta = LONGEST) -> tuple[str, datetime]:
    """A token and the instant at which it ends (real time, also in a demo)."""
    now = datetime.now(timezone.utc)
    ends = now + min(lifetime, LONGEST)
    claims = {"iss": ISSUER, "sub": subject, "aud": site, "iat": now, "exp": ends}
    return jwt.encode(claims, private_key, algorithm=ALGORITHM), ends


def check(token: str, *, site: str, public_key: str) -> Caller:
    """Raises Refused ``token-expired`` or ``token-invalid`` (both 401)."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=[ALGORITHM],
            audience=site,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Refused("token-expired") from error
    except jwt.InvalidTokenError as error:
        raise Refused("token-invalid", why=str(error)) from error
    if claims["exp"] - claims["iat"] > LONGEST.total_seconds() + 1:
        raise Refused("token-invalid", why="lives longer than an hour")
    return Caller(claims["sub"])
