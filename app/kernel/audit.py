"""Audit rows: who did what to whom, kept as values, chained afterwards by one sealer job.

Rows are written unchained, so that requests never wait for one another; the sealer chains
them in committed order. The chain covers a salted digest of before and after, which are
kept apart, so that personal data can be erased without breaking it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, exists, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import schema
from app.kernel.database import Base, Key, serialize, session

GENESIS = "0" * 64
BATCH = 500
LATECOMERS = 10_000
"""How far behind the last sealed row another may still appear: a row takes its id when it is
written, not when it is committed. Looking no further keeps the sealer's work the same for ever."""


class AuditRow(Base):
    """One act, with the actor, subject and unit as they were called then."""

    __tablename__ = "audit_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str]
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    """What was acted on, as kind:id, for example unit:12."""
    unit_id: Mapped[int | None] = mapped_column(index=True)
    digest: Mapped[str]


class AuditDetail(Base):
    """Before and after of one act, with the salt of its digest; erasable."""

    __tablename__ = "audit_detail"

    audit_id: Mapped[int] = mapped_column(
        Key, ForeignKey("audit_row.id", ondelete="CASCADE"), primary_key=True
    )
    salt: Mapped[str]
    content: Mapped[dict[str, Any]]


class AuditSeal(Base):
    """One link of the chain."""

    __tablename__ = "audit_seal"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit_row.id"), unique=True)
    previous: Mapped[str]
    hash: Mapped[str]


for _table in (AuditRow.__tablename__, AuditSeal.__tablename__):
    schema.declare(schema.frozen_table(_table, "an audit row is never changed or deleted"))
# What stood before and after may be erased with a person's data, but never rewritten.
schema.declare(
    schema.frozen_table(
        AuditDetail.__tablename__, "what an audit row tells is never changed", verbs=("UPDATE",)
    )
)


def record(
    action: str,
    *,
    actor: Any = None,
    subject: str = "",
    unit_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write one audit row in the current transaction.

    `actor` is a person (with `id` and `full_name`) or None for the machine itself.
    """
    content = {"before": before or {}, "after": after or {}}
    salt = secrets.token_hex(16)
    row = AuditRow(
        at=now,
        action=action,
        actor_id=getattr(actor, "id", None),
        actor=getattr(actor, "full_name", "") or "",
        subject=subject,
        unit_id=unit_id,
        digest=detail_digest(salt, content),
    )
    session().add(row)
    session().flush()
    session().add(AuditDetail(audit_id=row.id, salt=salt, content=content))


def seal() -> int:
    """Chain what is committed and not yet chained; returns how many rows it chained."""
    serialize("audit.seal")
    last = session().scalar(select(AuditSeal).order_by(AuditSeal.sequence.desc()).limit(1))
    sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
    rows = session().scalars(_unsealed(AuditRow).order_by(AuditRow.id).limit(BATCH))
    count = 0
    for row in rows.all():
        sequence, count = sequence + 1, count + 1
        current = link_hash(sequence, previous, row)
        session().add(
            AuditSeal(sequence=sequence, audit_id=row.id, previous=previous, hash=current)
        )
        previous = current
    return count


def _unsealed(what: Any) -> Select[Any]:
    reached = select(func.coalesce(func.max(AuditSeal.audit_id), 0)).scalar_subquery()
    return select(what).where(
        AuditRow.id > reached - LATECOMERS, ~exists().where(AuditSeal.audit_id == AuditRow.id)
    )


def is_behind() -> bool:
    """Whether a committed row waits for its seal: a look that takes no lock."""
    return session().scalar(_unsealed(AuditRow.id).limit(1)) is not None


# Made once: json.dumps makes an encoder a call, and a chain has a million links.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_sorted = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def detail_digest(salt: str, content: dict[str, Any]) -> str:
    """What the chain holds of before and after: their digest, salted."""
    text = _sorted(content)
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def link_hash(sequence: int, previous: str, row: Any) -> str:
    """The hash of one link of the chain: of the link before it and of what the row says.

    `row` is an AuditRow, or anything with its attributes.
    """
    parts = [
        sequence,
        previous,
        row.id,
        row.at.isoformat(),
        row.action,
        row.actor_id,
        row.actor,
        row.subject,
        row.unit_id,
        row.digest,
    ]
    text = _compact(parts)
    return hashlib.sha256(text.encode()).hexdigest()
