"""Where a list's rows come from: one table in a scope, and joins that only add columns.

Counting and finding a page then read what the filters and the order name, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    ScalarSelect,
    Select,
    SelectBase,
    inspect,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True)
class Join:
    """One more table beside each row: exactly one row of it, or for an outer join at most one."""

    to: Any
    on: ColumnElement[bool]
    is_outer: bool = False


@dataclass(frozen=True)
class Walk:
    """Another table to begin with where a list is ordered by it: so an index gives the order.

    `joins` lead from it to the list's own table, the last of them.
    """

    start: Any
    joins: tuple[Join, ...]
    where: tuple[ColumnElement[bool], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a table that a scope may see, with the columns of the tables joined to them.

    No join leaves out or repeats a row, so whoever needs none of its columns goes without it.
    A join may need those before it. `total` counts all rows by a shorter way, where there is one.
    `where` finds the rows; `row_by_row` says the same of a row that is at hand, where there is a
    quicker way. `walks` are made by what they start with. `is_broad` says that a scope holds a
    good part of the table.
    """

    table: Any
    where: tuple[ColumnElement[bool], ...]
    row_by_row: tuple[ColumnElement[bool], ...] = ()
    columns: tuple[Any, ...]
    joins: tuple[Join, ...] = ()
    walks: Mapping[Any, Callable[[], Walk]] = field(default_factory=dict)
    total: Callable[[], Select[Any]] | None = None
    is_broad: bool = False

    def whole(self) -> Select[Any]:
        """Every column of every row."""
        return _joined(select(*self.columns), self.table, self.joins).where(*self.where)

    def of(self, condition: ColumnElement[bool]) -> Select[Any]:
        """Every column of the rows of a condition, which must keep to the scope itself."""
        return _joined(select(*self.columns), self.table, self.joins).where(condition)

    def only(
        self, columns: Sequence[ColumnElement[Any]], conditions: Sequence[ColumnElement[bool]]
    ) -> Select[Any]:
        """Some columns of the rows that meet conditions, with the joins these need and no other."""
        where = (*self.where, *conditions)
        joins = self._needed((*columns, *where))
        return _joined(select(*columns), self.table, joins).where(*where)

    def among(
        self, columns: Sequence[ColumnElement[Any]], condition: ColumnElement[bool]
    ) -> Select[Any]:
        """The same of the rows of a condition, which must keep to the scope itself."""
        joins = self._needed((*columns, condition))
        return _joined(select(*columns), self.table, joins).where(condition)

    def along(
        self,
        columns: Sequence[ColumnElement[Any]],
        conditions: Sequence[ColumnElement[bool]],
        keys: Sequence[ColumnElement[Any]],
    ) -> Select[Any]:
        """The same as `only`, to be read in the order of keys until there are enough.

        Each row on the way is asked whether it meets the conditions: rows are not looked up by
        them, since they would all have to be found and sorted first.
        """
        walk = next((make() for start, make in self.walks.items() if _of(keys[0], start)), None)
        leading = (*keys, *(join.on for join in walk.joins)) if walk else tuple(keys)
        lead = walk.start if walk else self.table
        where = [
            _asked_of_a_row(condition, leading, lead)
            for condition in (*(self.row_by_row or self.where), *conditions)
        ]
        needed = self._needed((*columns, *where))
        if walk is None:
            return _joined(select(*columns), self.table, needed).where(*where)
        there = {_table(walk.start), *(_table(join.to) for join in walk.joins)}
        joins = (*walk.joins, *(join for join in needed if _table(join.to) not in there))
        return _joined(select(*columns), walk.start, joins).where(*walk.where, *where)

    def _needed(self, expressions: Iterable[ColumnElement[Any]]) -> list[Join]:
        named = _tables(expressions)
        needed: list[Join] = []
        for join in reversed(self.joins):
            if _table(join.to) in named:
                needed.insert(0, join)
                named |= _tables((join.on,))
        return needed


def _joined(statement: Select[Any], start: Any, joins: Iterable[Join]) -> Select[Any]:
    statement = statement.select_from(start)
    for join in joins:
        statement = statement.join(join.to, join.on, isouter=join.is_outer)
    return statement


def _table(entity: Any) -> Any:
    return inspect(entity).selectable


def _tables(expressions: Iterable[ColumnElement[Any]]) -> set[Any]:
    """The tables whose columns stand in some expressions, but for questions within these: such a
    question has tables of its own, and beside them names the list's own table only."""
    return {part.table for part in _columns(expressions)}


def _columns(expressions: Iterable[Any]) -> Iterator[ColumnClause[Any]]:
    for part in expressions:
        if isinstance(part, ColumnClause) and part.table is not None:
            yield part
        elif not isinstance(part, SelectBase):
            yield from _columns(part.get_children())


def _of(expression: ColumnElement[Any], entity: Any) -> bool:
    return _tables((expression,)) == {_table(entity)}


def not_of_one_table(condition: ColumnElement[bool], key: Any) -> ColumnElement[bool]:
    """A condition that names a key of another table, too, without saying more.

    For the sake of a condition of one table SQLite reads all of it first (for a Bloom filter or
    an index of its own), even if fifty rows are wanted.
    """
    return or_(condition, key < 0)


def _asked_of_a_row(
    condition: ColumnElement[bool], leading: Sequence[ColumnElement[Any]], lead: Any
) -> ColumnElement[bool]:
    """A condition that nothing is looked up by, but for the columns that lead along the order."""
    kept = {(part.table, part.name) for part in _columns(leading)}

    def replaced(part: Any, **_: Any) -> Any:
        if isinstance(part, ColumnClause) and part.table is not None:
            return part if (part.table, part.name) in kept else unindexed(part)
        # What is asked inside a question of its own has its own way.
        return part if isinstance(part, unindexed | SelectBase | ScalarSelect) else None

    replace: Any = replaced  # whose type the library does not show
    found: ColumnElement[bool] = visitors.replacement_traverse(condition, {}, replace)
    if _table(lead) in _tables((condition,)):
        return found
    return not_of_one_table(found, unindexed(lead.id))


class unindexed(ColumnElement[Any]):  # noqa: N801 named like the functions it stands beside
    """A column that SQLite must not look up by: it keeps no figures of how rows are spread.

    PostgreSQL does, and sees the plain column.
    """

    inherit_cache = True
    __visit_name__ = "unindexed"
    _traverse_internals = [("column", visitors.InternalTraversal.dp_clauseelement)]

    def __init__(self, column: Any) -> None:
        self.column = column.expression
        self.type = self.column.type


@compiles(unindexed)
def _plain(element: unindexed, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.column, **kwargs)


@compiles(unindexed, "sqlite")
def _signed(element: unindexed, compiler: SQLCompiler, **kwargs: Any) -> str:
    return "+" + compiler.process(element.column, **kwargs)
