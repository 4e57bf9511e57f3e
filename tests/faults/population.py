"""Who and what is there before a campaign: two centres, their people, small courses."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app import create_app
from app.credentials import actions as credentials
from app.credentials.rules import Decision
from app.kernel import clock, schema
from app.kernel.clock import local_date
from app.questions.kinds import answer_key
from config import Settings
from tests import world
from tests.faults.site import Site

LEARNERS = 260
COURSES = ("khao-sat-mot", "khao-sat-hai", "khao-sat-ba", "khao-sat-bon", "khao-sat-nam")

RIGHT = {
    question: [answer_key(question, text) if text.startswith("DUNG") else text for text in texts]
    for question, texts in world.RIGHT.items()
}
"""What answers the bank rightly, as forms send it."""


@dataclass(frozen=True)
class Someone:
    """A person who can sign in."""

    id: int
    name: str
    """What they sign in with."""

    password: str = world.PASSWORD
    unit: int = 0


@dataclass
class Population:
    """The people of a campaign by what they do, and where the courses lie."""

    courses: Path
    learners: list[Someone] = field(default_factory=list)
    managers: list[Someone] = field(default_factory=list)
    administrator: Someone | None = None
    centres: list[int] = field(default_factory=list)
    known: frozenset[int] = frozenset()

    @property
    def certified_at_once(self) -> int:
        """The centre with a standing decision; the other one decides by batches."""
        return self.centres[0]


def populate(site: Site, folder: Path) -> Population:
    """Fill an empty installation through the product's own verbs; the site does not run yet."""
    settings = Settings.from_environment(site.environment())
    app = create_app(settings)
    database = app.extensions["database"]
    schema.upgrade(database)
    made = Population(folder / "courses")
    now = clock.now()
    try:
        with app.app_context(), database.unit_of_work():
            top = world.a_unit("Sở Công Thương tỉnh Minh Sơn", kind="department", code="SCT")
            centres = [
                world.a_unit("Trung tâm Khuyến công Minh Sơn", parent=top, code="TTKC1"),
                world.a_unit("Trung tâm Khuyến công Lâm Hà", parent=top, code="TTKC2"),
            ]
            made.centres = [unit.id for unit in centres]
            for number in range(LEARNERS):
                centre = centres[number % 5 < 2]
                email = f"hoc-vien-{number}@minhson.example" if number % 3 == 0 else ""
                person = world.a_person(unit=centre, email=email, staff_code=f"HV{number:04}")
                world.people.set_password(person, world._password_hash(), now=now)
                made.learners.append(Someone(person.id, person.staff_code, unit=centre.id))
            for number, centre in enumerate(centres):
                manager = world.a_manager(centre, f"Đặng Văn Quản {'AB'[number]}")
                world.people.set_password(manager, world._password_hash(), now=now)
                made.managers.append(Someone(manager.id, manager.staff_code, unit=centre.id))
            head = world.a_manager(top, "Lê Thị Trị", role="administrator")
            world.people.set_password(head, world._password_hash(), now=now)
            made.administrator = Someone(head.id, head.staff_code)
            decision = Decision(
                number="01/QĐ-TTKC",
                day=local_date(now) - timedelta(days=9),
                signer_name="Lê Văn Ký",
                signer_title="Giám đốc",
                signing_for="",
                confirms_validity=False,
            )
            credentials.open_standing_decision(centres[0], decision, by=head, now=now)
            made.known = frozenset(
                one.id for one in (*made.learners, *made.managers, made.administrator)
            )
        for number, slug in enumerate(COURSES):
            files = course_files(slug, number, "")
            write_course(made.courses / slug, files)
            with app.app_context(), database.unit_of_work():
                world.a_published_course(slug, files, now=now - timedelta(days=30))
    finally:
        database.dispose()
    return made


def course_files(slug: str, number: int, mark: str, change: str = "") -> dict[str, str]:
    """The written course of the tests, with as many attempts as anybody wants.

    `mark` is a sentence that makes a new version; `change` says of which kind it is.
    """
    text = world.WRITTEN["course.yml"]
    text = text.replace("  attempts: 3\n  wait_hours: 12\n", "")
    text = text.replace('vi: "Khảo sát cơ sở', f'vi: "Khảo sát {number + 1}: cơ sở')
    if change:
        text += f'change: {change}\nwhat_changed: {{vi: "{mark}", en: "{mark}"}}\n'
    files = {**world.WRITTEN, "course.yml": text}
    if mark:
        files["02-giu-loi.md"] += f"\n{mark}\n"
    return files


def write_course(folder: Path, files: dict[str, str]) -> None:
    """Write a course's folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


_SYLLABLES = (
    "An Bình Chi Dung Duy Giang Hà Hiền Hoa Hùng Khánh Lan Linh Mai Minh Nam Ngọc Phúc Quang Sơn"
).split()


def new_name(number: int) -> str:
    """A name that nobody else has; where it stands twice, something was done twice."""
    words = []
    while True:
        number, rest = divmod(number, len(_SYLLABLES))
        words.append(_SYLLABLES[rest])
        if not number:
            break
    return "Hoàng Thị " + " ".join([*words, "Đông"])


def pick(chance: random.Random, question: str, choices: list[str]) -> list[str]:
    """An answer to a question: mostly the right one of the bank, else any."""
    right = RIGHT.get(question)
    if right is not None and chance.random() < 0.85:
        return list(right)
    if choices:
        return chance.sample(choices, chance.randint(1, min(2, len(choices))))
    return [str(chance.randint(1, 40))]
