"""How much is made at once, what a state is called, and the refusals of exporting."""

from __future__ import annotations

from datetime import date

from app.kernel.acts import Act, among
from app.kernel.refusals import Refusal
from app.kernel.words import _l, show_number

ROWS_IN_A_REQUEST = 5_000
"""Up to so many rows a workbook is made while the manager waits; above, by a job."""

DOCUMENT_ROWS_IN_A_REQUEST = 1_000
DOCUMENT_ROWS = 5_000
"""A paper list above this helps nobody: about 600 pages."""

FORMS = ("csv", "xlsx", "docx")
CHART_MONTHS = 12

SOURCE_NAMES = {
    "online": _l("Trực tuyến"),
    "class": _l("Tập trung"),
    "paper": _l("Nhập từ hồ sơ giấy"),
    "claim": _l("Khai nhận từ nơi khác"),
    "equivalence": _l("Tương đương"),
}
COMPLETED, LEARNING = "da-hoan-thanh", "dang-hoc"
ENROLLMENT_STATES = {LEARNING: _l("Đang học"), COMPLETED: _l("Đã hoàn thành")}
WAITING, RECOGNIZED, CERTIFIED = "cho-cong-nhan", "da-cong-nhan", "da-cap"
COMPLETION_STATES = {
    WAITING: _l("Chờ công nhận"),
    RECOGNIZED: _l("Đã công nhận, chưa cấp"),
    CERTIFIED: _l("Đã cấp giấy chứng nhận"),
}


class NothingToExport(Refusal):
    """An export of nothing, or of a filter that cannot be read."""

    text = _l("Không có dòng nào để xuất. Hãy xem lại bộ lọc.")


class TooLongForASheet(Refusal):
    """A sheet has an end: 1,048,576 rows with its head, in every spreadsheet program."""

    text = _l(
        "Danh sách dài quá mức một trang tính chứa được. "
        "Hãy xuất ra CSV, hoặc chọn đơn vị, khoảng thời gian hẹp hơn."
    )


class TooLongForPaper(Refusal):
    """A paper list has an end."""

    text = _l(
        "Danh sách dài quá 5.000 dòng nên không lập thành văn bản được. "
        "Hãy chọn đơn vị hoặc khoảng thời gian hẹp hơn."
    )


def completion_state(decision_number: str | None, register_no: str | None) -> str:
    """Completed, recognised, certified are three facts; this is how far it has come."""
    if register_no:
        return CERTIFIED
    return RECOGNIZED if decision_number else WAITING


def months_between(first: date, last: date) -> list[tuple[int, int]]:
    """(year, month) of the months from a day to a day, at most the last twelve."""
    months: list[tuple[int, int]] = []
    year, month = last.year, last.month
    while (year, month) >= (first.year, first.month) and len(months) < CHART_MONTHS:
        months.append((year, month))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return months[::-1]


def share(part: int, whole: int) -> float | None:
    """A part of a whole between 0 and 1; nothing of nothing."""
    return part / whole if whole else None


LIST_NAMES = {
    "people": _l("học viên"),
    "enrollments": _l("ghi danh"),
    "completions": _l("hoàn thành khóa học"),
    "certificates": _l("giấy chứng nhận"),
    "trained": _l("cán bộ đã bồi dưỡng"),
}

ACTS = {
    "export": Act(
        group="export",
        sentence=_l("xuất danh sách %(list)s ra tệp %(form)s, %(rows)s dòng"),
        says={"list": among(LIST_NAMES), "form": str.upper, "rows": show_number},
    ),
}
