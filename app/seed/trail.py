"""Audit rows of what the seed says happened, chained as the product's sealer chains them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from app.kernel import audit
from app.kernel.audit import AuditDetail, AuditRow, AuditSeal
from app.kernel.database import Database, session
from app.seed.loading import Loader
from app.seed.span import Chance, Span


class _Row(NamedTuple):
    """What a link of the chain is made of; a mapped row would take ten times as long."""

    id: int
    at: datetime
    action: str
    actor_id: int | None
    actor: str
    subject: str
    unit_id: int | None
    digest: str


class Trail:
    """Continues the chain that is there (courses may have been published before)."""

    def __init__(self, database: Database, span: Span, chance: Chance) -> None:
        self._span = span
        self._chance = chance.of("audit")
        with database.unit_of_work():
            while audit.seal():
                pass
            last = session().scalar(select(AuditSeal).order_by(AuditSeal.sequence.desc()).limit(1))
            self._id = session().scalar(select(func.max(AuditRow.id))) or 0
            self._sequence = last.sequence if last else 0
            self._previous = last.hash if last else audit.GENESIS

    def begin(self, loader: Loader) -> None:
        """Write into a loader from here on."""
        self._add_row = loader.into(
            AuditRow, "id", "at", "action", "actor_id", "actor", "subject", "unit_id", "digest"
        )
        self._add_detail = loader.into(AuditDetail, "audit_id", "salt", "content")
        self._add_seal = loader.into(AuditSeal, "sequence", "audit_id", "previous", "hash")

    def record(
        self,
        action: str,
        *,
        actor: tuple[int, str] | None = None,
        subject: str,
        unit_id: int | None = None,
        after: dict[str, Any],
        at: int,
    ) -> None:
        """One act; `actor` is a person's id and name, or None for the machine itself."""
        content = {"before": {}, "after": after}
        salt = f"{self._chance.getrandbits(128):032x}"
        digest = audit.detail_digest(salt, content)
        actor_id, name = actor or (None, "")
        self._id += 1
        self._sequence += 1
        happened = self._span.at(at).astimezone(UTC)
        row: Any = _Row(self._id, happened, action, actor_id, name, subject, unit_id, digest)
        current = audit.link_hash(self._sequence, self._previous, row)
        moment = self._span.text(at)
        self._add_row((self._id, moment, action, actor_id, name, subject, unit_id, digest))
        self._add_detail((self._id, salt, json.dumps(content)))
        self._add_seal((self._sequence, self._id, self._previous, current))
        self._previous = current
