"""What offices do: decisions, registers, certificates taken back or replaced, requirements.

Everything happens in the order of time, so that numbers and chains are those of real registers.
The words of a certificate, its canonical form, digest and chain are the product's own.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from app.catalog.models import Course
from app.credentials import codes, freezing, rules, signing
from app.credentials.models import (
    Certificate,
    CertificateEvent,
    IssuerKey,
    Recognition,
    RecognizedCompletion,
    Register,
)
from app.credentials.pdf import missing_letters
from app.credentials.queries import line
from app.kernel.database import Database, session
from app.kernel.keys import keys
from app.learning.models import Completion
from app.organization.models import Unit, UnitSetting
from app.requirements.models import Requirement
from app.seed.learning import Begun, Done, Learning
from app.seed.loading import Loader
from app.seed.names import Names
from app.seed.persons import Learner, Population
from app.seed.shelf import SeedCourse
from app.seed.span import DAY, HOUR, MINUTE, Chance, Span
from app.seed.trail import Trail
from app.seed.units import Country, Place

_SIGNS = {"ministry": "QĐ-BCT", "agency": "QĐ-ĐCK", "department": "QĐ-SCT", "centre": "QĐ-TTKC"}
_HEADS = {
    "ministry": "Bộ trưởng",
    "agency": "Cục trưởng",
    "department": "Giám đốc",
    "centre": "Giám đốc",
}
_BATCH_DAYS = {"ministry": 21, "agency": 45, "department": 40, "centre": 28}
"""Days between two decisions of a unit."""
_STANDING_SHARE = 0.4
"""How many centres decide once for all who complete."""
_PATTERNS = {"01": "{number:5}/{year}/TTKC-HN", "79": "{year}-{number:6}", "48": "{number}/{year}"}
_LEFT_WAITING = 0.04
_REVOKED_EVERY, _REPLACED_EVERY = 230, 110
_WHY_REVOKED = (
    "Bài kiểm tra do người khác làm thay",
    "Cấp nhầm người",
    "Thông tin ghi danh không đúng sự thật",
)
_WHY_REPLACED = ("Sai ngày sinh", "Sai chính tả họ tên", "Sai tên đơn vị công tác")


@dataclass(slots=True, eq=False)
class _Register:
    """A register while it grows."""

    id: int
    year: int
    number: int = 0
    head: str = signing.CHAIN_START


@dataclass(slots=True, eq=False)
class _Office:
    """A unit that issues: its key, its signer, who waits for its next decision."""

    unit: Place
    model: Unit
    manager: tuple[int, str] | None
    signer: str
    title: str
    signing_for: str
    pattern: str
    key: Ed25519PrivateKey
    key_id: str = ""
    waiting: list[Done] = field(default_factory=list)
    standing: tuple[Recognition, int] | None = None
    """The decision in force and the number of its row."""
    decisions: dict[int, int] = field(default_factory=dict)
    registers: dict[int, _Register] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Issued:
    """A certificate that may be taken back later."""

    id: int
    code: str
    register_no: str
    office: _Office
    done: Done
    recognition: Recognition
    recognized_id: int


def make(
    database: Database,
    country: Country,
    population: Population,
    learning: Learning,
    courses: list[SeedCourse],
    loader: Loader,
    trail: Trail,
    span: Span,
    chance: Chance,
) -> None:
    """Recognise, issue, take back and replace; ask for courses; set targets."""
    trail.begin(loader)
    papers = _Papers(country, population, learning, courses, loader, trail, span, chance)
    _require(population, country, courses, loader, trail, span, chance.of("requirements"))
    papers.settings(country)
    papers.play()
    loader.finish()
    papers.close_registers(database)


class _Papers:
    def __init__(
        self,
        country: Country,
        population: Population,
        learning: Learning,
        courses: list[SeedCourse],
        loader: Loader,
        trail: Trail,
        span: Span,
        chance: Chance,
    ) -> None:
        self.learning, self.trail, self.span = learning, trail, span
        self.chance = chance.of("papers")
        self.codes: set[str] = set()
        self.drawable: dict[str, bool] = {}
        self.turn = count()
        self.events: list[tuple[int, int, str, Any]] = []
        self.last = {"recognition": 0, "recognized": 0, "certificate": 0, "event": 0}
        self.last |= {"register": 0, "key": 0}
        self.offices: dict[int, _Office] = {}
        self.models = _models(country)
        names = Names(chance.of("signers"))
        for unit in country.all:
            if unit.kind in rules.ISSUING_KINDS:
                self.offices[unit.id] = self._office(unit, population, names, chance)
        self.completed = {course.id: _completed(course) for course in courses}
        self._tables(loader)

    def _tables(self, loader: Loader) -> None:
        self.add_setting = loader.into(UnitSetting, "unit_id", "name", "value")
        self.add_recognition = loader.into(
            Recognition,
            *("id", "unit_id", "decision_number", "decision_date", "is_standing"),
            *("signer_name", "signer_title", "signing_for", "confirms_validity", "made_by_id"),
            "made_at",
        )
        self.add_recognized = loader.into(
            RecognizedCompletion, "id", "completion_id", "recognition_id", "recognized_at"
        )
        self.add_register = loader.into(
            Register, "id", "unit_id", "year", "last_number", "head_hash"
        )
        self.add_key = loader.into(IssuerKey, "id", "key_id", "unit_id", "public_key", "made_at")
        self.add_certificate = loader.into(
            Certificate,
            *("id", "code", "register_id", "number", "register_no", "completion_id"),
            *("recognized_id", "person_id", "course_id", "issuer_id", "issued_on", "issued_at"),
            *("expires_on", "statement", "digest", "key_id", "signature", "previous_hash"),
            *("chain_hash", "supersedes_id"),
            weight=8,
        )
        self.add_event = loader.into(
            CertificateEvent,
            *("id", "certificate_id", "kind", "at", "by_id", "by_name", "reason", "decision"),
        )

    def _next(self, table: str) -> int:
        self.last[table] += 1
        return self.last[table]

    def _office(self, unit: Place, population: Population, names: Names, chance: Chance) -> _Office:
        manager = population.managers.get(unit.id)
        head, gender = _HEADS[unit.kind], self.chance.choice(("male", "female"))
        is_deputy = unit.kind == "ministry" or self.chance.random() < 0.4
        private = hashlib.sha256(f"{chance.seed}:key:{unit.code}".encode()).digest()
        province = unit.code.split("-")[0]
        return _Office(
            unit=unit,
            model=self.models[unit.id],
            manager=(manager.id, manager.name) if manager else None,
            signer=names.draw(gender, 1972),
            title={"Bộ trưởng": "Thứ trưởng"}.get(head, f"Phó {head}") if is_deputy else head,
            signing_for=f"KT. {head}" if is_deputy else "",
            pattern=_PATTERNS.get(province, rules.NUMBER_PATTERN)
            if unit.kind == "centre"
            else rules.NUMBER_PATTERN,
            key=Ed25519PrivateKey.from_private_bytes(private),
        )

    # Settings

    def settings(self, country: Country) -> None:
        """Targets that some centres set themselves, and their own register numbers."""
        year = self.span.until.year
        for places in country.provinces:
            office = self.offices[places.centre.id]
            if int(places.province.code) % 3:
                target = {"year": year, "periods": 8, "basis": f"Mục tiêu năm {year} của Trung tâm"}
                self.add_setting((office.unit.id, "yearly_target", json.dumps(target)))
            if office.pattern != rules.NUMBER_PATTERN:
                value = json.dumps({"pattern": office.pattern})
                self.add_setting((office.unit.id, "register_number", value))

    # The order of time

    def play(self) -> None:
        """Let everything happen, one after the other."""
        for done in self.learning.done:
            self._plan(done.at, "completed", done)
        for office in self.offices.values():
            is_standing = office.unit.kind == "centre" and self.chance.random() < _STANDING_SHARE
            if is_standing:
                since = self.chance.randrange(20, self.span.days // 2)
                self._plan(since * DAY + 9 * HOUR, "stand", office)
            step = _BATCH_DAYS[office.unit.kind]
            for day in range(self.chance.randrange(step, 2 * step), self.span.days, step):
                self._plan(day * DAY + 15 * HOUR + self.chance.randrange(HOUR), "decide", office)
        heapq.heapify(self.events)
        acts: dict[str, Callable[[Any, int], None]] = {
            "completed": self._completed,
            "stand": self._stand,
            "decide": self._decide,
            "revoke": self._revoke,
            "replace": self._replace,
        }
        while self.events:
            at, _turn, kind, what = heapq.heappop(self.events)
            acts[kind](what, at)

    def _plan(self, at: int, kind: str, what: Any) -> None:
        self.events.append((at, next(self.turn), kind, what))

    def _completed(self, done: Done, at: int) -> None:
        begun = self.learning.begun[done.enrollment]
        unit = begun.learner.unit_on(at // DAY)
        if unit is None or self._lacks(begun.learner, unit):
            return
        offices = [self.offices[u.id] for u in unit.upward() if u.id in self.offices]
        standing = next((office for office in offices if office.standing), None)
        if standing is not None and standing.standing is not None:
            recognition, number = standing.standing
            [issued] = self._recognize(standing, recognition, number, [done], by=None, at=at)
            self.trail.record(
                "certificate.issue",
                subject=f"certificate:{issued.code}",
                unit_id=standing.unit.id,
                after={
                    "decision": recognition.decision_number,
                    "number": issued.register_no,
                    "person": begun.learner.name,
                },
                at=at,
            )
        elif self.chance.random() >= _LEFT_WAITING:
            offices[0].waiting.append(done)

    def _lacks(self, learner: Learner, unit: Place) -> bool:
        text = learner.name + unit.name
        if text not in self.drawable:
            if len(self.drawable) > 20_000:
                self.drawable.clear()
            self.drawable[text] = not missing_letters(text)
        return bool(rules.lacks(born_on=learner.born, unit=unit.name, drawable=self.drawable[text]))

    def _stand(self, office: _Office, at: int) -> None:
        recognition, number = self._decision(office, is_standing=True, at=at)
        office.standing = recognition, number
        self.trail.record(
            "standing-decision.open",
            actor=office.manager,
            subject=f"recognition:{number}",
            unit_id=office.unit.id,
            after={
                "decision": recognition.decision_number,
                "date": recognition.decision_date.isoformat(),
            },
            at=at,
        )

    def _decide(self, office: _Office, at: int) -> None:
        if not office.waiting:
            return
        recognition, number = self._decision(office, is_standing=False, at=at)
        issued = self._recognize(
            office, recognition, number, office.waiting, by=office.manager, at=at
        )
        office.waiting = []
        self.trail.record(
            "certificates.issue",
            actor=office.manager,
            subject=f"recognition:{number}",
            unit_id=office.unit.id,
            after={
                "decision": recognition.decision_number,
                "numbers": [one.register_no for one in issued],
            },
            at=at,
        )

    def _decision(self, office: _Office, *, is_standing: bool, at: int) -> tuple[Recognition, int]:
        number, day = self._next("recognition"), self.span.day(at // DAY)
        running = office.decisions.get(day.year, 0) + self.chance.randint(1, 9)
        office.decisions[day.year] = running
        recognition = Recognition(
            unit=office.model,
            decision_number=f"{running}/{_SIGNS[office.unit.kind]}",
            decision_date=day,
            is_standing=is_standing,
            signer_name=office.signer,
            signer_title=office.title,
            signing_for=office.signing_for,
            confirms_validity=False,
        )
        manager_id = office.manager[0] if office.manager else None
        self.add_recognition(
            (
                *(number, office.unit.id, recognition.decision_number, day.isoformat()),
                *(is_standing, office.signer, office.title, office.signing_for, False),
                *(manager_id, self.span.text(at)),
            )
        )
        return recognition, number

    # Registers

    def _recognize(
        self,
        office: _Office,
        recognition: Recognition,
        recognition_id: int,
        chosen: list[Done],
        *,
        by: tuple[int, str] | None,
        at: int,
    ) -> list[_Issued]:
        issued = []
        moment = self.span.text(at)
        for done in chosen:
            recognized_id = self._next("recognized")
            self.add_recognized((recognized_id, done.id, recognition_id, moment))
            one = self._issue(office, recognition, recognized_id, done, by=by, before=None, at=at)
            issued.append(one)
            self._later(one, at)
        return issued

    def _later(self, issued: _Issued, at: int) -> None:
        """A few are taken back or replaced within three months."""
        later = (at // DAY + self.chance.randrange(2, 90)) * DAY + 10 * HOUR
        is_revoked = issued.id % _REVOKED_EVERY == 20
        is_replaced = issued.id % _REPLACED_EVERY == 10
        if (is_revoked or is_replaced) and later < self.span.end:
            kind = "revoke" if is_revoked else "replace"
            heapq.heappush(self.events, (later, next(self.turn), kind, issued))

    def _issue(
        self,
        office: _Office,
        recognition: Recognition,
        recognized_id: int,
        done: Done,
        *,
        by: tuple[int, str] | None,
        before: _Issued | None,
        at: int,
    ) -> _Issued:
        begun = self.learning.begun[done.enrollment]
        moment, issued_on = self.span.text(at), self.span.day(at // DAY)
        register = self._register(office, issued_on.year, moment)
        register.number += 1
        completion = self._completion(begun, done)
        person: Any = _Named(begun.learner)
        words = freezing.words_of(
            completion,
            person,
            recognition,
            register_number=rules.register_number(office.pattern, register.number, issued_on.year),
            code=self._code(),
            issued_on=issued_on,
        )
        statement = freezing.statement_of(
            words, completion, recognition, number=register.number, issued_on=issued_on
        )
        text = signing.canonical(statement)
        certificate = Certificate(
            number=register.number,
            code=words.code,
            digest=signing.digest(text),
            signature=office.key.sign(text.encode("utf-8")).hex(),
            key_id=office.key_id,
        )
        previous, register.head = register.head, signing.link(register.head, line(certificate))
        number = self._next("certificate")
        self.add_certificate(
            (
                *(number, words.code, register.id, register.number, words.register_number),
                *(done.id, recognized_id, begun.learner.id, begun.course.id, office.unit.id),
                *(issued_on.isoformat(), moment, None, json.dumps(statement)),
                *(certificate.digest, office.key_id, certificate.signature, previous),
                *(register.head, before.id if before else None),
            )
        )
        self._event(number, "issued", by, decision=words.decision, at=at)
        return _Issued(
            number, words.code, words.register_number, office, done, recognition, recognized_id
        )

    def _completion(self, begun: Begun, done: Done) -> Completion:
        """The completion as `freezing` reads it; never stored from here."""
        completion = self.completed[begun.course.id]
        unit = begun.learner.unit_on(done.at // DAY)
        completion.unit_name = unit.name if unit else ""
        completion.started_at = self.span.at(begun.at)
        completion.completed_at = self.span.at(done.at)
        return completion

    def _register(self, office: _Office, year: int, moment: str) -> _Register:
        register = office.registers.get(year)
        if register is None:
            register = office.registers[year] = _Register(self._next("register"), year)
            self.add_register((register.id, office.unit.id, year, 0, signing.CHAIN_START))
        if not office.key_id:
            office.key_id = keys().keep_known(office.key.private_bytes_raw())
            public = office.key.public_key().public_bytes_raw().hex()
            self.add_key((self._next("key"), office.key_id, office.unit.id, public, moment))
        return register

    def _code(self) -> str:
        while True:
            code = codes.new_code(self.chance.randrange)
            if code not in self.codes:
                self.codes.add(code)
                return code

    def _event(
        self,
        certificate_id: int,
        kind: str,
        by: tuple[int, str] | None,
        *,
        reason: str = "",
        decision: str = "",
        at: int,
    ) -> None:
        by_id, by_name = by or (None, "")
        self.add_event(
            (
                *(self._next("event"), certificate_id, kind, self.span.text(at), by_id, by_name),
                *(reason, decision),
            )
        )

    # Afterwards

    def _revoke(self, issued: _Issued, at: int) -> None:
        self._end(issued, "revoked", self.chance.choice(_WHY_REVOKED), "", at)

    def _replace(self, issued: _Issued, at: int) -> None:
        office = issued.office
        renewed = self._issue(
            office,
            issued.recognition,
            issued.recognized_id,
            issued.done,
            by=office.manager,
            before=issued,
            at=at,
        )
        self._end(issued, "superseded", self.chance.choice(_WHY_REPLACED), renewed.code, at)

    def _end(self, issued: _Issued, kind: str, reason: str, decision: str, at: int) -> None:
        manager = issued.office.manager
        self._event(issued.id, kind, manager, reason=reason, decision=decision, at=at)
        self.trail.record(
            f"certificate.{kind}",
            actor=manager,
            subject=f"certificate:{issued.code}",
            unit_id=issued.office.unit.id,
            after={"number": issued.register_no, "decision": decision},
            at=at,
        )

    def close_registers(self, database: Database) -> None:
        """Write into each register how far it came."""
        with database.unit_of_work():
            for office in self.offices.values():
                for register in office.registers.values():
                    session().execute(
                        update(Register)
                        .where(Register.id == register.id)
                        .values(last_number=register.number, head_hash=register.head)
                    )


class _Named:
    """A person as `freezing` reads one."""

    def __init__(self, learner: Learner) -> None:
        self.full_name, self.gender, self.birth_date = learner.name, learner.gender, learner.born


def _models(country: Country) -> dict[int, Unit]:
    """Units as `freezing` reads them; never stored from here."""
    models: dict[int, Unit] = {}
    for place in country.all:
        if place.kind in (*rules.ISSUING_KINDS, "province", "municipality"):
            models[place.id] = Unit(
                code=place.code,
                name=place.name,
                place_name=place.place_name,
                is_illustration=True,
                parent=models[place.parent.id] if place.parent else None,
            )
    return models


def _completed(course: SeedCourse) -> Completion:
    return Completion(
        source="online",
        periods=course.version.periods,
        version=course.version,
        course=Course(slug=course.slug),
    )


def _require(
    population: Population,
    country: Country,
    courses: list[SeedCourse],
    loader: Loader,
    trail: Trail,
    span: Span,
    chance: random.Random,
) -> None:
    """Courses asked of a province's people; some are due, some were withdrawn."""
    add = loader.into(
        Requirement,
        *("id", "unit_id", "course_id", "membership_kind", "due_on", "made_by_id", "made_at"),
        "withdrawn_at",
    )
    number = 0
    for places in country.provinces:
        for course in courses:
            if chance.random() < 0.5:
                continue
            unit = chance.choice((places.department, places.centre))
            number += 1
            at = chance.randrange(span.days - 400, span.days - 5) * DAY + 8 * HOUR
            due_on = span.day_text(at // DAY + chance.randrange(20, 200))
            manager = population.managers.get(unit.id)
            withdrawn = min(at + 20 * DAY, span.end - MINUTE) if chance.random() < 0.1 else None
            add(
                (
                    *(number, unit.id, course.id, chance.choice(("", "", "collaborator"))),
                    *(due_on, manager.id if manager else None, span.text(at)),
                    span.text(withdrawn) if withdrawn else None,
                )
            )
            trail.record(
                "requirement.make",
                actor=(manager.id, manager.name) if manager else None,
                subject=f"requirement:{number}",
                unit_id=unit.id,
                after={"course": course.slug, "due_on": due_on},
                at=at,
            )
