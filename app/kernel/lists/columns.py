"""Columns of a list: heading, kind, width, where the value is and what it sorts by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sqlalchemy import SQLColumnExpression

from app.kernel import clock
from app.kernel.words import Words, _l, show_date, show_number

Expression = SQLColumnExpression[Any]
"""A column of a model or anything computed from columns."""

Value = str | int | float | Decimal | bool | date | None
"""What a cell can hold. Moments have become local days before they get here."""

YES, NO = _l("Có"), _l("Không")

_AS_IT_IS = frozenset({str, int, float, bool, Decimal, date, type(None)})


class Kind(StrEnum):
    """How a value is written; a code is text that must never turn into a number or a date."""

    TEXT = "text"
    NAME = "name"
    CODE = "code"
    DATE = "date"
    NUMBER = "number"
    PERCENT = "percent"
    BOOLEAN = "boolean"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a list.

    `key` names a labelled column of the list's select unless `value` computes from the row.
    `sort` are the expressions that order by this column (Vietnamese text by its stored sort
    key); none means that it cannot be sorted by. `nullable` says that they may be null:
    such rows come last in both directions. `width` is in characters, `decimals` for numbers.
    A percent is a share: 0.875 is shown as 87,5%. `beneath` names the column under whose
    values a page shows this one in small; a file gives it a column of its own.
    """

    key: str
    heading: Words
    kind: Kind = Kind.TEXT
    width: int = 16
    value: Callable[[Any], object] | None = None
    sort: tuple[Expression, ...] = ()
    nullable: bool = False
    decimals: int = 0
    beneath: str = ""

    @property
    def is_number(self) -> bool:
        """Whether values are set flush right."""
        return self.kind in (Kind.NUMBER, Kind.PERCENT)

    def value_of(self, row: Any) -> Value:
        """The value of this column in a row of the select; a moment becomes its day in Vietnam."""
        value: Value = _as_value(self.value(row) if self.value else getattr(row, self.key))
        return value

    def show(self, value: Value) -> str:
        """A value as a reader sees it; nothing for no value."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(YES if value else NO)
        if isinstance(value, date):
            return show_date(value)
        if isinstance(value, str):
            return value
        if self.kind is Kind.PERCENT:
            # Whole per cents stand without decimals, as they are written by hand.
            return show_number(round(float(value) * 100, self.decimals)) + "%"
        if self.kind is Kind.NUMBER:
            return show_number(value, self.decimals)
        return str(value)


def reader(columns: Sequence[Column]) -> Callable[[Any], tuple[Value, ...]]:
    """Reads all values of a row: what `value_of` of each column says, for many rows."""
    getters: list[Callable[[Any], Any]] = [
        column.value or attrgetter(column.key) for column in columns
    ]

    def read(row: Any) -> tuple[Value, ...]:
        found: list[Any] = [get(row) for get in getters]
        values: list[Any] = [v if v.__class__ in _AS_IT_IS else _as_value(v) for v in found]
        return tuple(values)

    return read


def _as_value(found: Any) -> Any:
    if isinstance(found, datetime):
        return clock.local_date(found)
    if found is None or isinstance(found, str | int | float | Decimal | date):
        return found
    return str(found)
