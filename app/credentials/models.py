"""Recognitions, registers, certificates, their events, and issuer keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.database import Base
from app.learning.models import Completion
from app.organization.models import Unit
from app.people.models import Person


class Recognition(Base):
    """A decision that recognises completions: one batch, or a standing one of a unit."""

    __tablename__ = "recognition"
    __table_args__ = (
        Index(
            "ux_recognition_standing",
            "unit_id",
            unique=True,
            sqlite_where=text("is_standing AND ended_at IS NULL"),
            postgresql_where=text("is_standing AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    is_standing: Mapped[bool]
    signer_name: Mapped[str]
    signer_title: Mapped[str]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()


class RecognizedCompletion(Base):
    """A completion recognised under a decision, once."""

    __tablename__ = "recognized_completion"

    id: Mapped[int] = mapped_column(primary_key=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), unique=True)
    recognition_id: Mapped[int] = mapped_column(ForeignKey("recognition.id"), index=True)
    recognized_at: Mapped[datetime]

    completion: Mapped[Completion] = relationship()
    recognition: Mapped[Recognition] = relationship()


class Register(Base):
    """A unit's register for a year: the last number given and the head of its hash chain."""

    __tablename__ = "register"
    __table_args__ = (UniqueConstraint("unit_id", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int]
    last_number: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(default="0" * 64)

    unit: Mapped[Unit] = relationship()


class IssuerKey(Base):
    """The public half of a unit's signing key; the private half lies where KEYS_URL says."""

    __tablename__ = "issuer_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    public_key: Mapped[str]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Certificate(Base):
    """One line of a register. Never updated or deleted: the database refuses it."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("register_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    """The verification code without hyphens, in capitals."""
    register_id: Mapped[int] = mapped_column(ForeignKey("register.id"))
    number: Mapped[int]
    register_no: Mapped[str]
    """The number as printed, for example 0231/2026."""
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), index=True)
    recognized_id: Mapped[int] = mapped_column(ForeignKey("recognized_completion.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    issued_on: Mapped[date] = mapped_column(index=True)
    issued_at: Mapped[datetime]
    statement: Mapped[dict[str, Any]]
    """Every printed word, frozen; its canonical form is what is signed."""
    digest: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    previous_hash: Mapped[str]
    chain_hash: Mapped[str]
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))

    completion: Mapped[Completion] = relationship()
    person: Mapped[Person] = relationship()
    issuer: Mapped[Unit] = relationship()
    events: Mapped[list[CertificateEvent]] = relationship(order_by="CertificateEvent.id")


class CertificateEvent(Base):
    """What happened to a certificate after its issue; appended, never changed."""

    __tablename__ = "certificate_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    kind: Mapped[str]
    """issued, revoked, superseded"""
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    decision: Mapped[str] = mapped_column(default="")


class CertificateFile(Base):
    """The typeset PDF of a certificate, stored by hash; made once, after the issue."""

    __tablename__ = "certificate_file"

    certificate_id: Mapped[int] = mapped_column(
        ForeignKey("certificate.id"), primary_key=True, autoincrement=False
    )
    hash: Mapped[str]
    size: Mapped[int]
    made_at: Mapped[datetime]
