"""What may be said of units."""

from __future__ import annotations

import re
from datetime import date

from app.kernel.acts import Act, among
from app.kernel.refusals import Refusal
from app.kernel.words import _l

_CODE = re.compile(r"[0-9A-Za-zĐđ][0-9A-Za-zĐđ._/-]{0,39}")

KIND_NAMES = {
    "ministry": _l("Bộ"),
    "agency": _l("Cục, vụ thuộc Bộ"),
    "province": _l("Tỉnh"),
    "municipality": _l("Thành phố trực thuộc trung ương"),
    "department": _l("Sở"),
    "centre": _l("Trung tâm khuyến công"),
    "division": _l("Phòng, ban"),
    "network": _l("Mạng lưới cộng tác viên"),
    "commune": _l("Xã"),
    "ward": _l("Phường"),
    "special_zone": _l("Đặc khu"),
    "enterprise": _l("Cơ sở, doanh nghiệp"),
    "other": _l("Đơn vị khác"),
}


class UnitCodeTaken(Refusal):
    """A code names one unit for ever."""

    text = _l("Mã đơn vị này đã thuộc về một đơn vị khác. Mã không dùng lại, hãy chọn mã mới.")


class UnitCodeInvalid(Refusal):
    """A code is short and plain, so that it survives spreadsheets and addresses."""

    text = _l("Mã đơn vị gồm chữ, số và các dấu . _ / - (không có dấu cách), dài đến 40 ký tự.")


class UnitWouldLoop(Refusal):
    """The tree has no cycle."""

    text = _l("Đơn vị cấp trên không thể là chính đơn vị này hoặc đơn vị nằm dưới nó.")


class UnitDatesInvalid(Refusal):
    """A change cannot begin before the state it replaces, nor be shown before it begins."""

    text = _l(
        "Ngày hiệu lực không được trước ngày bắt đầu của tên, loại, cấp trên hiện tại "
        "và không được sau hôm nay."
    )


def is_unit_code(code: str) -> bool:
    """Whether a text can be a unit's code; leading zeros count."""
    return bool(_CODE.fullmatch(code))


def check_change_date(since: date, on: date, today: date) -> None:
    """Raise UnitDatesInvalid when a change would begin before the present state, or later on."""
    if not since <= on <= today:
        raise UnitDatesInvalid


def check_parent(unit_id: int, lines_above_parent: list[int]) -> None:
    """Raise UnitWouldLoop when a unit would come to stand above itself."""
    if unit_id in lines_above_parent:
        raise UnitWouldLoop


_KIND = {"kind": among(KIND_NAMES)}

ACTS = {
    "unit.found": Act(group="unit", sentence=_l("thêm đơn vị %(name)s, mã %(code)s"), says=_KIND),
    "unit.change": Act(group="unit", sentence=_l("thay đổi đơn vị %(subject)s"), says=_KIND),
}
