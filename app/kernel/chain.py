"""The audit chain read again: whether every row still says what it said when it was sealed.

A chain that holds in itself may still be a shorter or a rewritten one. Against that stands a
head that was taken out of the installation: the number and hash of a link, kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, exists, func, select

from app.kernel.audit import (
    GENESIS,
    AuditDetail,
    AuditRow,
    AuditSeal,
    detail_digest,
    link_hash,
)
from app.kernel.database import session
from app.kernel.refusals import Refusal
from app.kernel.words import Words, _l

MOST_FINDINGS = 20
"""Places that are named: one edit is one place, and whoever replaced everything needs no list."""

HANDFUL = 5000


class HeadUnreadable(Refusal):
    """A kept head is the line that `audit head` printed."""

    text = _l("Không đọc được mốc niêm phong: mỗi dòng phải là một dòng do “audit head” in ra.")


class Head(NamedTuple):
    """The last link of a chain at some time: whoever keeps it can prove what came before."""

    sequence: int
    hash: str

    def line(self, at: datetime) -> str:
        """The head as one line to keep elsewhere."""
        return json.dumps({"sequence": self.sequence, "hash": self.hash, "at": at.isoformat()})


@dataclass(frozen=True)
class Verdict:
    """What reading the chain again found."""

    links: int
    head: Head
    findings: tuple[Words, ...]
    unsealed: int
    """Rows that are committed and not yet part of the chain."""
    unsealed_since: datetime | None
    erased: int
    """Links whose details were erased with somebody's personal data: the chain still holds."""


class _Link(NamedTuple):
    """A link whose row does not make its hash."""

    sequence: int
    previous: str
    hash: str
    row: Row[Any]


def head() -> Head:
    """The last link of the chain."""
    last = session().execute(
        select(AuditSeal.sequence, AuditSeal.hash).order_by(AuditSeal.sequence.desc()).limit(1)
    )
    found = last.one_or_none()
    return Head(found.sequence, found.hash) if found else Head(0, GENESIS)


def read_heads(text: str) -> list[Head]:
    """Heads that were kept, a line each. Raises HeadUnreadable."""
    try:
        kept = [json.loads(line) for line in text.splitlines() if line.strip()]
        heads = [Head(int(one["sequence"]), str(one["hash"])) for one in kept]
    except (ValueError, TypeError, KeyError) as error:
        raise HeadUnreadable from error
    if not heads:
        raise HeadUnreadable
    return heads


def verify(kept: Sequence[Head] = ()) -> Verdict:
    """Read the whole chain again, in memory that does not grow with it.

    `kept` are heads that were taken out earlier: a chain that is shorter than one of them, or
    another one there, was cut or rewritten.
    """
    findings: list[Words] = []
    reader = _Reader({one.sequence: one.hash for one in kept})
    for finding in reader.read():
        if len(findings) < MOST_FINDINGS:
            findings.append(finding)
    waiting = (
        session()
        .execute(
            select(func.count(), func.min(AuditRow.at)).where(
                ~exists().where(AuditSeal.audit_id == AuditRow.id)
            )
        )
        .one()
    )
    return Verdict(
        links=reader.links,
        head=reader.head,
        findings=tuple(findings),
        unsealed=waiting[0],
        unsealed_since=waiting[1],
        erased=reader.erased,
    )


class _Reader:
    """One walk along the chain."""

    def __init__(self, kept: dict[int, str]) -> None:
        self.links, self.erased, self.head = 0, 0, Head(0, GENESIS)
        self._kept = kept
        self._wrong: list[_Link] = []

    def read(self) -> Iterator[Words]:
        """Everything that does not hold, in the order of the chain."""
        statement = (
            select(
                AuditSeal.sequence,
                AuditSeal.audit_id,
                AuditSeal.previous,
                AuditSeal.hash,
                *AuditRow.__table__.columns,
                AuditDetail.audit_id.label("detail_of"),
                AuditDetail.salt,
                AuditDetail.content,
            )
            .outerjoin(AuditRow, AuditRow.id == AuditSeal.audit_id)
            .outerjoin(AuditDetail, AuditDetail.audit_id == AuditSeal.audit_id)
            .order_by(AuditSeal.sequence)
            .execution_options(yield_per=HANDFUL)
        )
        for row in session().execute(statement):
            yield from self._look_at(row)
            self.links += 1
            self.head = Head(row.sequence, row.hash)
            if self._kept.get(row.sequence, row.hash) != row.hash:
                yield _l(
                    "Mắt xích %(number)s không phải mắt xích đã ghi trong mốc niêm phong: "
                    "chuỗi đã bị viết lại từ đây hoặc từ trước đó.",
                    number=row.sequence,
                )
        yield from self._mismatches()
        for number in sorted(number for number in self._kept if number > self.head.sequence):
            yield _l(
                "Chuỗi chỉ còn đến mắt xích %(last)s, trong khi mốc niêm phong đã ghi mắt xích "
                "%(number)s: phần cuối đã bị cắt.",
                last=self.head.sequence,
                number=number,
            )

    def _look_at(self, row: Row[Any]) -> Iterator[Words]:
        expected = self.head.sequence + 1
        if row.sequence != expected:
            yield _l(
                "Thiếu mắt xích %(first)s đến %(last)s của chuỗi.",
                first=expected,
                last=row.sequence - 1,
            )
        elif row.previous != self.head.hash:
            yield _l("Mắt xích %(number)s không nối vào mắt xích trước nó.", number=row.sequence)
        if row.id is None:
            yield _l(
                "Dòng nhật ký %(row)s (mắt xích %(number)s) đã bị xóa.",
                row=row.audit_id,
                number=row.sequence,
            )
            return
        if link_hash(row.sequence, row.previous, row) != row.hash:
            self._wrong.append(_Link(row.sequence, row.previous, row.hash, row))
            if len(self._wrong) == 2 * MOST_FINDINGS:
                yield from self._mismatches()
        elif row.detail_of is None:
            self.erased += 1
        elif detail_digest(row.salt, row.content) != row.digest:
            yield _l(
                "Phần trước và sau của dòng nhật ký %(row)s (mắt xích %(number)s) đã bị sửa.",
                row=row.id,
                number=row.sequence,
            )

    def _mismatches(self) -> Iterator[Words]:
        """Of rows that do not make their link: those that make another one were swapped."""
        wrong, self._wrong = self._wrong, []
        told: set[int] = set()
        for link in wrong:
            if link.sequence in told:
                continue
            other = _whose_row_fits(link, wrong)
            if other is None:
                yield _l(
                    "Dòng nhật ký %(row)s (mắt xích %(number)s) khác với lúc được niêm phong: "
                    "đã bị sửa.",
                    row=link.row.id,
                    number=link.sequence,
                )
            else:
                told.add(other.sequence)
                yield _l(
                    "Dòng nhật ký %(row)s và %(other)s (mắt xích %(number)s và %(further)s) "
                    "đã bị đổi chỗ.",
                    row=link.row.id,
                    other=other.row.id,
                    number=link.sequence,
                    further=other.sequence,
                )


def _whose_row_fits(link: _Link, others: Iterable[_Link]) -> _Link | None:
    return next(
        (
            other
            for other in others
            if other is not link and link_hash(link.sequence, link.previous, other.row) == link.hash
        ),
        None,
    )
