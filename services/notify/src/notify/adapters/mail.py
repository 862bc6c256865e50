"""Speaks SMTP: one connection for a batch, and for each message whether it was taken, refused, or is unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

_SEVEN_BIT = SMTP.clone(cte_type="7bit")
TIMEOUT_SECONDS = 20.0


class MailServerAway(Exception):
    """The mail server cannot be reached or broke off before it was given the message: it was not sent."""


class OutcomeUnknown(Exception):
    """The connection broke while the message was handed over: it may have been taken."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's answer to one message; 4xx means later, 5xx never."""

    code: int


def composed(*, notification_id: str, sender: str, to: tuple[str, str], title: str, text: str, at: datetime) -> bytes:
    """A message to (name, address) as sent. The Message-ID names the notification: a repeat bears the same one.

    Raises ValueError for an address that is none.
    """
    name, address = to
    message = EmailMessage(policy=_SEVEN_BIT)
    message["From"] = sender
    message["To"] = Address(display_name=name, addr_spec=address)
    message["Subject"] = title
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{notification_id}@{sender.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message.as_bytes()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[aiosmtplib.SMTP]:
    """A session with the server at ``smtp://[user:password@]host[:port]``. Raises MailServerAway."""
    parts = urlsplit(url)
    client = aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or 25,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=parts.scheme == "smtps",
        timeout=TIMEOUT_SECONDS,
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailServerAway(f"{type(error).__name__}: {error}") from error
    try:
        yield client
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()
    finally:
        client.close()


async def hand_over(client: aiosmtplib.SMTP, sender: str, message: bytes, address: str) -> Refusal | None:
    """Give one message to the server; None when it took it. Raises MailServerAway and OutcomeUnknown."""
    try:
        await client.mail(sender)
        await client.rcpt(address)
    except aiosmtplib.SMTPResponseException as refused:
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.rset()
        return Refusal(refused.code)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailServerAway(f"{type(error).__name__}: {error}") from error
    try:
        await client.data(message)
    except aiosmtplib.SMTPResponseException as refused:
        return Refusal(refused.code)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error
    return None
