"""Where a list's rows come from: one table in a scope, and joins that only add columns.

Counting and finding a page then read what the filters and the order name, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, Select, inspect, select
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
    """

    table: Any
    where: tuple[ColumnElement[bool], ...]
    columns: tuple[Any, ...]
    joins: tuple[Join, ...] = ()
    walks: tuple[Walk, ...] = ()
    total: Select[Any] | None = None

    def whole(self) -> Select[Any]:
        """Every column of every row."""
        return _joined(select(*self.columns), self.table, self.joins).where(*self.where)

    def of(self, condition: ColumnElement[bool]) -> Select[Any]:
        """Every column of the rows of a condition, which must keep to the scope itself."""
        return _joined(select(*self.columns), self.table, self.joins).where(condition)

    def only(
        self,
        columns: Sequence[ColumnElement[Any]],
        conditions: Sequence[ColumnElement[bool]],
        first: ColumnElement[Any] | None = None,
    ) -> Select[Any]:
        """Some columns of the rows that meet conditions, with the joins these need and no other.

        `first` is what the rows will be ordered by first.
        """
        named = _tables((*columns, *conditions, *self.where))
        walk = next((w for w in self.walks if first is not None and _of(first, w.start)), None)
        needed: list[Join] = []
        for join in reversed(self.joins):
            if _table(join.to) in named:
                needed.insert(0, join)
                named |= _tables((join.on,))
        if walk is None:
            return _joined(select(*columns), self.table, needed).where(*self.where, *conditions)
        there = {_table(walk.start), *(_table(join.to) for join in walk.joins)}
        joins = (*walk.joins, *(join for join in needed if _table(join.to) not in there))
        return _joined(select(*columns), walk.start, joins).where(
            *walk.where, *self.where, *conditions
        )


def _joined(statement: Select[Any], start: Any, joins: Iterable[Join]) -> Select[Any]:
    statement = statement.select_from(start)
    for join in joins:
        statement = statement.join(join.to, join.on, isouter=join.is_outer)
    return statement


def _table(entity: Any) -> Any:
    return inspect(entity).selectable


def _tables(expressions: Iterable[ColumnElement[Any]]) -> set[Any]:
    """The tables whose columns stand anywhere in some expressions."""
    return {
        part.table
        for expression in expressions
        for part in visitors.iterate(expression)
        if isinstance(part, ColumnClause) and part.table is not None
    }


def _of(expression: ColumnElement[Any], entity: Any) -> bool:
    return _tables((expression,)) == {_table(entity)}


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
