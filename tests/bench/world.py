"""What pages need before they can be asked for, made through the product's own verbs.

Every choice is drawn with a seed, so that two runs on one instance ask for the same things.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import selectinload

from app import create_app
from app.assessment.models import Attempt, AttemptItem
from app.catalog.models import Course, CourseVersion, Lesson
from app.credentials.models import Certificate, CertificateEvent, CertificateFile
from app.kernel import clock
from app.kernel.database import Database, session
from app.kernel.refusals import Refusal
from app.learning import actions as learning
from app.learning.models import Completion, Enrollment, FinishedLesson
from app.organization.models import Unit, UnitLine
from app.people import actions as people
from app.people.models import Account, Membership, Person, RoleGrant
from app.people.passwords import hashed
from app.questions.kinds import from_json
from config import Settings
from tests.bench.instances import SITE_URL, Installation

LEARNERS, MANAGERS, SIGNERS = 300, 4, 40
PASSWORD = "một mật khẩu đủ dài để đo"
HOST = SITE_URL.split("//")[1]


@dataclass(frozen=True)
class Place:
    """A learner at a lesson of a course that is not completed."""

    enrollment_id: int
    person_id: int
    slug: str
    lesson: str
    is_finished: bool


class World:
    """One installation, seen by whoever measures it."""

    def __init__(self, installation: Installation, *, seed: int) -> None:
        environ = installation.environment()
        self.app: Flask = create_app(Settings.from_environment(environ))
        self.database: Database = self.app.extensions["database"]
        self.seed = seed
        self._cookies: dict[int, str] = {}
        self._client = 0

    def prepare(self) -> None:
        """Choose who has a part of their own, before learners are drawn from all others."""
        for chosen in (self.signers, self.ministry, self.centre):
            if not chosen:
                raise RuntimeError("the instance has too few people")

    def close(self) -> None:
        """Close every connection."""
        self.database.dispose()

    def chance(self, name: str) -> random.Random:
        """The chance of one purpose; others do not shift it."""
        return random.Random(f"{self.seed} {name}")

    def some(self, found: Iterable[Any], most: int, name: str) -> list[Any]:
        """Some of what was found, at most so many, in a drawn order."""
        listed = list(found)
        return self.chance(name).sample(listed, min(most, len(listed)))

    # Requests

    def get(self, path: str, person_id: int | None = None) -> bytes:
        """A GET as a browser sends it."""
        return self._request("GET", path, person_id)

    def post(
        self,
        path: str,
        person_id: int | None,
        fields: Sequence[tuple[str, str]],
        *,
        accept: str = "text/html",
    ) -> bytes:
        """A form as a browser posts it."""
        body = urlencode(fields).encode()
        head = (
            "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        return self._request("POST", path, person_id, head, accept) + body

    def _request(
        self,
        method: str,
        path: str,
        person_id: int | None,
        head: str = "",
        accept: str = "text/html",
    ) -> bytes:
        self._client += 1
        client = f"10.{self._client >> 16 & 255}.{self._client >> 8 & 255}.{self._client & 255}"
        cookie = f"Cookie: {self.cookie(person_id)}\r\n" if person_id else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: {client}\r\n"
            "X-Forwarded-Proto: https\r\nAccept-Encoding: gzip\r\nUser-Agent: bench\r\n"
            f"Accept: {accept}\r\n{cookie}{head}\r\n"
        ).encode()

    def uuid(self, chance: random.Random) -> str:
        """A form's UUID."""
        return str(UUID(int=chance.getrandbits(128), version=4))

    # Sign-in

    def sign_in(self, person_ids: Iterable[int]) -> None:
        """Start a session for each person who has none, and make its cookie."""
        missing = [one for one in dict.fromkeys(person_ids) if one not in self._cookies]
        now = clock.now()
        with self.database.unit_of_work():
            for person_id in missing:
                account = _account(person_id, now)
                token = people.start_session(account, agent="bench", now=now)
                self._cookies[person_id] = self._signed(token)

    def cookie(self, person_id: int) -> str:
        """The cookie of a person's session."""
        if person_id not in self._cookies:
            self.sign_in([person_id])
        return self._cookies[person_id]

    def _signed(self, token: str) -> str:
        sign: Any = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        kept = {"_user_id": token, "_fresh": True, "_permanent": True}
        return f"{self.app.config['SESSION_COOKIE_NAME']}={sign.dumps(kept)}"

    @cached_property
    def signers(self) -> list[str]:
        """Staff codes of people who can sign in with PASSWORD."""
        now, secret = clock.now(), hashed(PASSWORD)
        with self.database.unit_of_work():
            rows = _plain_persons().limit(20 * SIGNERS)
            chosen = self.some(session().execute(rows).all(), SIGNERS, "signers")
            for row in chosen:
                person = session().get_one(Person, row.id)
                _account(person.id, now)
                people.set_password(person, secret, now=now)
                self._cookies.pop(person.id, None)  # a new password ends every session
            return [row.staff_code for row in chosen]

    # Learners

    @cached_property
    def places(self) -> list[Place]:
        """Learners on their way through a course, each at some lesson of it."""
        with self.database.unit_of_work(write=False) as current:
            found = current.execute(_open_enrollments()).all()
            chosen = self.some(found, LEARNERS, "learners")
            return [
                place
                for row in chosen
                for place in self.some(self._lessons(row), 1, f"lesson {row.enrollment_id}")
            ]

    def unfinished(self, most: int) -> list[Place]:
        """Lessons that their learners have still to finish, each once, spread over learners."""
        with self.database.unit_of_work(write=False) as current:
            found = current.execute(_open_enrollments()).all()
            rows = self.some(found, most, "unfinished")
            by_learner = [[p for p in self._lessons(row) if not p.is_finished] for row in rows]
            # The next lesson of each, then the one after it, as learners go.
            deepest = max(map(len, by_learner), default=0)
            turns = [places[n] for n in range(deepest) for places in by_learner if n < len(places)]
            return turns[:most]

    def _lessons(self, row: Row[Any]) -> list[Place]:
        finished = select(FinishedLesson.lesson_key).where(
            FinishedLesson.enrollment_id == row.enrollment_id
        )
        done = set(session().scalars(finished))
        keys = session().scalars(
            select(Lesson.key).where(Lesson.version_id == row.version_id).order_by(Lesson.position)
        )
        return [Place(row.enrollment_id, row.person_id, row.slug, key, key in done) for key in keys]

    def attempts(self, most: int, *, after: int = 0) -> list[tuple[str, Attempt]]:
        """Running attempts with their questions, started for learners now; slug and attempt.

        `after` leaves out that many learners, who belong to another page.
        """
        now, started = clock.now(), []
        with self.database.unit_of_work(write=False) as current:
            found = current.execute(_open_enrollments(CourseVersion.final_quiz.is_not(None))).all()
        rows = [row for row in found if row.final_quiz]
        for row in self.some(rows, len(rows), "attempts")[after:]:
            if len(started) >= most:
                break
            try:
                with self.database.unit_of_work() as current:
                    enrollment = current.get_one(Enrollment, row.enrollment_id)
                    started.append((row.slug, learning.start_quiz(enrollment, now=now).id))
            except Refusal:
                continue  # passed already, no attempt left, or too soon
        slugs = {attempt_id: slug for slug, attempt_id in started}
        with self.database.unit_of_work(write=False) as current:
            loaded = current.scalars(
                select(Attempt)
                .where(Attempt.id.in_(list(slugs)))
                .options(selectinload(Attempt.items).joinedload(AttemptItem.question))
            )
            return [(slugs[attempt.id], attempt) for attempt in loaded]

    def answer(self, item: AttemptItem, chance: random.Random) -> list[tuple[str, str]]:
        """Form fields that answer one question somehow."""
        question = from_json(next(iter(item.question.content.values())))
        key = item.question.key
        keys = [choice.key for choice in question.choices]
        if question.kind == "multiple":
            values = chance.sample(keys, chance.randint(1, len(keys)))
        elif keys:
            values = [chance.choice(keys)]
        else:
            values = [str(chance.randint(1, 99))]
        return [("question", key), *((key, value) for value in values)]

    # Managers

    @cached_property
    def ministry(self) -> list[int]:
        """Managers of the unit above the most others: the whole country, once seeded."""
        with self.database.unit_of_work(write=False) as current:
            top = current.execute(
                select(UnitLine.ancestor_id)
                .group_by(UnitLine.ancestor_id)
                .order_by(func.count().desc(), UnitLine.ancestor_id)
                .limit(1)
            ).scalar_one()
        return self._managers(top)

    @cached_property
    def centre(self) -> list[int]:
        """Managers of the centre with the most enrollments."""
        with self.database.unit_of_work(write=False) as current:
            unit_id = current.execute(
                select(Unit.id)
                .join(Enrollment, Enrollment.unit_id == Unit.id)
                .where(Unit.kind == "centre")
                .group_by(Unit.id)
                .order_by(func.count().desc(), Unit.id)
                .limit(1)
            ).scalar_one()
        return self._managers(unit_id)

    def _managers(self, unit_id: int) -> list[int]:
        now = clock.now()
        with self.database.unit_of_work() as current:
            unit = current.get_one(Unit, unit_id)
            candidates = current.execute(_plain_persons().limit(2_000)).all()
            chosen = self.some(candidates, MANAGERS, f"managers {unit_id}")
            for row in chosen:
                person = current.get_one(Person, row.id)
                people.grant_role(person, "manager", unit, by=None, within=None, now=now)
            return [row.id for row in chosen]

    @cached_property
    def persons(self) -> list[int]:
        """People with a place in some unit, whose pages a manager opens."""
        with self.database.unit_of_work(write=False) as current:
            found = current.scalars(
                select(Enrollment.person_id).distinct().order_by(Enrollment.person_id)
            )
            return self.some(found, LEARNERS, "persons")

    # Certificates

    def certificates(self, most: int) -> list[tuple[str, int]]:
        """Codes and holders of certificates in force whose page was never set."""
        ended = select(CertificateEvent.certificate_id).where(CertificateEvent.kind != "issued")
        filed = select(CertificateFile.certificate_id)
        with self.database.unit_of_work(write=False) as current:
            found = current.execute(
                select(Certificate.code, Certificate.person_id)
                .where(Certificate.id.not_in(ended), Certificate.id.not_in(filed))
                .order_by(Certificate.id.desc())
                .limit(20 * most)
            )
            return [tuple(row) for row in self.some(found, most, "certificates")]

    # Lists

    def start_day(self, rows: int) -> tuple[str, int] | None:
        """The day since which about so many people enrolled, as filters take it, and how many.

        None where there are fewer enrollments.
        """
        with self.database.unit_of_work(write=False) as current:
            in_units = Enrollment.unit_id.is_not(None)
            if rows > (current.scalar(select(func.count()).where(in_units)) or 0):
                return None
            moment = current.execute(
                select(Enrollment.enrolled_at)
                .where(in_units)
                .order_by(Enrollment.enrolled_at.desc())
                .offset(rows - 1)
                .limit(1)
            ).scalar_one()
            return f"{clock.local(moment):%d/%m/%Y}", rows

    def counts(self) -> dict[str, int]:
        """How many rows the instance holds of what matters."""
        with self.database.unit_of_work(write=False) as current:
            return {
                name: current.scalar(select(func.count()).select_from(table)) or 0
                for name, table in (
                    ("persons", Person),
                    ("units", Unit),
                    ("enrollments", Enrollment),
                    ("completions", Completion),
                    ("attempts", Attempt),
                    ("certificates", Certificate),
                )
            }


def _account(person_id: int, now: datetime) -> Account:
    found = session().scalar(select(Account).where(Account.person_id == person_id))
    if found is None:
        found = Account(person_id=person_id, created_at=now)
        session().add(found)
        session().flush()
    return found


def _plain_persons() -> Any:
    """People of today without any role, the latest first."""
    return (
        select(Person.id, Person.staff_code)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Person.current_id.is_(None),
            Membership.is_primary,
            Membership.ends_on.is_(None),
            Person.id.not_in(select(RoleGrant.person_id)),
            Person.id.not_in(_shut_out()),
        )
        .order_by(Person.id.desc())
    )


def _shut_out() -> Any:
    return select(Account.person_id).where(Account.closed_at.is_not(None))


def _open_enrollments(*conditions: ColumnElement[bool]) -> Any:
    """Enrollments of learners without roles whose course is not completed."""
    return (
        select(
            Enrollment.id.label("enrollment_id"),
            Enrollment.person_id,
            Enrollment.version_id,
            Course.slug,
            CourseVersion.final_quiz,
        )
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .outerjoin(Completion, Completion.enrollment_id == Enrollment.id)
        .where(
            Completion.id.is_(None),
            Enrollment.person_id.not_in(select(RoleGrant.person_id)),
            Enrollment.person_id.not_in(_shut_out()),
            *conditions,
        )
        .order_by(Enrollment.id)
    )
