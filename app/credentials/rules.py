"""What may be recognised and issued, what a register number looks like, what state holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.kernel.acts import Act
from app.kernel.refusals import Refusal
from app.kernel.words import Words, _l, fold, read_date

ISSUING_KINDS = ("ministry", "agency", "department", "centre")
"""Kinds of unit that decide and issue; a commune or a network does not."""

NUMBER_PATTERN = "{number:4}/{year}"
"""0231/2026: the customary register number (domain.md, section 4)."""

MODES = {"online": "học trực tuyến", "class": "học tập trung"}
"""How a course was taken, as printed, by the source of its completion."""

HONORIFICS = {"male": "Ông", "female": "Bà", "": "Ông/Bà"}

PASSED = "Đạt"

CONFIRMATIONS = 6
CONFIRMATIONS_WINDOW = timedelta(minutes=10)
CONFIRMATIONS_A_DAY = 40
"""How often words printed on one certificate may be tried: a birth date is not guessed so."""

UNKNOWN_CODES = 30
UNKNOWN_CODES_WINDOW = timedelta(minutes=10)
"""How often one address may ask for codes that do not exist."""

_PLACE = re.compile(r"\{(number|year)(?::([1-9]))?\}")
_FOR_THE_HEAD = re.compile(r"^\s*(?:KT|TL|TUQ|TM)\s*\.\s*", re.IGNORECASE)


class NothingChosen(Refusal):
    """A recognition names nobody."""

    text = _l("Chưa chọn người nào để công nhận.")


class NotAnIssuer(Refusal):
    """The unit does not issue certificates, or not for these people."""

    text = _l("Đơn vị này không cấp giấy chứng nhận cho những người đã chọn.")


class DecisionInFuture(Refusal):
    """A decision is dated after the day of issue."""

    text = _l("Ngày quyết định không thể sau ngày cấp.")


class DecisionBeforeCompletion(Refusal):
    """A decision recognises what was completed by its date, never what came later."""


class WordsLacking(Refusal):
    """A certificate cannot be printed because something on its face is not known."""


class StandingDecisionOpen(Refusal):
    """A unit has at most one standing decision in force."""

    text = _l("Đơn vị đang có một quyết định thường xuyên; hãy kết thúc quyết định đó trước.")


class NoLongerInForce(Refusal):
    """A certificate that was revoked or replaced cannot be revoked or replaced again."""

    text = _l("Giấy chứng nhận này đã bị thu hồi hoặc thay thế từ trước.")


class ReasonMissing(Refusal):
    """Taking a certificate back needs a reason that the register can keep."""

    text = _l("Hãy ghi lý do.")


class PageWithdrawn(Refusal):
    """A certificate that was taken back is not printed again for its holder."""

    text = _l("Giấy chứng nhận này đã bị thu hồi hoặc thay thế nên không in lại được nữa.")


class PatternUnusable(Refusal):
    """A pattern of register numbers that would give two lines one number."""

    text = _l("Mẫu số vào sổ phải có {number} đúng một lần và {year} đúng một lần.")


class State(StrEnum):
    """What the register says of a certificate today."""

    IN_FORCE = "in-force"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


STATE_TONES = {
    State.IN_FORCE: "good",
    State.EXPIRED: "gold",
    State.REVOKED: "bad",
    State.SUPERSEDED: "gold",
}

EVENT_NAMES: dict[str, Words] = {
    "issued": _l("Cấp"),
    "revoked": _l("Thu hồi"),
    "superseded": _l("Thay bằng giấy khác"),
}

STATE_NAMES: dict[State, Words] = {
    State.IN_FORCE: _l("Còn hiệu lực theo sổ cấp"),
    State.EXPIRED: _l("Đã hết thời hạn ghi trên giấy"),
    State.REVOKED: _l("Đã bị thu hồi"),
    State.SUPERSEDED: _l("Đã được thay bằng giấy khác"),
}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision on paper: its number and date, and who signs what follows from it."""

    number: str
    day: date
    signer_name: str
    signer_title: str
    signing_for: str = ""
    confirms_validity: bool = False


def state_on(today: date, *, expires_on: date | None, ended_by: str | None) -> State:
    """The state of a certificate on a day.

    `expires_on` is the first day on which it no longer holds; `ended_by` the kind of the
    event that ended it, if any.
    """
    if ended_by is not None:
        return State(ended_by)
    if expires_on is not None and today >= expires_on:
        return State.EXPIRED
    return State.IN_FORCE


def register_number(pattern: str, number: int, year: int) -> str:
    """A line's number as printed: `{number:4}/{year}` gives 0231/2026.

    A digit after the colon is the least width, filled with noughts. Raises PatternUnusable
    unless number and year stand in the pattern once each: without both, two lines of two
    years would share a number.
    """
    places = sorted(match[1] for match in _PLACE.finditer(pattern))
    if places != ["number", "year"] or set("{}") & set(_PLACE.sub("", pattern)):
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
    year, month = issued_on.year + years, month + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return first_of_next if issued_on.day > last else date(year, month, issued_on.day)


def matches(field: str, typed: str, printed: str) -> bool:
    """Whether what somebody reads on paper is what was printed.

    `field` is born, unit or result. A date may be written in any customary way; words may be
    typed without diacritics, in any case.
    """
    if field == "born":
        return read_date(typed) is not None and read_date(typed) == read_date(printed)
    return bool(printed) and fold(typed) == fold(printed)


def lacking(name: str, missing: Sequence[Words]) -> Words:
    """The sentence that refuses a certificate to somebody for want of something."""
    return _l(
        "Chưa in được giấy của %(name)s: %(missing)s.",
        name=name,
        missing=", ".join(str(one) for one in missing),
    )


def still_to_do(*, lessons_left: int, quiz_left: bool) -> list[Words]:
    """What a learner lacks for completing a course."""
    found = []
    if lessons_left > 0:
        found.append(_l("còn %(count)s bài học", count=lessons_left))
    if quiz_left:
        found.append(_l("chưa đạt bài kiểm tra cuối khóa"))
    return found


def head_title(signing_for: str, signer_title: str) -> str:
    """The office in whose name it is certified: "KT. Giám đốc" speaks for "Giám đốc"."""
    return _FOR_THE_HEAD.sub("", signing_for) if signing_for.strip() else signer_title


def lacks(*, born_on: date | None, unit: str, drawable: bool) -> list[Words]:
    """What must be settled before this person's certificate can be printed; empty: nothing."""
    found = []
    if born_on is None:
        found.append(_l("thiếu ngày sinh"))
    if not unit:
        found.append(_l("thiếu đơn vị công tác"))
    if not drawable:
        found.append(_l("họ tên hoặc đơn vị có chữ không in được"))
    return found


def check_decision_day(name: str, *, completed_on: date, decided_on: date, today: date) -> None:
    """Raise unless a decision of that day may recognise, today, what was completed that day."""
    if decided_on > today:
        raise DecisionInFuture
    if decided_on < completed_on:
        raise DecisionBeforeCompletion(
            _l(
                "%(name)s hoàn thành sau ngày quyết định; quyết định chỉ công nhận kết quả đã có.",
                name=name,
            )
        )


ACTS = {
    "standing-decision.open": Act(
        group="certificate",
        sentence=_l("bắt đầu công nhận thường xuyên theo quyết định %(decision)s ngày %(date)s"),
    ),
    "standing-decision.end": Act(
        group="certificate", sentence=_l("kết thúc quyết định công nhận thường xuyên %(decision)s")
    ),
    "certificates.issue": Act(
        group="certificate",
        sentence=_l("cấp giấy chứng nhận theo quyết định %(decision)s, số vào sổ %(numbers)s"),
    ),
    "certificate.issue": Act(
        group="certificate",
        sentence=_l("cấp giấy chứng nhận số %(number)s cho %(person)s, quyết định %(decision)s"),
    ),
    "certificate.revoked": Act(
        group="certificate",
        sentence=_l("thu hồi giấy chứng nhận số %(number)s của %(person)s, %(decision)s"),
    ),
    "certificate.superseded": Act(
        group="certificate",
        sentence=_l(
            "cấp lại giấy chứng nhận số %(number)s của %(person)s, bản mới mã %(decision)s"
        ),
    ),
}
