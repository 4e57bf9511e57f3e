"""What audit rows say in words: every room names the acts that it records.

Pure words: who reads an audit row sees a sentence, never the name of an action.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.kernel.words import Words, _l, show_date

UNKNOWN = "…"
"""Stands for what was erased with somebody's personal data."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One kind of act.

    `sentence` may name what the act recorded, and %(subject)s: what it was done to. `says`
    turns a recorded value into words, by its name.
    """

    group: str
    sentence: Words
    says: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)

    def told(self, subject: str, content: Mapping[str, Any]) -> str:
        """The act in one sentence, in the reader's language."""
        recorded = {**(content.get("before") or {}), **(content.get("after") or {})}
        values: dict[str, str] = defaultdict(lambda: UNKNOWN)
        values |= {name: self.say(name, value) for name, value in recorded.items()}
        values["subject"] = subject or UNKNOWN
        return (str(Words(self.sentence.source)) % values).strip()

    def tells_all(self, content: Mapping[str, Any]) -> bool:
        """Whether the sentence says everything that the act recorded."""
        after = content.get("after") or {}
        return not content.get("before") and all(
            f"%({name})s" in self.sentence.source for name in after
        )

    def say(self, name: str, value: Any) -> str:
        """A recorded value in words."""
        if name in self.says:
            return self.says[name](value)
        if value is None or value == "":
            return "–"
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return _as_day(value) if isinstance(value, str) else str(value)


def among(names: Mapping[str, Any]) -> Callable[[Any], str]:
    """Says a code by its word; a code without a word says itself."""
    return lambda value: str(names.get(value, value))


def _as_day(text: str) -> str:
    try:
        return show_date(date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text


GROUPS: dict[str, Words] = {
    "unit": _l("Đơn vị"),
    "person": _l("Nhân sự"),
    "role": _l("Vai trò"),
    "sign-in": _l("Đăng nhập, mật khẩu"),
    "requirement": _l("Giao học"),
    "certificate": _l("Công nhận, giấy chứng nhận"),
    "export": _l("Xuất danh sách"),
    "refused": _l("Bị từ chối"),
}

LABELS: dict[str, Words] = {
    "name": _l("Tên"),
    "code": _l("Mã"),
    "kind": _l("Loại"),
    "parent": _l("Cấp trên"),
    "decision": _l("Quyết định"),
    "date": _l("Ngày"),
    "number": _l("Số"),
    "numbers": _l("Các số"),
    "staff_code": _l("Mã cán bộ"),
    "position": _l("Chức vụ"),
    "from": _l("Từ ngày"),
    "on": _l("Từ ngày"),
    "role": _l("Vai trò"),
    "purpose": _l("Mục đích"),
    "course": _l("Khóa học"),
    "due_on": _l("Hạn"),
    "list": _l("Danh sách"),
    "form": _l("Dạng tệp"),
    "filter": _l("Bộ lọc"),
    "rows": _l("Số dòng"),
    "hash": _l("Mã kiểm của tệp"),
    "address": _l("Địa chỉ"),
    "status": _l("Mã trả lời"),
    "why": _l("Lý do"),
    "reason": _l("Lý do"),
    "person": _l("Người"),
}

REFUSED = "refused"

_acts: dict[str, Act] = {
    REFUSED: Act(group="refused", sentence=_l("bị từ chối khi gửi đến %(address)s. %(why)s"))
}


def declare(acts: Mapping[str, Act]) -> None:
    """Name the acts of a room; `app.features` calls it once for each."""
    _acts.update(acts)


def act(action: str) -> Act:
    """The act of an audit row's action. Raises KeyError for one that no room has named."""
    return _acts[action]


def known() -> Mapping[str, Act]:
    """Every act that some room has named, by its action."""
    return dict(_acts)
