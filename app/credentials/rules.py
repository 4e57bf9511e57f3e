"""What may be recognised and issued, what a register number looks like, what state holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.kernel.refusals import Refusal
from app.kernel.words import Words, _l

NUMBER_PATTERN = "{number:4}/{year}"
"""0231/2026: the customary register number (domain.md, section 4)."""

_PLACE = re.compile(r"\{(number|year)(?::([1-9]))?\}")


class NothingChosen(Refusal):
    text = _l("Chưa chọn người nào để công nhận.")


class AlreadyRecognized(Refusal):
    text = _l("Kết quả này đã được công nhận và cấp giấy chứng nhận.")


class WordsLacking(Refusal):
    """A certificate cannot be printed because something on its face is not known."""


class DecisionAfterIssue(Refusal):
    text = _l("Ngày quyết định không thể sau ngày cấp.")


class DecisionBeforeCompletion(Refusal):
    """A decision recognises what was completed by its date, never what came later."""


class StandingDecisionOpen(Refusal):
    text = _l("Đơn vị đang có một quyết định thường xuyên; hãy kết thúc quyết định đó trước.")


class NoStandingDecision(Refusal):
    text = _l("Đơn vị không có quyết định thường xuyên nào đang hiệu lực.")


class AlreadyRevoked(Refusal):
    text = _l("Giấy chứng nhận này đã bị thu hồi từ trước.")


class PatternUnusable(Refusal):
    text = _l("Mẫu số vào sổ phải có {number} đúng một lần và {year} đúng một lần.")


class State(StrEnum):
    """What the register says of a certificate today."""

    IN_FORCE = "in-force"
    EXPIRED = "expired"
    REVOKED = "revoked"


STATE_NAMES: dict[State, Words] = {
    State.IN_FORCE: _l("Còn hiệu lực theo sổ cấp"),
    State.EXPIRED: _l("Đã hết thời hạn ghi trên giấy"),
    State.REVOKED: _l("Đã bị thu hồi"),
}


def state_on(today: date, *, expires_on: date | None, revoked: bool) -> State:
    """The state of a certificate. `expires_on` is the first day on which it no longer holds."""
    if revoked:
        return State.REVOKED
    if expires_on is not None and today >= expires_on:
        return State.EXPIRED
    return State.IN_FORCE


def register_number(pattern: str, number: int, year: int) -> str:
    """A line's number as printed: `{number:4}/{year}` gives 0231/2026.

    A digit after the colon is the least width, filled with noughts. Raises PatternUnusable
    unless number and year stand in the pattern once each: without both, two lines of two
    years would share a number.
    """
    if sorted(match[1] for match in _PLACE.finditer(pattern)) != ["number", "year"]:
        raise PatternUnusable
    if "{" in _PLACE.sub("", pattern) or "}" in _PLACE.sub("", pattern):
        raise PatternUnusable
    values = {"number": number, "year": year}
    return _PLACE.sub(lambda match: str(values[match[1]]).zfill(int(match[2] or 1)), pattern)


def expiry(issued_on: date, valid_months: int | None) -> date | None:
    """The first day on which a certificate of so many months no longer holds; None: never.

    Issued on 31 August for six months, it holds to the end of February.
    """
    if not valid_months:
        return None
    years, month = divmod(issued_on.month - 1 + valid_months, 12)
    for day in (issued_on.day, 30, 29, 28):
        try:
            return date(issued_on.year + years, month + 1, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What a decision recognises of one person, as far as the rules look at it."""

    name: str
    born_on: date | None
    unit: str
    completed_on: date
    is_recognized: bool
    missing_letters: str = ""


def lacks(who: Recognition) -> list[Words]:
    """What must be settled before this person's certificate can be printed; empty: nothing."""
    found: list[Words] = []
    if who.born_on is None:
        found.append(_l("thiếu ngày sinh"))
    if not who.unit:
        found.append(_l("thiếu đơn vị công tác"))
    if who.missing_letters:
        found.append(_l("họ tên có chữ không in được: %(letters)s", letters=who.missing_letters))
    return found


def check_recognition(who: Recognition, *, decided_on: date, today: date) -> None:
    """Raise a named refusal unless a decision of that day may recognise this completion."""
    if who.is_recognized:
        raise AlreadyRecognized
    if decided_on > today:
        raise DecisionAfterIssue
    if decided_on < who.completed_on:
        raise DecisionBeforeCompletion(
            _l(
                "%(name)s hoàn thành sau ngày quyết định; quyết định chỉ công nhận kết quả đã có.",
                name=who.name,
            )
        )
    if missing := lacks(who):
        raise WordsLacking(
            _l(
                "Chưa in được giấy của %(name)s: %(missing)s.",
                name=who.name,
                missing=", ".join(str(one) for one in missing),
            )
        )
