"""Letters: written once with their cause, sent by a job, to a folder or a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import func, select

from app.kernel import jobs, mail
from app.kernel.database import Database
from app.kernel.jobs import Job
from app.kernel.mail import MailMessage
from tests import world
from tests.conftest import settings_for

SUBJECT, BODY = "Giấy chứng nhận mới", "Kính gửi Vũ Thị Ẩn,\n\nAnh/chị đã hoàn thành.\n"


def write(key: str = "dịp") -> None:
    mail.write(key, to="an@minhson.gov.vn", subject=SUBJECT, body=BODY, now=world.NOW)


def work(database: Database, settings: Any) -> None:
    while jobs.run_next(database, holder="thử", settings=settings):
        pass


def parsed(raw: bytes) -> EmailMessage:
    letter = message_from_bytes(raw, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def test_a_letter_is_written_once_for_its_occasion(session: Any):
    write()
    write()
    assert session.scalar(select(func.count(MailMessage.id))) == 1
    assert session.scalar(select(func.count(Job.id))) == 1


def test_a_letter_whose_cause_failed_is_not_written(database: Database):
    def fail() -> None:
        with database.unit_of_work():
            write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.unit_of_work(write=False) as current:
        assert current.scalars(select(MailMessage)).all() == []
        assert current.scalars(select(Job)).all() == []


def test_a_worker_leaves_the_letter_in_the_folder_with_every_letter_right(
    app: Flask, database: Database, settings: Any, instance: Path
):
    with database.unit_of_work():
        write()
    work(database, settings)
    (file,) = (instance / "mail").iterdir()
    letter = parsed(file.read_bytes())
    assert file.suffix == ".eml"
    assert (letter["To"], letter["Subject"]) == ("an@minhson.gov.vn", SUBJECT)
    assert "Bồi dưỡng Khuyến công" in letter["From"]
    assert letter.get_content() == BODY
    with database.unit_of_work(write=False) as current:
        assert current.scalars(select(MailMessage)).one().sent_at is not None


class Postbox:
    """Keeps what an SMTP server was given."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    """A real SMTP server and its address."""
    box = Postbox()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"smtp://127.0.0.1:{port}"
    controller.stop()


def test_a_letter_reaches_an_smtp_server(
    app: Flask,
    database: Database,
    database_url: str,
    instance: Path,
    postbox: tuple[Postbox, str],
):
    box, address = postbox
    with database.unit_of_work():
        write()
    work(database, settings_for(database_url, instance, MAIL_URL=address))
    (envelope,) = box.letters
    assert envelope.rcpt_tos == ["an@minhson.gov.vn"]
    letter = parsed(envelope.content)
    assert letter["Subject"] == SUBJECT
    assert letter.get_content().replace("\r\n", "\n") == BODY


def test_a_letter_that_cannot_be_sent_waits_for_another_try(
    app: Flask, database: Database, database_url: str, instance: Path
):
    with database.unit_of_work():
        write()
    # Port 1 of this machine listens to nobody.
    work(database, settings_for(database_url, instance, MAIL_URL="smtp://127.0.0.1:1"))
    with database.unit_of_work(write=False) as current:
        job = current.scalars(select(Job).where(Job.name == "send-mail")).one()
        assert current.scalars(select(MailMessage)).one().sent_at is None
    assert (job.finished_at, job.failed_at, job.tries) == (None, None, 1)
    assert "ConnectionRefusedError" in job.problem
