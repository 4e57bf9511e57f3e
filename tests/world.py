"""People, units and courses for tests, with Vietnamese names; a test names what it cares for.

Every maker works in the current unit of work (`session` or `database.unit_of_work()`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from app.catalog import actions as catalog
from app.catalog.bundle import Bundle
from app.catalog.check import check, ready
from app.catalog.content import CourseContent
from app.catalog.models import Course, CourseVersion, Lesson, LessonContent
from app.kernel.database import session
from app.kernel.words import sort_key
from app.learning.models import Completion, Enrollment
from app.organization.actions import found_unit
from app.organization.models import Unit
from app.people import actions as people
from app.people.models import Person
from app.people.passwords import hashed

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PASSWORD = "trâu chậm uống nước đục"

_numbers = count(1)
_NAMES = ("Nguyễn Thị Hồng Ánh", "Trần Văn Đức", "Vũ Thị Ẩn", "Phạm Quốc Ưu", "Lò Văn Ặng", "Y Ơn")


def a_unit(
    name: str = "Trung tâm Khuyến công tỉnh Minh Sơn",
    *,
    parent: Unit | None = None,
    kind: str = "centre",
    code: str | None = None,
    opened_on: date = date(2020, 1, 1),
    place_name: str = "Minh Sơn",
) -> Unit:
    """A unit, at the top unless it is given a parent."""
    return found_unit(
        code=code or f"DV{next(_numbers):05}",
        kind=kind,
        name=name,
        parent=parent,
        opened_on=opened_on,
        place_name=place_name,
        by=None,
        now=NOW,
    )


def a_person(
    full_name: str | None = None,
    *,
    unit: Unit | None = None,
    kind: str = "officer",
    position: str = "Chuyên viên",
    staff_code: str = "",
    birth_date: date | None = date(1990, 5, 17),
    gender: str = "female",
    email: str = "",
    phone: str = "",
    starts_on: date = date(2024, 1, 1),
) -> Person:
    """A person with a place in a unit (in a new centre when none is given)."""
    number = next(_numbers)
    person = people.register_person(
        full_name=full_name or _NAMES[number % len(_NAMES)],
        staff_code=staff_code or f"T{number:05}",
        birth_date=birth_date,
        gender=gender,
        email=email,
        phone=phone,
        now=NOW,
    )
    people.join_unit(
        person,
        unit or a_unit(),
        kind=kind,
        position=position,
        is_primary=True,
        starts_on=starts_on,
        now=NOW,
    )
    return person


def a_manager(unit: Unit, full_name: str = "Đặng Văn Quản", *, role: str = "manager") -> Person:
    """A person of a unit who holds a role in it."""
    person = a_person(full_name, unit=unit)
    people.grant_role(person, role, unit, by=None, within=None, now=NOW)
    return person


def a_course(
    title: str = "Kỹ năng cộng tác viên khuyến công",
    *,
    slug: str | None = None,
    lessons: int = 2,
    periods: int = 8,
    theme: str = "extension-skills",
    final_quiz: dict[str, Any] | None = None,
    closes_on: date | None = None,
    certificate: dict[str, Any] | None = None,
) -> Course:
    """A published course of short lessons, made without files; publish real folders elsewhere."""
    number = next(_numbers)
    course = Course(slug=slug or f"khoa-{number}", created_at=NOW)
    session().add(course)
    session().flush()
    keys = [f"bai-{n}" for n in range(1, lessons + 1)]
    version = CourseVersion(
        course_id=course.id,
        number=1,
        content_hash=f"{number:064x}",
        title={"vi": title, "en": f"Course {number}"},
        title_sort=sort_key(title),
        summary={"vi": "Một khóa học để thử."},
        objectives={"vi": ["Biết một điều"]},
        language="vi",
        theme=theme,
        level="foundation",
        audience=["officer"],
        periods=periods,
        minutes=periods * 45,
        authors=["Nhóm biên soạn"],
        legal_basis=[],
        requires=[],
        reviewed_on=TODAY,
        closes_on=closes_on,
        completion={
            "lessons": keys,
            "lessons_needed": lessons,
            "final_quiz": 50 if final_quiz else None,
        },
        final_quiz=final_quiz,
        certificate=certificate or {"valid_months": None, "skills": []},
        change="",
        what_changed={},
        published_at=NOW - timedelta(days=30),
        published_by_id=None,
    )
    session().add(version)
    session().flush()
    for position, key in enumerate(keys, 1):
        digest = f"{number:032x}{position:032x}"
        session().add(
            LessonContent(
                hash=digest,
                title=f"Bài {position}",
                parts=[{"html": f"<p>Nội dung bài {position}.</p>"}],
                objectives=[],
                headings=[],
                plain_text=f"Nội dung bài {position}.",
            )
        )
        session().add(
            Lesson(
                version_id=version.id,
                key=key,
                position=position,
                kind="reading",
                minutes=20,
                titles={"vi": f"Bài {position}"},
                contents={"vi": digest},
            )
        )
    course.current_id = version.id
    session().flush()
    return course


# A course as a trainer writes it: two lessons, every kind of question, a bank, an English half.
WRITTEN = {
    "course.yml": """\
title: {vi: "Khảo sát cơ sở công nghiệp nông thôn", en: "Surveying rural establishments"}
summary: {vi: "Hỏi đúng, ghi đủ, giữ lời.", en: "Ask well, note everything, keep promises."}
language: vi
theme: extension-skills
level: foundation
audience: [officer, collaborator]
periods: 1
objectives: {vi: ["Ghi được phiếu khảo sát"], en: ["Fill in a survey form"]}
authors: ["Nhóm biên soạn"]
reviewed_on: 2026-11-01
completion: {lessons: all, final_quiz: 50}
final_quiz:
  minutes: 20
  attempts: 3
  wait_hours: 12
  shuffle: true
  review: after-pass
  draw: [{from: khao-sat, count: 4}]
""",
    "01-hoi-va-ghi.md": """\
---
title: Hỏi và ghi
minutes: 20
objectives: [Hỏi được bốn câu]
---

Mở đầu bằng một câu hỏi mở.

/// question | hoi-mot

Đi khảo sát cần mang gì?

- [x] Phiếu khảo sát
  > PHANHOI-MOT: phiếu giúp không sót việc.
- [ ] Hợp đồng soạn sẵn

LOIGIAI-MOT: ghi tại chỗ thì không quên.
///

/// question | hoi-nhieu

Hai điều phải hỏi?

- [x] Số lao động
- [x] Máy đang dùng
- [ ] Chuyện riêng của chủ xưởng
///

/// question | hoi-so

Xưởng có 12 người, thêm 3 người. Tất cả là bao nhiêu?

= 15 người

LOIGIAI-SO
///

/// question | hoi-chu

Giấy để ghi gọi là gì?

= DAPAN phiếu khảo sát
///
""",
    "01-hoi-va-ghi.en.md": """\
---
title: Asking and noting
minutes: 20
objectives: [Ask four questions]
---

Begin with an open question.

/// question | hoi-mot

What do you take along?

- [x] The survey form
- [ ] A ready contract
///
""",
    "02-giu-loi.md": """\
---
title: Giữ lời
minutes: 20
---

Không hứa thay người có thẩm quyền.
""",
    "questions/khao-sat.md": """\
/// question | ks-1

Câu kiểm tra một?

- [x] DUNG một
  > PHANHOI-BANK
- [ ] Sai một
///

/// question | ks-2

Câu kiểm tra hai?

- [x] DUNG hai
- [x] DUNG hai nữa
- [ ] Sai hai
///

/// question | ks-3

Một năm có bao nhiêu tháng?

= 12 tháng

LOIGIAI-BANK
///

/// question | ks-4

Tên tắt của mạng lưới?

= DAPANBANK
///
""",
}
RIGHT = {"ks-1": ["DUNG một"], "ks-2": ["DUNG hai", "DUNG hai nữa"], "ks-3": ["12"]}
RIGHT |= {"ks-4": ["dapanbank"]}
"""What answers the written course's bank rightly: the words of choices, or what is typed."""


def a_written_course(
    slug: str = "khao-sat-co-so", *, now: datetime = NOW, **instead: str | None
) -> Course:
    """Publish the written course as its folder would be; `instead` gives keys of course.yml
    other values, or takes them out (None). Needs a file store, as the application gives.
    """
    text = WRITTEN["course.yml"]
    for name, value in instead.items():
        line = "" if value is None else rf"\1{name}: {value}\n"
        text, times = re.subn(rf"(?m)^( *){name}: .*\n", line, text)
        if not times:
            text += f"{name}: {value}\n"
    return a_published_course(slug, {**WRITTEN, "course.yml": text}, now=now)


def a_published_course(slug: str, files: dict[str, str], *, now: datetime = NOW) -> Course:
    """Check and publish the files of a course folder, as `courses publish` does."""
    content = _checked(slug, tuple(files.items()))
    catalog.store_files(content)
    version = catalog.publish(content, by=None, now=now)
    return session().get_one(Course, version.course_id)


@cache
def _checked(slug: str, files: tuple[tuple[str, str], ...]) -> CourseContent:
    """What a check makes of a course's files; it changes for nobody, and rendering takes long."""
    return ready(check(Bundle(slug, {path: text.encode() for path, text in files})))


def a_learner(full_name: str | None = None, *, unit: Unit | None = None) -> Person:
    """A person who can sign in with PASSWORD."""
    person = a_person(full_name, unit=unit)
    people.set_password(person, _password_hash(), now=NOW)
    return person


@cache
def _password_hash() -> str:
    return hashed(PASSWORD)


def a_completion(
    person: Person,
    course: Course,
    *,
    completed_at: datetime = NOW,
    percent: float | None = 80.0,
    unit: Unit | None = None,
) -> Completion:
    """The fact that a person completed a course, with its enrollment two weeks before."""
    assert course.current_id is not None
    version = session().get_one(CourseVersion, course.current_id)
    unit = unit or person.memberships[0].unit
    started = completed_at - timedelta(days=14)
    enrollment = Enrollment(
        person_id=person.id,
        course_id=course.id,
        version_id=version.id,
        unit_id=unit.id,
        round=1,
        enrolled_at=started,
        last_activity_at=completed_at,
    )
    session().add(enrollment)
    session().flush()
    completion = Completion(
        enrollment_id=enrollment.id,
        person_id=person.id,
        course_id=course.id,
        version_id=version.id,
        unit_id=unit.id,
        unit_name=unit.name,
        source="online",
        started_at=started,
        completed_at=completed_at,
        percent=percent,
        periods=version.periods,
    )
    session().add(completion)
    session().flush()
    return completion
