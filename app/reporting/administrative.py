"""The administrative list of trained people: what an office prints and signs.

Frame of Decree 30/2020/NĐ-CP (domain.md 6.1). What only a person may give stays blank:
number, date, signatures, and the document that the list is attached to. The document is
Vietnamese in every language of the interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from app.kernel import clock
from app.kernel.words import show_date, show_number

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
KIND = "DANH SÁCH"
SUBJECT = "Cán bộ, cộng tác viên khuyến công đã được bồi dưỡng"
NUMBER_LINE = "Số:            /DS-………"
ATTACHED_LINE = "(Kèm theo ………………… số ……… /……………… ngày …… tháng …… năm ……… của ……………………………)"
PREPARER = ("NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)")
HEAD_OF_UNIT = ("THỦ TRƯỞNG ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)")
ILLUSTRATION_MARK = "Dữ liệu minh họa: tên người, đơn vị và số liệu đều không có thật."


@dataclass(frozen=True)
class ListColumn:
    """One column: its head, its width in millimetres, and whether a person has one of it."""

    head: str
    millimetres: int
    is_centred: bool = False
    is_of_person: bool = False


# 252 mm together: A4 landscape between margins of 30 mm left and 15 mm right.
COLUMNS = (
    ListColumn("STT", 10, is_centred=True, is_of_person=True),
    ListColumn("Họ và tên", 32, is_of_person=True),
    ListColumn("Ngày, tháng, năm sinh", 20, is_centred=True, is_of_person=True),
    ListColumn("Chức vụ", 23, is_of_person=True),
    ListColumn("Đơn vị công tác", 30, is_of_person=True),
    ListColumn("Khóa đã hoàn thành", 41),
    ListColumn("Số tiết", 10, is_centred=True),
    ListColumn("Ngày hoàn thành", 20, is_centred=True),
    ListColumn("Số vào sổ", 19, is_centred=True),
    ListColumn("Quyết định công nhận", 27),
    ListColumn("Ghi chú", 20),
)
PERSON_COLUMNS = sum(column.is_of_person for column in COLUMNS)


@dataclass(frozen=True)
class TrainedCourse:
    """One completed course of a person, as the list shows it."""

    title: str
    periods: int
    completed_on: date
    register_no: str
    decision: str
    note: str

    def cells(self) -> tuple[str, ...]:
        """The cells of the columns that stand once a course."""
        return (
            self.title,
            show_number(self.periods),
            show_date(self.completed_on),
            self.register_no,
            self.decision,
            self.note,
        )


@dataclass(frozen=True)
class TrainedPerson:
    """One person with all their courses; the list counts persons."""

    id: int
    number: int
    full_name: str
    born: date | None
    position: str
    unit: str
    courses: tuple[TrainedCourse, ...]

    def cells(self) -> tuple[str, ...]:
        """The cells of the columns that stand once a person."""
        return (str(self.number), self.full_name, show_date(self.born), self.position, self.unit)


@dataclass(frozen=True)
class Issuer:
    """Whose list it is: the body above, the issuing unit, and the place of its papers."""

    superior: str
    unit: str
    place: str


@dataclass(frozen=True)
class TrainedList:
    """The whole list, ready to be set as a document or a page."""

    issuer: Issuer
    scope_line: str
    year: int
    people: tuple[TrainedPerson, ...]
    is_illustration: bool = False

    @property
    def course_count(self) -> int:
        """How many completions stand in the list."""
        return sum(len(person.courses) for person in self.people)

    @property
    def periods(self) -> int:
        """The sum of all periods."""
        return sum(course.periods for person in self.people for course in person.courses)

    @property
    def place_and_date(self) -> str:
        """The line of place and date, its date to be written by hand."""
        place = self.issuer.place or "……………"
        return f"{place}, ngày …… tháng …… năm {self.year}"

    def total_cells(self) -> tuple[str, str, str]:
        """The total line: people, courses, periods."""
        return (
            f"Tổng cộng: {show_number(len(self.people))} người",
            f"{show_number(self.course_count)} lượt hoàn thành",
            show_number(self.periods),
        )


def grouped_by_person(rows: Iterable[Any]) -> tuple[TrainedPerson, ...]:
    """One person each from rows ordered by person, then by completion.

    The rows are those of the list of trained people. The unit and position of the latest
    completion stand for the person.
    """
    people: list[TrainedPerson] = []
    for person_id, found in groupby(rows, key=lambda row: row.person_id):
        own = list(found)
        people.append(
            TrainedPerson(
                id=person_id,
                number=len(people) + 1,
                full_name=own[-1].full_name,
                born=own[-1].birth_date,
                position=own[-1].position or "",
                unit=own[-1].unit_name or "",
                courses=tuple(_course(row) for row in own),
            )
        )
    return tuple(people)


def _course(row: Any) -> TrainedCourse:
    return TrainedCourse(
        title=row.course,
        periods=row.periods,
        completed_on=clock.local_date(row.completed_at),
        register_no=row.register_no or "",
        decision=decision_text(row.decision_number, row.decision_date),
        note=note_of(row.register_no, row.ended_by),
    )


def decision_text(number: str | None, day: date | None) -> str:
    """ "12/QĐ-TTKC ngày 05/02/2026"; nothing where there is no decision."""
    return " ngày ".join(filter(None, (number, show_date(day))))


def note_of(register_no: str | None, ended_by: str | None) -> str:
    """What the last column must say of a certificate that is missing or taken back."""
    if register_no is None:
        return "Chưa cấp giấy chứng nhận"
    return "Giấy chứng nhận đã thu hồi" if ended_by == "revoked" else ""


def scope_line(words: Sequence[tuple[str, str]]) -> str:
    """The question in one line under the title: "Đơn vị: …; Ngày hoàn thành: từ … đến …"."""
    return "; ".join(f"{heading}: {text}" for heading, text in words)
