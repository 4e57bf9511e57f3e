"""Mail: written to the database with its cause, sent by a job, kept as proof of sending."""

from __future__ import annotations

import os
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock, jobs
from app.kernel.database import Base, is_sqlite, session


class MailMessage(Base):
    """One message to one person, and what became of it."""

    __tablename__ = "mail_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    to_address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


def write(key: str, *, to: str, subject: str, body: str, now: datetime) -> None:
    """Write a message and queue its sending, in the current transaction.

    `key` names the occasion: writing again with the same key writes nothing.
    """
    dialect = sqlite if is_sqlite() else postgresql
    statement = dialect.insert(MailMessage).values(
        key=key, to_address=to, subject=subject, body=body, written_at=now
    )
    mail_id = session().scalar(
        statement.on_conflict_do_nothing(index_elements=["key"]).returning(MailMessage.id)
    )
    if mail_id is not None:
        jobs.enqueue("send-mail", {"mail_id": mail_id}, key=f"mail:{mail_id}", now=now)


def send(message: MailMessage, mail_url: str, *, sender: str) -> None:
    """Hand a message to where MAIL_URL says: an SMTP server, or a folder of .eml files."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, message.to_address, message.subject
    letter["Date"] = format_datetime(message.written_at)
    letter["Message-ID"] = make_msgid(idstring=str(message.id), domain="khuyencong.local")
    letter.set_content(message.body)
    where = urlsplit(mail_url)
    if where.scheme == "file":
        folder = Path(unquote(where.path))
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{message.id:08}.eml"
        partial = target.with_suffix(".part")
        partial.write_bytes(bytes(letter))
        os.replace(partial, target)
        return
    secure = where.scheme == "smtps"
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(
            where.hostname or "",
            where.port or 465,
            timeout=20,
            context=ssl.create_default_context(),
        )
    else:
        server = smtplib.SMTP(where.hostname or "", where.port or 25, timeout=20)
    with server:
        if where.username:
            if not secure:
                server.starttls(context=ssl.create_default_context())
            server.login(unquote(where.username), unquote(where.password or ""))
        server.send_message(letter)


@jobs.task("send-mail")
def send_written(run: jobs.Run) -> None:
    """Send one message; a kill between sending and noting it may send it twice, never nought."""
    with run.step() as current:
        message = current.get(MailMessage, run.payload["mail_id"])
    if message is None or message.sent_at is not None:
        return
    send(message, run.settings.mail_url, sender=sender_of(run.settings))
    with run.step() as current:
        noted = current.get_one(MailMessage, message.id)
        noted.sent_at = clock.now()


def sender_of(settings: Any) -> str:
    """Who letters are from: the site's name at the site's own host."""
    host = urlsplit(settings.site_url or "").hostname or "localhost"
    return formataddr((settings.site_name, f"khong-tra-loi@{host}"))
