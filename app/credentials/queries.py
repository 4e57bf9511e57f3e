"""Reads of certificates, registers, decisions and of who waits for recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from app.assessment.models import Attempt
from app.catalog.models import Course, CourseVersion
from app.credentials import freezing, rules, signing
from app.credentials.models import (
    ENDING_KINDS,
    Certificate,
    CertificateEvent,
    CertificateFile,
    IssuerKey,
    Recognition,
    RecognizedCompletion,
    Register,
)
from app.kernel.database import session
from app.kernel.keys import is_signed, keys, thumbprint
from app.kernel.lists.rows import unindexed
from app.kernel.words import Words
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit, UnitLine
from app.organization.queries import Breadth, ids_below, in_units, is_below
from app.people.models import Person

PAGE = 100


@dataclass(frozen=True)
class Shown:
    """A certificate as a page shows it: the frozen words, and what holds today."""

    certificate: Certificate
    state: rules.State
    is_intact: bool
    """Whether the signature still fits what the register holds."""
    can_end: bool = False
    """Whether the reader may take it back: who manages the issuer, not the holder's unit alone."""

    @property
    def words(self) -> dict[str, str]:
        """The printed words."""
        return self.certificate.printed

    @property
    def ending(self) -> CertificateEvent | None:
        """The event that ended it: revoked or superseded."""
        events = self.certificate.events
        return next((event for event in events if event.kind in ENDING_KINDS), None)


@dataclass(frozen=True)
class Waiting:
    """A completion that waits for recognition, and what its certificate lacks."""

    completion: Completion
    person: Person
    lacks: Sequence[Words]


@dataclass(frozen=True)
class Unfinished:
    """A learner who has not completed a course, and what that takes."""

    enrollment: Enrollment
    lacks: Sequence[Words]


def ended() -> ColumnElement[bool]:
    """Whether a certificate was revoked or replaced, as a condition on Certificate."""
    return exists(
        select(CertificateEvent.id).where(
            CertificateEvent.certificate_id == Certificate.id,
            CertificateEvent.kind.in_(ENDING_KINDS),
        )
    )


def same_person(person_id: int) -> Select[int]:
    """Ids of a person and of all whom a merge made the same person, as a subquery."""
    return select(Person.id).where(or_(Person.id == person_id, Person.current_id == person_id))


def visible_to(roots: Sequence[int]) -> ColumnElement[bool]:
    """Certificates that a manager may see: issued by their units, or to people of these."""
    return or_(
        Certificate.issuer_id.in_(ids_below(roots)),
        Certificate.completion_id.in_(
            select(Completion.id).where(Completion.unit_id.in_(ids_below(roots)))
        ),
    )


# One certificate


def shown(code: str, *, today: date) -> Shown | None:
    """A certificate for the page that is open to all; None when no register holds the code."""
    return _shown(_whole().where(Certificate.code == code), today)


def shown_to_manager(code: str, roots: Sequence[int], *, today: date) -> Shown | None:
    """A certificate inside a manager's units."""
    found = _shown(_whole().where(Certificate.code == code, visible_to(roots)), today)
    if found is None:
        return None
    return replace(found, can_end=is_below(roots, found.certificate.issuer_id))


@dataclass(frozen=True)
class Printable:
    """A certificate to print, its file if it was set, and whether it was taken back."""

    certificate: Certificate
    file: CertificateFile | None
    is_ended: bool
    is_managed: bool
    """Whether the reader manages it, rather than holds it."""


def to_print(code: str, person_id: int, roots: Sequence[int]) -> Printable | None:
    """A certificate that is one's own or inside one's units, with its file if it was set."""
    row = (
        session()
        .execute(
            select(Certificate, CertificateFile, ended(), visible_to(roots))
            .outerjoin(CertificateFile, CertificateFile.certificate_id == Certificate.id)
            .where(
                Certificate.code == code,
                or_(Certificate.person_id.in_(same_person(person_id)), visible_to(roots)),
            )
        )
        .one_or_none()
    )
    return Printable(row[0], row[1], bool(row[2]), bool(row[3])) if row else None


def by_code(code: str) -> Certificate | None:
    """The certificate with a code, whoever it belongs to: for commands."""
    return session().scalar(select(Certificate).where(Certificate.code == code))


def unprinted(certificate_id: int) -> Certificate | None:
    """A certificate whose page was not set yet."""
    return session().scalar(
        select(Certificate)
        .outerjoin(CertificateFile, CertificateFile.certificate_id == Certificate.id)
        .where(Certificate.id == certificate_id, CertificateFile.certificate_id.is_(None))
    )


def _whole() -> Select[Certificate, str]:
    return (
        select(Certificate, IssuerKey.public_key)
        .join(IssuerKey, IssuerKey.key_id == Certificate.key_id)
        .options(selectinload(Certificate.events), joinedload(Certificate.issuer))
    )


def _shown(statement: Select[Certificate, str], today: date) -> Shown | None:
    row = session().execute(statement).one_or_none()
    if row is None:
        return None
    certificate, public_key = row
    return Shown(certificate, state_of(certificate, today), holds(certificate, public_key))


def state_of(certificate: Certificate, today: date) -> rules.State:
    """What the register says of a certificate on a day; its events must be at hand."""
    ends = (event.kind for event in certificate.events if event.kind in ENDING_KINDS)
    return rules.state_on(today, expires_on=certificate.expires_on, ended_by=next(ends, None))


def holds(certificate: Certificate, public_key: str) -> bool:
    """Whether a register line is what was signed: statement, digest, signature, columns."""
    text = signing.canonical(certificate.statement)
    printed, facts = certificate.statement["printed"], certificate.statement["facts"]
    return (
        signing.digest(text) == certificate.digest
        and printed["code"] == certificate.code
        and printed["register_number"] == certificate.register_no
        and facts["number"] == certificate.number
        and facts["issued_on"] == certificate.issued_on.isoformat()
        and is_signed(
            bytes.fromhex(public_key), text.encode("utf-8"), bytes.fromhex(certificate.signature)
        )
    )


def line(certificate: Certificate) -> dict[str, signing.Value]:
    """What a register's chain says of a line."""
    return {
        "number": certificate.number,
        "code": certificate.code,
        "digest": certificate.digest,
        "signature": certificate.signature,
        "key": certificate.key_id,
    }


# A learner's own


def certificates_of(person_id: int, *, today: date) -> list[tuple[Certificate, rules.State]]:
    """A person's certificates, the latest first, with what holds today. Two statements."""
    rows = session().scalars(
        select(Certificate)
        .where(Certificate.person_id.in_(same_person(person_id)))
        .options(selectinload(Certificate.events))
        .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
    )
    return [(certificate, state_of(certificate, today)) for certificate in rows]


def completions_without_certificate(person_id: int) -> Sequence[Completion]:
    """What a person completed and no decision has recognised yet, the latest first."""
    return (
        session()
        .scalars(
            select(Completion)
            .where(Completion.person_id.in_(same_person(person_id)), ~_recognized())
            .options(joinedload(Completion.version))
            .order_by(Completion.completed_at.desc())
        )
        .all()
    )


# Who waits


def _recognized() -> ColumnElement[bool]:
    return exists(
        select(RecognizedCompletion.id).where(RecognizedCompletion.completion_id == Completion.id)
    )


def waiting(
    roots: Sequence[int],
    *,
    unit_id: int | None = None,
    course_id: int | None = None,
    after: tuple[str, int] | None = None,
    breadth: Breadth = Breadth.PART,
) -> list[Waiting]:
    """Completions in scope that wait for recognition, by name; one more than a page holds.

    `after` is the name key and completion id of the last one seen. Three statements: the rows
    of a page are found by narrow ones, whatever the number that waits.
    """
    page = (
        select(Completion.id)
        .join(Person, Person.id == Completion.person_id)
        .join(_Today, _Today.id == func.coalesce(Person.current_id, Person.id))
        .where(
            _in_scope(Completion.unit_id, roots, unit_id, breadth),
            Completion.recognized_at.is_(None),
        )
        .order_by(_Today.name_sort, Completion.id)
        .limit(PAGE + 1)
    )
    if course_id is not None:
        page = page.where(Completion.course_id == course_id)
    if after is not None:
        page = page.where(tuple_(_Today.name_sort, Completion.id) > after)
    ids = session().scalars(page).all()
    return _waiting(_waiting_in(roots).where(Completion.id.in_(ids))) if ids else []


def _in_scope(
    column: Any, roots: Sequence[int], unit_id: int | None, breadth: Breadth
) -> ColumnElement[bool]:
    """Whether a column's unit is in scope, and in the chosen one or below it."""
    if unit_id is None:
        return in_units(column, roots, breadth)
    chosen = column.in_(ids_below([unit_id]))
    return and_(chosen, in_units(unindexed(column), roots, breadth))


def waiting_among(roots: Sequence[int], completion_ids: Sequence[int]) -> list[Waiting]:
    """Those of some completions that are in scope and still wait, by name."""
    return _waiting(_waiting_in(roots).where(Completion.id.in_(completion_ids)))


# The person of today: whoever survived the merges of the one who completed.
_Today = aliased(Person)


def _waiting_in(roots: Sequence[int]) -> Select[Completion, Person]:
    return (
        select(Completion, _Today)
        .join(Completion.person)
        .join(_Today, _Today.id == func.coalesce(Person.current_id, Person.id))
        .join(Completion.version)
        .join(Completion.course)
        .where(
            unindexed(Completion.unit_id).in_(ids_below(roots)),
            Completion.recognized_at.is_(None),
        )
        .options(
            contains_eager(Completion.person),
            contains_eager(Completion.version),
            contains_eager(Completion.course),
        )
        .order_by(_Today.name_sort, Completion.id)
    )


def _waiting(statement: Select[Completion, Person]) -> list[Waiting]:
    return [
        Waiting(completion, person, freezing.lacks(completion, person))
        for completion, person in session().execute(statement)
    ]


def unfinished(
    roots: Sequence[int],
    *,
    unit_id: int | None = None,
    course_id: int | None = None,
    breadth: Breadth = Breadth.PART,
) -> list[Unfinished]:
    """Learners in scope who have not completed, the latest active first, with what they lack.

    One more than a page holds.
    """
    passed = exists(
        select(Attempt.id).where(
            Attempt.person_id == Enrollment.person_id,
            Attempt.course_id == Enrollment.course_id,
            Attempt.round == Enrollment.round,
            Attempt.has_passed.is_(True),
        )
    )
    page = (
        select(Enrollment.id)
        .where(
            _in_scope(Enrollment.unit_id, roots, unit_id, breadth),
            Enrollment.completed_at.is_(None),
        )
        .order_by(Enrollment.last_activity_at.desc(), Enrollment.id)
        .limit(PAGE + 1)
    )
    if course_id is not None:
        page = page.where(Enrollment.course_id == course_id)
    statement = (
        select(Enrollment, passed)
        .where(Enrollment.id.in_(session().scalars(page).all()))
        .options(
            joinedload(Enrollment.person),
            joinedload(Enrollment.version),
        )
        .order_by(Enrollment.last_activity_at.desc(), Enrollment.id)
    )
    return [
        Unfinished(enrollment, _still_to_do(enrollment, has_passed=bool(has_passed)))
        for enrollment, has_passed in session().execute(statement)
    ]


def _still_to_do(enrollment: Enrollment, *, has_passed: bool) -> list[Words]:
    asked = enrollment.version.completion
    return rules.still_to_do(
        lessons_left=int(asked.get("lessons_needed") or 0) - enrollment.lessons_done,
        quiz_left=asked.get("final_quiz") is not None and not has_passed,
    )


def enrolled_courses(
    roots: Sequence[int], *, breadth: Breadth = Breadth.PART
) -> list[tuple[int, CourseVersion]]:
    """(course id, current version) of every course that somebody in scope is enrolled in."""
    somebody = (
        select(Enrollment.id)
        .where(
            Enrollment.course_id == Course.id,
            in_units(unindexed(Enrollment.unit_id), roots, breadth),
        )
        .correlate(Course)
        .exists()
    )
    statement = (
        select(Course.id, CourseVersion)
        .join(CourseVersion, CourseVersion.id == Course.current_id)
        .where(somebody)
        .order_by(CourseVersion.title_sort)
    )
    return [(row[0], row[1]) for row in session().execute(statement)]


# Decisions and issuers


def issuers(roots: Sequence[int], today: date) -> Sequence[Unit]:
    """The units in scope that issue certificates, in Vietnamese order."""
    return (
        session()
        .scalars(
            select(Unit)
            .where(
                Unit.id.in_(ids_below(roots)),
                Unit.kind.in_(rules.ISSUING_KINDS),
                or_(Unit.closed_on.is_(None), Unit.closed_on > today),
            )
            .options(joinedload(Unit.parent))
            .order_by(Unit.name_sort, Unit.id)
        )
        .all()
    )


def standing_decisions(roots: Sequence[int]) -> Sequence[Recognition]:
    """The standing decisions of the units in scope, those in force first."""
    return (
        session()
        .scalars(
            select(Recognition)
            .where(Recognition.is_standing, Recognition.unit_id.in_(ids_below(roots)))
            .options(joinedload(Recognition.unit))
            .order_by(Recognition.ended_at.is_not(None), Recognition.made_at.desc())
            .limit(PAGE)
        )
        .all()
    )


def standing_decision(decision_id: int, roots: Sequence[int]) -> Recognition | None:
    """One standing decision of a unit in scope."""
    return session().scalar(
        select(Recognition).where(
            Recognition.id == decision_id,
            Recognition.is_standing,
            Recognition.unit_id.in_(ids_below(roots)),
        )
    )


def standing_decision_for(unit_id: int) -> Recognition | None:
    """The decision in force of the nearest unit at or above one; None when none decided so."""
    return session().scalar(
        select(Recognition)
        .join(UnitLine, UnitLine.ancestor_id == Recognition.unit_id)
        .where(
            UnitLine.unit_id == unit_id,
            Recognition.is_standing,
            Recognition.ended_at.is_(None),
        )
        .options(joinedload(Recognition.unit).joinedload(Unit.parent))
        .order_by(UnitLine.depth)
        .limit(1)
    )


def last_decision(unit_ids: Sequence[int]) -> Recognition | None:
    """The latest decision of some units, whose signer the next one most likely has too."""
    return session().scalar(
        select(Recognition)
        .where(Recognition.unit_id.in_(unit_ids))
        .order_by(Recognition.made_at.desc(), Recognition.id.desc())
        .limit(1)
    )


def decision_on(completion_ids: Sequence[int], roots: Sequence[int]) -> Recognition | None:
    """The decision that recognised some completions in scope, the latest of several."""
    return session().scalar(
        select(Recognition)
        .join(RecognizedCompletion, RecognizedCompletion.recognition_id == Recognition.id)
        .where(
            RecognizedCompletion.completion_id.in_(completion_ids),
            Recognition.unit_id.in_(ids_below(roots)),
        )
        .order_by(RecognizedCompletion.id.desc())
        .limit(1)
    )


def decision_with_certificates(
    decision_id: int, roots: Sequence[int]
) -> tuple[Recognition, Sequence[Certificate]] | None:
    """A decision of a unit in scope with what was issued under it.

    A batch in register order; under a standing decision, which goes on, the latest first.
    """
    decision = session().scalar(
        select(Recognition)
        .where(Recognition.id == decision_id, Recognition.unit_id.in_(ids_below(roots)))
        .options(joinedload(Recognition.unit))
    )
    if decision is None:
        return None
    order: list[ColumnElement[Any]] = [Certificate.issued_on.desc(), Certificate.number.desc()]
    if not decision.is_standing:
        order = [Certificate.issued_on.asc(), Certificate.number.asc()]
    certificates = (
        session()
        .scalars(
            select(Certificate)
            .join(RecognizedCompletion, RecognizedCompletion.id == Certificate.recognized_id)
            .where(RecognizedCompletion.recognition_id == decision_id)
            .order_by(*order)
            .limit(PAGE)
        )
        .all()
    )
    return decision, certificates


def count_recognized(decision_id: int, completion_ids: Sequence[int]) -> int:
    """How many of some completions a decision recognised."""
    return (
        session().scalar(
            select(func.count(RecognizedCompletion.id)).where(
                RecognizedCompletion.recognition_id == decision_id,
                RecognizedCompletion.completion_id.in_(completion_ids),
            )
        )
        or 0
    )


# The proof


def first_broken_line() -> str | None:
    """Read every register again; say where the first line is that does not hold, or None.

    Seen are: a number missing, doubled or beyond the register's last, a line that does not
    follow from the one before it, words or columns that are not what was signed, and a
    signature that none of the issuer's keys made. Whoever can write to the database alone
    cannot make a key: its private half would have to lie where KEYS_URL says.
    """
    public_keys = {key.key_id: key for key in session().scalars(select(IssuerKey))}
    for register in (
        session()
        .scalars(select(Register).options(joinedload(Register.unit)).order_by(Register.id))
        .all()
    ):
        number, head = 0, signing.CHAIN_START
        for certificate in session().scalars(
            select(Certificate)
            .where(Certificate.register_id == register.id)
            .order_by(Certificate.number)
            .execution_options(yield_per=500)
        ):
            number += 1
            if problem := _problem(certificate, register, number, head, public_keys):
                return f"{register.unit.code}/{register.year}: {problem}"
            head = certificate.chain_hash
        if (number, head) != (register.last_number, register.head_hash):
            return (
                f"{register.unit.code}/{register.year}: the register ends at "
                f"{register.last_number}, its lines at {number}"
            )
    return None


def _problem(
    certificate: Certificate,
    register: Register,
    number: int,
    head: str,
    public_keys: dict[str, IssuerKey],
) -> str | None:
    if certificate.number != number:
        return f"line {number} is missing"
    if certificate.previous_hash != head:
        return f"line {number} does not follow from the line before it"
    if certificate.chain_hash != signing.link(head, line(certificate)):
        return f"line {number} is not what the chain holds"
    key = public_keys.get(certificate.key_id)
    if key is None or key.unit_id != register.unit_id:
        return f"line {number} names a key that is not the issuer's"
    if thumbprint(bytes.fromhex(key.public_key)) != key.key_id or key.key_id not in keys():
        return f"line {number}: the key {key.key_id} is not one that was made here"
    if not holds(certificate, key.public_key):
        return f"line {number} ({certificate.register_no}) is not what was signed"
    return None


def register_sizes() -> tuple[int, int]:
    """How many registers there are, and how many lines they hold together."""
    row = session().execute(select(func.count(), func.sum(Register.last_number))).one()
    return row[0], int(row[1] or 0)
