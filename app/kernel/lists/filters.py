"""Filters of a list: what may be asked, what it means in SQL, and how it is said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, or_

from app.kernel import clock
from app.kernel.lists.columns import Expression
from app.kernel.words import Words, _l, fold, nfc, read_date, show_date

MISREAD_DATE = _l("Hãy nhập ngày theo dạng ngày/tháng/năm, ví dụ 23/11/2026.")
REVERSED_PERIOD = _l("Ngày bắt đầu phải trước hoặc trùng ngày kết thúc.")
EVERYTHING, SEARCH, BY_DATE = _l("Tất cả"), _l("Tìm"), _l("Theo ngày")


class NotThere(LookupError):
    """An address asks for what the scope does not hold; the web frame answers 404."""


@dataclass(frozen=True)
class Option:
    """One value that a scope may choose; `depth` indents a tree of units."""

    value: str
    label: str
    depth: int = 0


Options = Mapping[str, Sequence[Option]]
"""The values open to a scope, by the key of their filter."""


Keys = Select[Any] | CompoundSelect[Any]
"""A select of one column of ids."""


@dataclass(frozen=True)
class Narrowing:
    """A condition said in two ways, since the quick one depends on how much there is of it.

    `keys` finds what meets it and stops early when asked for a few. Where there are but a few,
    a list begins with them (`among` these); else each of its rows is asked (`row_by_row`).
    """

    keys: Keys
    among: Callable[[Sequence[Any]], ColumnElement[bool]]
    row_by_row: ColumnElement[bool]


Condition = ColumnElement[bool] | Narrowing


@dataclass
class Reading:
    """One filter read from an address: the arguments that stand, and what follows from them."""

    arguments: dict[str, str] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    words: list[tuple[str, str]] = field(default_factory=list)
    problems: dict[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of known values. The values belong to the scope: any other is not there."""

    key: str
    heading: Words
    condition: Callable[[str], Condition]
    everything: Words = EVERYTHING
    kind: ClassVar[str] = "choice"

    def read(self, arguments: Mapping[str, str], options: Options) -> Reading:
        """What the address chose. Raises NotThere for a value outside the options."""
        value = arguments.get(self.key, "")
        if not value:
            return Reading()
        label = next((o.label for o in options.get(self.key, ()) if o.value == value), None)
        if label is None:
            raise NotThere(self.key)
        return Reading({self.key: value}, [self.condition(value)], [(str(self.heading), label)])


@dataclass(frozen=True, kw_only=True)
class Search:
    """Words that must all occur in one of the folded columns, in any order.

    `codes` are columns in capitals. `within` says how the condition is met by the list's rows.
    """

    key: str = "tim"
    heading: Words = SEARCH
    columns: tuple[Expression, ...]
    codes: tuple[Expression, ...] = ()
    within: Callable[[ColumnElement[bool]], Condition] | None = None
    kind: ClassVar[str] = "search"

    def read(self, arguments: Mapping[str, str], options: Options) -> Reading:
        """What was searched for, at most 100 characters."""
        text = nfc(arguments.get(self.key, ""))[:100].strip()
        words = [
            or_(
                *(column.contains(word, autoescape=True) for column in self.columns),
                *(column.contains(word.upper(), autoescape=True) for column in self.codes),
            )
            for word in fold(text).split()
        ]
        if not words:
            return Reading()
        condition = self.within(and_(*words)) if self.within else and_(*words)
        return Reading({self.key: text}, [condition], [(str(self.heading), text)])


@dataclass(frozen=True, kw_only=True)
class DateOf:
    """A date that a period can be of: of completion, of decision, of issue.

    `is_moment` says that the column holds moments in UTC: a day is then the day in Vietnam.
    `within` turns the condition into one on the list's rows, where the column is not theirs:
    "has a completion between …".
    """

    key: str
    heading: Words
    column: Expression
    is_moment: bool = False
    within: Callable[[ColumnElement[bool]], Condition] | None = None

    def between(self, first: date | None, last: date | None) -> Condition:
        """On or after `first` and on or before `last`, whole local days."""
        start: date | datetime | None = first
        end: date | datetime | None = last and last + timedelta(days=1)
        if self.is_moment:
            start, end = _midnight(first), _midnight(last and last + timedelta(days=1))
        bounds: list[ColumnElement[bool]] = []
        if start is not None:
            bounds.append(self.column >= start)
        if end is not None:
            bounds.append(self.column < end)
        condition = and_(*bounds)
        return self.within(condition) if self.within else condition


@dataclass(frozen=True, kw_only=True)
class Period:
    """From a day to a day, both included, of a kind of date that is always stated."""

    dates: tuple[DateOf, ...]
    key: str = "ngay"
    first_key: str = "tu"
    last_key: str = "den"
    heading: Words = BY_DATE
    kind: ClassVar[str] = "period"

    def read(self, arguments: Mapping[str, str], options: Options) -> Reading:
        """The period asked for. Raises NotThere for an unknown kind of date."""
        chosen = arguments.get(self.key, "")
        date_of = next((d for d in self.dates if d.key == chosen or not chosen), None)
        if date_of is None:
            raise NotThere(self.key)
        reading = Reading({self.key: chosen} if chosen else {})
        days: dict[str, date | None] = {}
        for key in (self.first_key, self.last_key):
            text = arguments.get(key, "").strip()
            days[key] = _a_plain_day(read_date(text))
            if text:
                # What was typed stays in the form even where it cannot be read.
                reading.arguments[key] = text[:20]
            if text and days[key] is None:
                reading.problems[key] = MISREAD_DATE
        first, last = days[self.first_key], days[self.last_key]
        if first and last and first > last:
            reading.problems[self.last_key] = REVERSED_PERIOD
        if (first or last) and not reading.problems:
            reading.conditions.append(date_of.between(first, last))
            reading.words.append((str(date_of.heading), _period_words(first, last)))
        return reading


Filter = Choice | Search | Period


def _a_plain_day(day: date | None) -> date | None:
    """Days of years that a database and a spreadsheet can both hold."""
    return day if day and 1900 <= day.year <= 9000 else None


def _midnight(day: date | None) -> datetime | None:
    """The moment at which a day begins in Vietnam."""
    return None if day is None else datetime.combine(day, time(), clock.VIETNAM).astimezone(UTC)


def _period_words(first: date | None, last: date | None) -> str:
    if first and last:
        return str(_l("từ %(first)s đến %(last)s", first=show_date(first), last=show_date(last)))
    if first:
        return str(_l("từ %(first)s", first=show_date(first)))
    return str(_l("đến %(last)s", last=show_date(last)))
