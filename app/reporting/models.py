"""Exports that were made, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.database import Base
from app.people.models import Person


class ReportExport(Base):
    """One exported file: what was asked, by whom, and exactly what came out."""

    __tablename__ = "report_export"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_name: Mapped[str]
    form: Mapped[str]
    """csv, xlsx or docx"""
    filters: Mapped[dict[str, Any]]
    filter_text: Mapped[str]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime]
    row_count: Mapped[int | None]
    rows_hash: Mapped[str] = mapped_column(default="")
    file_hash: Mapped[str] = mapped_column(default="")
    file_name: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None]

    made_by: Mapped[Person] = relationship()
