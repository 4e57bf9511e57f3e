"""The envelope of a learner's act: who sent it when, so that a repeat is known as one.

Scripts and plain forms send the same four fields; a form without a script gets its UUID
when it is rendered, so pressing twice is pressing once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import UtcDateTime


@dataclass(frozen=True)
class Envelope:
    """One act as its device described it; times are the device's and are not trusted."""

    uuid: str
    client_time: datetime | None = None
    sequence: int = 0
    device: str = ""


class EnvelopeColumns:
    """The four columns that every stored act of a learner carries, and when it arrived."""

    uuid: Mapped[str] = mapped_column(unique=True)
    client_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sequence: Mapped[int] = mapped_column(default=0)
    device: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


def new_uuid() -> str:
    """A fresh UUID for a form about to be shown."""
    return str(uuid4())


def read_envelope(fields: Mapping[str, str]) -> Envelope:
    """Read uuid, client_time, seq and device from a form; what is unreadable is left out."""
    try:
        uuid = str(UUID(fields.get("uuid", "")))
    except ValueError:
        uuid = new_uuid()
    try:
        moment = datetime.fromisoformat(fields.get("client_time", "").replace("Z", "+00:00"))
        client_time = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        client_time = None
    seq = fields.get("seq", "")
    return Envelope(
        uuid=uuid,
        client_time=client_time,
        sequence=int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 10 else 0,
        device=fields.get("device", "")[:36],
    )
