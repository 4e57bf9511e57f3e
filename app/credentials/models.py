"""Recognitions, registers, certificates, their events, and issuer keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.database import Base, Key
from app.kernel.schema import Extra, declare, frozen_table
from app.learning.models import Completion
from app.organization.models import Unit
from app.people.models import Person

EVENT_KINDS = ("issued", "revoked", "superseded")
ENDING_KINDS = ("revoked", "superseded")


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
    """The unit that decides, and that issues what follows."""
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    is_standing: Mapped[bool]
    signer_name: Mapped[str]
    signer_title: Mapped[str]
    signing_for: Mapped[str] = mapped_column(default="")
    """"KT. Giám đốc", "TL. …", "TUQ. …" where a deputy signs for the head."""
    confirms_validity: Mapped[bool] = mapped_column(default=False)
    """Whether the validity that the course proposes is confirmed and printed."""
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
    __table_args__ = (
        UniqueConstraint("unit_id", "year"),
        CheckConstraint("last_number >= 0", name="last_number"),
    )

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
    """The 32 bytes in hexadecimal."""
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Certificate(Base):
    """One line of a register. Never updated or deleted: the database refuses it."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("register_id", "number"),
        Index(
            "ux_certificate_first",
            "completion_id",
            unique=True,
            sqlite_where=text("supersedes_id IS NULL"),
            postgresql_where=text("supersedes_id IS NULL"),
        ),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    """The verification code as printed, for example K7QM-2F8D-XW."""
    register_id: Mapped[int] = mapped_column(ForeignKey("register.id"))
    number: Mapped[int]
    register_no: Mapped[str]
    """The number as printed, for example 0231/2026."""
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), index=True)
    recognized_id: Mapped[int] = mapped_column(ForeignKey("recognized_completion.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    issued_on: Mapped[date] = mapped_column(index=True)
    issued_at: Mapped[datetime]
    expires_on: Mapped[date | None]
    """The first day on which it no longer holds; None: it does not expire."""
    statement: Mapped[dict[str, Any]]
    """Every printed word, frozen, and the facts behind them; its canonical form is signed."""
    digest: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    """The 64 bytes in hexadecimal."""
    previous_hash: Mapped[str]
    chain_hash: Mapped[str]
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), unique=True)

    completion: Mapped[Completion] = relationship()
    recognized: Mapped[RecognizedCompletion] = relationship()
    person: Mapped[Person] = relationship()
    issuer: Mapped[Unit] = relationship()
    register: Mapped[Register] = relationship()
    events: Mapped[list[CertificateEvent]] = relationship(order_by="CertificateEvent.id")

    @property
    def printed(self) -> dict[str, Any]:
        """The printed words by the names of `Wording`'s fields."""
        words: dict[str, Any] = self.statement["printed"]
        return words


class CertificateEvent(Base):
    """What happened to a certificate, its issue first; appended, never changed."""

    __tablename__ = "certificate_event"
    __table_args__ = (
        Index(
            "ux_certificate_event_end",
            "certificate_id",
            unique=True,
            sqlite_where=text("kind IN ('revoked', 'superseded')"),
            postgresql_where=text("kind IN ('revoked', 'superseded')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    kind: Mapped[str]
    """One of EVENT_KINDS."""
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    decision: Mapped[str] = mapped_column(default="")
    """Number and date of the decision; of a superseded one, the code that replaces it."""


class CertificateFile(Base):
    """The typeset PDF of a certificate, stored by hash; made once, after the issue."""

    __tablename__ = "certificate_file"

    certificate_id: Mapped[int] = mapped_column(
        Key, ForeignKey("certificate.id"), primary_key=True, autoincrement=False
    )
    hash: Mapped[str]
    size: Mapped[int]
    made_at: Mapped[datetime]


@dataclass(frozen=True)
class CertificateIssued:
    """News: a certificate was issued."""

    certificate: Certificate


@dataclass(frozen=True)
class CertificateRevoked:
    """News: a certificate was revoked."""

    certificate: Certificate


for _table in ("certificate", "certificate_event", "recognized_completion"):
    declare(frozen_table(_table, "a register line is never changed or deleted"))

# The register's own row moves forward only: its number grows, its unit and year stay.
declare(
    Extra(
        "forward:register",
        sqlite=(
            "DROP TRIGGER IF EXISTS register_no_delete",
            "CREATE TRIGGER register_no_delete BEFORE DELETE ON register "
            "BEGIN SELECT RAISE(ABORT, 'a register is never deleted'); END",
            "DROP TRIGGER IF EXISTS register_forward",
            "CREATE TRIGGER register_forward BEFORE UPDATE ON register "
            "WHEN NEW.id != OLD.id OR NEW.unit_id != OLD.unit_id OR NEW.year != OLD.year "
            "OR NEW.last_number <= OLD.last_number "
            "BEGIN SELECT RAISE(ABORT, 'a register only moves forward'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION register_moves_forward() RETURNS trigger "
            "LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'UPDATE' AND NEW.id = OLD.id AND NEW.unit_id = OLD.unit_id "
            "AND NEW.year = OLD.year AND NEW.last_number > OLD.last_number "
            "THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION 'a register only moves forward'; END $$",
            "DROP TRIGGER IF EXISTS register_forward ON register",
            "CREATE TRIGGER register_forward BEFORE UPDATE OR DELETE ON register "
            "FOR EACH ROW EXECUTE FUNCTION register_moves_forward()",
        ),
    )
)


_HOLDS = (
    "SELECT max(c.issued_on) FROM certificate c WHERE c.completion_id = {completion} "
    "AND NOT EXISTS (SELECT 1 FROM certificate_event e WHERE e.certificate_id = c.id "
    "AND e.kind IN ('revoked', 'superseded'))"
)
_OF_EVENT = "(SELECT completion_id FROM certificate WHERE id = NEW.certificate_id)"


def _at_hand(table: str, change: str, *, when: str = "") -> Extra:
    """A line in a table changes what its completion has at hand, in the same transaction."""
    condition = f"WHEN ({when}) " if when else ""
    return Extra(
        f"at-hand:{table}",
        sqlite=(
            f"DROP TRIGGER IF EXISTS {table}_told",
            f"CREATE TRIGGER {table}_told AFTER INSERT ON {table} {condition}"
            f"BEGIN UPDATE completion {change}; END",
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {table}_is_told() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN UPDATE completion {change}; RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS {table}_told ON {table}",
            f"CREATE TRIGGER {table}_told AFTER INSERT ON {table} "
            f"FOR EACH ROW {condition}EXECUTE FUNCTION {table}_is_told()",
        ),
    )


declare(
    _at_hand(
        "recognized_completion",
        "SET recognized_at = NEW.recognized_at WHERE id = NEW.completion_id",
    )
)
declare(
    _at_hand(
        "certificate",
        f"SET certified_on = ({_HOLDS.format(completion='NEW.completion_id')}) "
        "WHERE id = NEW.completion_id",
    )
)
declare(
    _at_hand(
        "certificate_event",
        f"SET certified_on = ({_HOLDS.format(completion=_OF_EVENT)}) WHERE id = {_OF_EVENT}",
        when="NEW.kind IN ('revoked', 'superseded')",
    )
)
