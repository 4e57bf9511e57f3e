"""A list: declared once, then asked with a scope and the arguments of an address.

Pages turn by key: the last row's sort values stand in the address, so that a page costs
the same wherever it is and a row that arrives in between shifts nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from app.kernel.lists.columns import Column, Expression, Value, reader
from app.kernel.lists.filters import Condition, Filter, Keys, Narrowing, NotThere, Options
from app.kernel.lists.rows import Rows
from app.kernel.words import Words, _l

PAGE_ROWS, HANDFUL = 50, 500
FEW = 1_000
"""Up to so many rows a page counts and may begin with; of more it says that they are more."""

SORT, AFTER, BEFORE = "sap-xep", "sau", "truoc"
COUNT, EVERY = "dem", "het"

NO_FILTER = _l("không lọc")

S = TypeVar("S")


@dataclass(frozen=True)
class ShownRow:
    """One row of a page: its id, its texts in the order of the columns, and what was read."""

    id: str
    texts: tuple[str, ...]
    source: Any


@dataclass(frozen=True)
class Page:
    """Up to 50 rows with the arguments of the neighbouring pages' addresses."""

    rows: tuple[ShownRow, ...]
    total: int
    """How many rows there are in all pages; with `counting`, there are more than so many."""
    previous: dict[str, str] | None = None
    next: dict[str, str] | None = None
    counting: dict[str, str] | None = None
    """The arguments of this page's address with every row counted, where that was not done."""


@dataclass(frozen=True)
class Place:
    """A column as a table shows it: its place in a row, its words, those that stand beneath it."""

    index: int
    column: Column
    label: str
    beneath: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True)
class List(Generic[S]):
    """What a list is, once and for all.

    `rows` makes everything that a scope may see: this is where another unit's rows are left
    out. It is a select, or `Rows` for a long list: its pages and its count are then found
    without the columns. `row_id` is unique in it and settles ties. `sorted_by` is a column's
    key, with a minus for descending. `narrowed` gives the smaller scope that the arguments
    ask for, where a filter is one of scope.
    """

    name: str
    title: Words
    columns: tuple[Column, ...]
    rows: Callable[[S], Select[Any] | Rows]
    row_id: Expression
    sorted_by: str
    filters: tuple[Filter, ...] = ()
    narrowed: Callable[[S, Mapping[str, str]], S] | None = None

    def ask(self, arguments: Mapping[str, str], scope: S, options: Options) -> Asked[S]:
        """The question that an address asks of this list.

        `options` holds the values that the scope may choose, by filter key. Raises NotThere
        for an unknown sort, cursor or choice: the same answer as for what does not exist.
        """
        if arguments.get(COUNT, EVERY) != EVERY:
            raise NotThere(COUNT)
        readings = [f.read(arguments, options) for f in self.filters]
        asked = Asked(
            list=self,
            scope=scope,
            sort=arguments.get(SORT) or self.sorted_by,
            arguments={k: v for r in readings for k, v in r.arguments.items()},
            conditions=tuple(c for r in readings for c in r.conditions),
            words=tuple(w for r in readings for w in r.words),
            problems={k: v for r in readings for k, v in r.problems.items()},
            after=arguments.get(AFTER, ""),
            before=arguments.get(BEFORE, ""),
            counts_all=COUNT in arguments,
        )
        asked.check()
        return asked


@dataclass(frozen=True, kw_only=True)
class Asked(Generic[S]):
    """A list with a scope, filters and an order: the one question behind page and files."""

    list: List[S]
    scope: S
    sort: str
    arguments: dict[str, str]
    conditions: tuple[Condition, ...]
    words: tuple[tuple[str, str], ...]
    problems: dict[str, Words]
    after: str = ""
    before: str = ""
    counts_all: bool = False
    _met: dict[str, tuple[ColumnElement[bool], ...]] = field(default_factory=dict, repr=False)

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def sort_column(self) -> Column:
        """The column that the rows are ordered by."""
        key = self.sort.removeprefix("-")
        found = next((c for c in self.list.columns if c.key == key and c.sort), None)
        if found is None:
            raise NotThere(SORT)
        return found

    def check(self) -> None:
        """Raise NotThere where the order or the cursor make no sense."""
        order = self._order()
        for cursor in filter(None, (self.after, self.before)):
            order.read_cursor(cursor)

    def description(self) -> str:
        """The filters in one line of words: "Đơn vị: …; Ngày cấp: từ … đến …"."""
        return "; ".join(f"{heading}: {text}" for heading, text in self.words) or str(NO_FILTER)

    def address(self, **changes: str) -> dict[str, str]:
        """The arguments of this question's address, without a page; empty changes remove."""
        arguments = dict(self.arguments)
        if self.sort != self.list.sorted_by:
            arguments[SORT] = self.sort
        return {k: v for k, v in (arguments | changes).items() if v}

    def sorting(self, column: Column) -> dict[str, str]:
        """The arguments that sort by a column, turning the order where it is already so."""
        turned = column.key if self.sort != column.key else f"-{column.key}"
        return self.address(**{SORT: "" if turned == self.list.sorted_by else turned})

    def layout(self) -> tuple[Place, ...]:
        """The columns of a table from left to right, with their words in the reader's language
        said once, not once a cell."""
        places = [Place(i, c, str(c.heading)) for i, c in enumerate(self.list.columns)]
        beneath: dict[str, list[Place]] = {}
        for place in places:
            beneath.setdefault(place.column.beneath, []).append(place)
        return tuple(
            replace(place, beneath=tuple(beneath.get(place.column.key, ())))
            for place in beneath.get("", ())
        )

    def count(self, session: Session) -> int:
        """How many rows the question has, in all pages: exactly, however many there are."""
        if self.problems:
            return 0
        rows, conditions = self._rows, self._conditions(session)
        if not isinstance(rows, Rows):
            inner = rows.where(*conditions).with_only_columns(literal(1)).order_by(None)
            counted = select(func.count()).select_from(inner.subquery())
        elif not conditions and rows.total is not None:
            counted = rows.total()
        else:
            counted = rows.only([func.count()], conditions)
        return session.scalar(counted) or 0

    def page(self, session: Session) -> Page:
        """The asked page of up to 50 rows: two or three statements, however many rows.

        A filter whose keys are probed costs one more, and so does counting all. A filter that
        cannot be read shows no rows: unfiltered ones would mislead.
        """
        if self.problems:
            return Page((), 0)
        order = self._order()
        if self.before:
            order = order.turned()
        cursor = self.before or self.after
        few = self._few(session)
        statement = self._found(session, few, order)
        if cursor:
            statement = statement.where(order.beyond(order.read_cursor(cursor)))
        found = list(session.execute(statement.limit(PAGE_ROWS + 1)))
        there_is_more = len(found) > PAGE_ROWS
        found = found[:PAGE_ROWS]
        if self.before:
            found.reverse()
        has_next, has_previous = (
            (True, there_is_more) if self.before else (there_is_more, bool(self.after))
        )
        total = FEW if few is None else len(few)
        if few is None and self.counts_all:
            total = self.count(session)
        place = {AFTER: self.after, BEFORE: self.before, COUNT: EVERY}
        return Page(
            rows=self._shown(self._filled(session, found)),
            total=total,
            previous=self.address() | {BEFORE: order.cursor(found[0])}
            if has_previous and found
            else None,
            next=self.address() | {AFTER: order.cursor(found[-1])} if has_next and found else None,
            counting=self.address(**place) if few is None and not self.counts_all else None,
        )

    def _conditions(self, session: Session) -> tuple[ColumnElement[bool], ...]:
        """The filters, those that can be said in two ways as it is quick here.

        Once one of them is met by few, the others are asked of these few.
        """
        if "conditions" in self._met:
            return self._met["conditions"]
        met: tuple[ColumnElement[bool], ...] = ()
        is_narrow = False
        # From the last, which are words searched for: few meet these, if few meet any.
        for condition in reversed(self.conditions):
            if not isinstance(condition, Narrowing):
                met += (condition,)
                continue
            keys = None if is_narrow else _if_few(session, condition.keys)
            met += (condition.row_by_row if keys is None else condition.among(keys),)
            is_narrow = is_narrow or keys is not None
        self._met["conditions"] = met
        return met

    def _few(self, session: Session) -> Sequence[int] | None:
        """The ids of all rows where these are few, in no order."""
        rows, row_id = self._rows, _element(self.list.row_id)
        conditions = self._conditions(session)
        if isinstance(rows, Rows):
            bare = rows.only([row_id], conditions)
        else:
            bare = rows.where(*conditions).with_only_columns(row_id).order_by(None)
        return _if_few(session, bare)

    def _found(self, session: Session, few: Sequence[int] | None, order: _Order) -> Select[Any]:
        """All rows in order, with what a cursor needs: of few, or along the order until enough."""
        rows, conditions = self._rows, self._conditions(session)
        if not isinstance(rows, Rows):
            return order.applied_to(rows.where(*conditions))
        if few is not None:
            return order.arranged(rows.among(order.columns, order.keys[-1].in_(few)))
        return order.arranged(rows.along(order.columns, conditions, order.keys))

    def rows(self, session: Session) -> Iterator[tuple[Value, ...]]:
        """Every row's values in the order of the columns, read in handfuls from the first on."""
        yield from map(reader(self.list.columns), self.sources(session))

    def ids(self, session: Session) -> Sequence[int]:
        """Every row's id, in order: what a long export holds on to while it reads the rows."""
        if self.problems:
            return []
        rows, order, conditions = self._rows, self._order(), self._conditions(session)
        if not isinstance(rows, Rows):
            bare = order.applied_to(rows.where(*conditions).with_only_columns(literal(1)))
        elif rows.is_broad and not conditions:
            bare = order.arranged(rows.along(order.columns, (), order.keys))
        else:
            bare = order.arranged(rows.only(order.columns, conditions))
        found = session.execute(bare.execution_options(yield_per=HANDFUL))
        return [row.row_id_ for row in found]

    def rows_of(self, session: Session, ids: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """The values of rows by their ids, in the order of the ids; what is gone is left out.

        Asked by the handful: given thousands, SQLite would look for them unit by unit.
        """
        rows, row_id = self._rows, _element(self.list.row_id)
        read = reader(self.list.columns)
        for start in range(0, len(ids), HANDFUL):
            handful = ids[start : start + HANDFUL]
            of_these = row_id.in_(handful)
            whole = rows.of(of_these) if isinstance(rows, Rows) else rows.where(of_these)
            statement = whole.add_columns(row_id.label("row_id_"))
            found = {row.row_id_: read(row) for row in session.execute(statement)}
            yield from (found[key] for key in handful if key in found)

    def values(self, source: Any) -> tuple[Value, ...]:
        """One row's values in the order of the columns."""
        return tuple(column.value_of(source) for column in self.list.columns)

    def sources(self, session: Session) -> Iterator[Any]:
        """Every row as the select gives it, in order, read in handfuls."""
        if self.problems:
            return iter(())
        statement = self._order().applied_to(self._filtered(session))
        return iter(session.execute(statement.execution_options(yield_per=HANDFUL)))

    def _filled(self, session: Session, found: Sequence[Any]) -> Sequence[Any]:
        """The found rows with all their columns."""
        rows = self._rows
        if not isinstance(rows, Rows) or not found:
            return found
        row_id = _element(self.list.row_id)
        whole = rows.of(row_id.in_([row.row_id_ for row in found]))
        by_id = {
            row.row_id_: row for row in session.execute(whole.add_columns(row_id.label("row_id_")))
        }
        return [by_id[row.row_id_] for row in found]

    @cached_property
    def _rows(self) -> Select[Any] | Rows:
        narrowed = self.list.narrowed
        return self.list.rows(narrowed(self.scope, self.arguments) if narrowed else self.scope)

    def _shown(self, found: Sequence[Any]) -> tuple[ShownRow, ...]:
        read = reader(self.list.columns)
        # Units, courses and days come again and again: each is put in words once a page.
        shows = [lru_cache(2 * PAGE_ROWS, typed=True)(c.show) for c in self.list.columns]
        return tuple(
            ShownRow(
                id=str(row.row_id_),
                texts=tuple(show(value) for show, value in zip(shows, read(row), strict=True)),
                source=row,
            )
            for row in found
        )

    def _filtered(self, session: Session) -> Select[Any]:
        rows = self._rows
        whole = rows.whole() if isinstance(rows, Rows) else rows
        return whole.where(*self._conditions(session))

    def _order(self) -> _Order:
        column = self.sort_column
        return _Order(
            keys=tuple(_element(e) for e in (*column.sort, self.list.row_id)),
            is_nullable=column.nullable,
            is_descending=self.is_descending,
        )


@dataclass(frozen=True)
class _Order:
    """Sort expressions in one direction, the row's id last, nulls last in both directions."""

    keys: tuple[ColumnElement[Any], ...]
    is_nullable: bool
    is_descending: bool
    nulls_first: bool = False

    def turned(self) -> _Order:
        """The same order from its end."""
        return replace(self, is_descending=not self.is_descending, nulls_first=True)

    def applied_to(self, statement: Select[Any]) -> Select[Any]:
        """Order a select and add what the cursor needs to its columns."""
        return self.arranged(statement.add_columns(*self.columns))

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        """What the cursor needs of a row."""
        return [
            self.keys[-1].label("row_id_"),
            *(key.label(f"sort_{i}_") for i, key in enumerate(self.keys)),
        ]

    def arranged(self, statement: Select[Any]) -> Select[Any]:
        """Order a select."""
        for key in self.keys:
            if self.is_nullable and key is not self.keys[-1]:
                flag = _null_flag(key)
                statement = statement.order_by(flag.desc() if self.nulls_first else flag)
            statement = statement.order_by(key.desc() if self.is_descending else key.asc())
        return statement

    def cursor(self, row: Any) -> str:
        """A row's place, safe to stand in an address."""
        values = [getattr(row, f"sort_{i}_") for i in range(len(self.keys))]
        text = json.dumps([_packed(v) for v in values], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read_cursor(self, cursor: str) -> tuple[Any, ...]:
        """The sort values of a place. Raises NotThere for what no page of ours has written."""
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            values = tuple(_unpacked(v) for v in json.loads(text))
        except (ValueError, TypeError, KeyError, ArithmeticError, binascii.Error) as error:
            raise NotThere("cursor") from error
        if len(values) != len(self.keys):
            raise NotThere("cursor")
        for key, value in zip(self.keys, values, strict=True):
            if not _fits(key, value, self.is_nullable and key is not self.keys[-1]):
                raise NotThere("cursor")
        return values

    def beyond(self, values: tuple[Any, ...]) -> ColumnElement[bool]:
        """The rows that come after a place."""
        if not self.is_nullable:
            # One row comparison: both databases walk an index with it.
            ours = tuple_(*self.keys)
            theirs = tuple_(*(literal(v, k.type) for k, v in zip(self.keys, values, strict=True)))
            return ours < theirs if self.is_descending else ours > theirs
        choices: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for key, value in zip(self.keys, values, strict=True):
            choices.append(and_(*equal, self._after(key, value)))
            equal.append(key.is_(None) if value is None else key == value)
        return or_(*choices)

    def _after(self, key: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
        if value is None:
            return key.is_not(None) if self.nulls_first else false()
        further: ColumnElement[bool] = key < value if self.is_descending else key > value
        if key is self.keys[-1] or self.nulls_first:
            return further
        return or_(further, key.is_(None))


def _if_few(session: Session, keys: Keys) -> list[int] | None:
    """The keys that a select of one column finds, or None above FEW. One statement, one row."""
    found = keys.limit(FEW + 1).subquery()
    text = session.scalar(select(func.aggregate_strings(cast(found.c[0], String), ",")))
    listed = text.split(",") if text else []
    return [int(key) for key in listed] if len(listed) <= FEW else None


def _null_flag(key: ColumnElement[Any]) -> ColumnElement[int]:
    return case((key.is_(None), 1), else_=0)


def _element(expression: Expression) -> ColumnElement[Any]:
    """A model's attribute as the column behind it."""
    element: ColumnElement[Any] = expression.expression  # type: ignore[attr-defined]
    return element


_LETTERS: Sequence[tuple[str, type]] = (
    ("b", bool),
    ("t", datetime),
    ("d", date),
    ("i", int),
    ("f", float),
    ("n", Decimal),
    ("s", str),
)


def _packed(value: Any) -> list[Any] | None:
    if value is None:
        return None
    letter = next((letter for letter, kind in _LETTERS if isinstance(value, kind)), None)
    if letter is None:
        raise TypeError(f"a list cannot be ordered by a {type(value).__name__}")
    if letter in "td":
        return [letter, value.isoformat()]
    return [letter, str(value) if letter == "n" else value]


def _unpacked(packed: Any) -> Any:
    if packed is None:
        return None
    letter, value = packed
    if letter == "t":
        return datetime.fromisoformat(value)
    if letter == "d":
        return date.fromisoformat(value)
    if letter == "n":
        return Decimal(value)
    kind = dict(_LETTERS)[letter]
    if not isinstance(value, kind):
        raise ValueError(letter)
    return value


def _fits(key: ColumnElement[Any], value: Any, may_be_null: bool) -> bool:
    """Whether a value from an address can be compared with a column at all."""
    if value is None:
        return may_be_null
    if isinstance(value, datetime):
        return key.type.python_type is datetime and value.tzinfo is not None
    if isinstance(value, bool):
        return key.type.python_type in (bool, int)
    if isinstance(value, int):
        return key.type.python_type in (int, float, Decimal) and abs(value) < 2**63
    if isinstance(value, str):
        return key.type.python_type is str and "\0" not in value
    return isinstance(value, key.type.python_type)
