"""A real SMTP server in this process that keeps what it is sent: post office of the demo and the tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Mail:
    """One message as it was handed over: the envelope's addresses, every header once, the plain text."""

    sender: str
    recipients: list[str]
    subject: str
    message_id: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)


class MailServer:
    """SMTP on 127.0.0.1; messages stay in `received` and, with a file, are appended to it as JSON lines.

    `refuse` (recipient → an SMTP answer such as "550 no such box", or None) lets a test see deliveries fail.
    """

    def __init__(self, file: Path | None = None, *, port: int = 0) -> None:
        self.received: list[Mail] = []
        self.refuse: Callable[[str], str | None] = lambda recipient: None
        self.port = port
        self._file = file
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> MailServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def url(self) -> str:
        """smtp://127.0.0.1:port"""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, recipient: str) -> list[Mail]:
        """What this address was sent, oldest first."""
        return [mail for mail in self.received if recipient in mail.recipients]

    async def arrival(self, enough: Callable[[list[Mail]], bool], *, within: float = 10.0) -> list[Mail]:
        """Waits until the messages received satisfy `enough`; TimeoutError after `within` seconds."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: enough(self.received)), within)
        return self.received

    async def handle_RCPT(  # the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.refuse(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = _mail(envelope)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(mail), ensure_ascii=False) + "\n")
        async with self._arrived:
            self.received.append(mail)
            self._arrived.notify_all()
        return "250 OK"


def _mail(envelope: Envelope) -> Mail:
    content: Any = envelope.content
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain", "html"))
    return Mail(
        sender=envelope.mail_from or "",
        recipients=list(envelope.rcpt_tos),
        subject=str(message["subject"] or ""),
        message_id=str(message["message-id"] or ""),
        text=body.get_content() if body is not None else "",
        headers={name: str(value) for name, value in message.items()},
    )
