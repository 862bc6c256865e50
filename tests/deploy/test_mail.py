"""The SMTP server of demo and tests: what a real client hands over is kept as it was sent."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from thidua.local.mail import MailServer


def _message(recipient: str, subject: str = "Nhắc nộp báo cáo 6 tháng") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "thi-dua@example.invalid"
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = "<intent-1@thidua>"
    message.set_content("Liên đoàn Lao động tỉnh Cao Bằng chưa nộp báo cáo, hạn 15/6.\n")
    return message


async def test_vietnamese_mail_arrives_whole_in_memory_and_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mail.jsonl"
    async with MailServer(file) as server:
        await aiosmtplib.send(_message("a@example.vn"), hostname="127.0.0.1", port=server.port)
        await aiosmtplib.send(_message("b@example.vn"), hostname="127.0.0.1", port=server.port)
        [mail] = server.to("a@example.vn")
        assert len(await server.arrival(lambda received: len(received) == 2)) == 2
    assert mail.subject == "Nhắc nộp báo cáo 6 tháng"
    assert mail.message_id == "<intent-1@thidua>"
    assert "chưa nộp báo cáo" in mail.text
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["recipients"] for line in kept] == [["a@example.vn"], ["b@example.vn"]]
    assert kept[0]["subject"] == mail.subject


async def test_a_refused_recipient_is_told_to_the_sender_and_nothing_is_kept(mail_server: MailServer) -> None:
    mail_server.refuse = lambda recipient: "550 no such box" if recipient.startswith("gone@") else None
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await aiosmtplib.send(_message("gone@example.vn"), hostname="127.0.0.1", port=mail_server.port)
    assert mail_server.received == []
