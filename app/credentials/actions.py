"""Verbs on certificates: recognise, issue, keep the printed page, revoke, replace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.credentials import codes, freezing, queries, rules, signing
from app.credentials.models import (
    Certificate,
    CertificateEvent,
    CertificateFile,
    CertificateIssued,
    CertificateRevoked,
    IssuerKey,
    Recognition,
    RecognizedCompletion,
    Register,
)
from app.kernel import audit, jobs, limits
from app.kernel.clock import local_date
from app.kernel.database import is_sqlite, session
from app.kernel.keys import keys
from app.kernel.news import tell
from app.learning.models import Completion
from app.organization.models import Unit, UnitSetting
from app.organization.queries import ids_below
from app.people.models import Person

TYPESET_JOB = "typeset-certificates"

# Decisions


def open_standing_decision(
    unit: Unit, decision: rules.Decision, *, by: Person, now: datetime
) -> Recognition:
    """Let every completion in a unit and below be recognised and certified at once.

    Asking twice with the same number and date is asking once. Raises NotAnIssuer,
    DecisionInFuture, or StandingDecisionOpen while another one is in force.
    """
    if unit.kind not in rules.ISSUING_KINDS:
        raise rules.NotAnIssuer
    if decision.day > local_date(now):
        raise rules.DecisionInFuture
    session().scalar(select(Unit.id).where(Unit.id == unit.id).with_for_update())
    in_force = session().scalar(
        select(Recognition).where(
            Recognition.unit_id == unit.id, Recognition.is_standing, Recognition.ended_at.is_(None)
        )
    )
    if in_force is not None:
        if (in_force.decision_number, in_force.decision_date) == (decision.number, decision.day):
            return in_force
        raise rules.StandingDecisionOpen
    opened = _new_decision(unit, decision, is_standing=True, by=by, now=now)
    audit.record(
        "standing-decision.open",
        actor=by,
        subject=f"recognition:{opened.id}",
        unit_id=unit.id,
        after={"decision": decision.number, "date": decision.day.isoformat()},
        now=now,
    )
    return opened


def end_standing_decision(decision: Recognition, *, by: Person, now: datetime) -> None:
    """End a standing decision: later completions wait for a batch. Ending twice is once."""
    if decision.ended_at is not None:
        return
    decision.ended_at = now
    audit.record(
        "standing-decision.end",
        actor=by,
        subject=f"recognition:{decision.id}",
        unit_id=decision.unit_id,
        after={"decision": decision.decision_number},
        now=now,
    )


def _new_decision(
    unit: Unit, decision: rules.Decision, *, is_standing: bool, by: Person | None, now: datetime
) -> Recognition:
    made = Recognition(
        unit=unit,
        decision_number=decision.number,
        decision_date=decision.day,
        is_standing=is_standing,
        signer_name=decision.signer_name,
        signer_title=decision.signer_title,
        signing_for=decision.signing_for,
        confirms_validity=decision.confirms_validity,
        made_by_id=by.id if by else None,
        made_at=now,
    )
    session().add(made)
    session().flush()
    return made


# Recognition and issue


def recognize(
    unit: Unit,
    completion_ids: Sequence[int],
    decision: rules.Decision,
    *,
    roots: Sequence[int],
    by: Person,
    now: datetime,
) -> Recognition:
    """Recognise completions by a decision of a unit, and issue their certificates.

    Those that were recognised before are passed over, so repeating it issues nothing twice.
    `roots` are the units that `by` manages. Raises NothingChosen, NotAnIssuer,
    DecisionInFuture, DecisionBeforeCompletion or WordsLacking; then nothing is issued.
    """
    _lock(completion_ids)
    chosen = queries.waiting_among(roots, completion_ids)
    if not chosen and (before := queries.decision_on(completion_ids, roots)):
        return before
    check_choice(unit, chosen, decision, now=now)
    recognition = _same_batch(unit, decision) or _new_decision(
        unit, decision, is_standing=False, by=by, now=now
    )
    pairs = [(waiting.completion, waiting.person) for waiting in chosen]
    issued = _recognize_and_issue(recognition, pairs, by=by, now=now)
    if issued:
        audit.record(
            "certificates.issue",
            actor=by,
            subject=f"recognition:{recognition.id}",
            unit_id=unit.id,
            after={
                "decision": decision.number,
                "numbers": [certificate.register_no for certificate in issued],
            },
            now=now,
        )
        first = min(certificate.id for certificate in issued)
        jobs.enqueue(
            TYPESET_JOB,
            {"certificates": [certificate.id for certificate in issued]},
            key=f"{TYPESET_JOB}:{first}",
            now=now,
        )
    return recognition


def check_choice(
    unit: Unit, chosen: Sequence[queries.Waiting], decision: rules.Decision, *, now: datetime
) -> None:
    """Raise the named refusal that stands against a batch, if any; writes nothing."""
    if not chosen:
        raise rules.NothingChosen
    if unit.kind not in rules.ISSUING_KINDS:
        raise rules.NotAnIssuer
    of_units = {waiting.completion.unit_id for waiting in chosen}
    if of_units - set(session().scalars(ids_below([unit.id]))):
        raise rules.NotAnIssuer
    today = local_date(now)
    if decision.day > today:
        raise rules.DecisionInFuture
    for waiting in chosen:
        if waiting.lacks:
            raise rules.WordsLacking(rules.lacking(waiting.person.full_name, waiting.lacks))
        rules.check_decision_day(
            waiting.person.full_name,
            completed_on=local_date(waiting.completion.completed_at),
            decided_on=decision.day,
            today=today,
        )


def issue_under_standing_decision(completion: Completion, now: datetime) -> Certificate | None:
    """Recognise and certify a completion at once where its unit has decided so beforehand.

    None where no standing decision is in force, or where the certificate lacks something: the
    completion then waits for a manager. Asking twice gives the first certificate.
    """
    session().flush()
    if completion.unit_id is None:
        return None
    decision = queries.standing_decision_for(completion.unit_id)
    if decision is None:
        return None
    _lock([completion.id])
    person = _survivor(completion.person)
    if freezing.lacks(completion, person):
        return _first_certificate(completion.id)
    issued = _recognize_and_issue(decision, [(completion, person)], by=None, now=now)
    if not issued:
        return _first_certificate(completion.id)
    audit.record(
        "certificate.issue",
        subject=f"certificate:{issued[0].code}",
        unit_id=decision.unit_id,
        after={
            "decision": decision.decision_number,
            "number": issued[0].register_no,
            "person": person.full_name,
        },
        now=now,
    )
    return issued[0]


def _lock(completion_ids: Sequence[int]) -> None:
    """Hold completions, in id order, so that two managers do not recognise one of them.

    On SQLite whoever writes is alone.
    """
    if is_sqlite():
        return
    session().execute(
        select(Completion.id)
        .where(Completion.id.in_(completion_ids))
        .order_by(Completion.id)
        .with_for_update()
    ).all()


def _same_batch(unit: Unit, decision: rules.Decision) -> Recognition | None:
    return session().scalar(
        select(Recognition)
        .where(
            Recognition.unit_id == unit.id,
            Recognition.is_standing.is_(False),
            Recognition.decision_number == decision.number,
            Recognition.decision_date == decision.day,
            Recognition.signer_name == decision.signer_name,
            Recognition.signer_title == decision.signer_title,
            Recognition.signing_for == decision.signing_for,
            Recognition.confirms_validity == decision.confirms_validity,
        )
        .limit(1)
    )


def _recognize_and_issue(
    decision: Recognition,
    chosen: Sequence[tuple[Completion, Person]],
    *,
    by: Person | None,
    now: datetime,
) -> list[Certificate]:
    known = set(
        session().scalars(
            select(RecognizedCompletion.completion_id).where(
                RecognizedCompletion.completion_id.in_([done.id for done, _person in chosen])
            )
        )
    )
    recognized = [
        (
            RecognizedCompletion(completion=done, recognition=decision, recognized_at=now),
            person,
            None,
        )
        for done, person in chosen
        if done.id not in known
    ]
    session().add_all(row for row, _person, _before in recognized)
    session().flush()
    return _issue(decision, recognized, by=by, now=now)


def _issue(
    decision: Recognition,
    recognized: Sequence[tuple[RecognizedCompletion, Person, Certificate | None]],
    *,
    by: Person | None,
    now: datetime,
) -> list[Certificate]:
    """Give the next numbers of the register, extend its chain, freeze, sign. One row lock."""
    if not recognized:
        return []
    issued_on = local_date(now)
    pattern = _number_pattern(decision.unit_id)
    register = _locked_register(decision.unit_id, issued_on.year)
    key_id = _key_of(decision.unit_id, now)
    issued = []
    fresh = _fresh_codes(len(recognized))
    number, head = register.last_number, register.head_hash
    for (row, person, before), code in zip(recognized, fresh, strict=True):
        number += 1
        words = freezing.words_of(
            row.completion,
            person,
            decision,
            register_number=rules.register_number(pattern, number, issued_on.year),
            code=code,
            issued_on=issued_on,
        )
        statement = freezing.statement_of(
            words, row.completion, decision, number=number, issued_on=issued_on
        )
        text = signing.canonical(statement)
        certificate = Certificate(
            code=code,
            register=register,
            number=number,
            register_no=words.register_number,
            completion=row.completion,
            recognized=row,
            person=row.completion.person,
            course_id=row.completion.course_id,
            issuer=decision.unit,
            issued_on=issued_on,
            issued_at=now,
            expires_on=freezing.expires_on(row.completion, decision, issued_on),
            statement=statement,
            digest=signing.digest(text),
            key_id=key_id,
            signature=keys().sign(key_id, text.encode("utf-8")).hex(),
            previous_hash=head,
            supersedes_id=before.id if before else None,
        )
        head = certificate.chain_hash = signing.link(head, queries.line(certificate))
        certificate.events.append(
            CertificateEvent(
                kind="issued",
                at=now,
                by_id=by.id if by else None,
                by_name=by.full_name if by else "",
                decision=words.decision,
            )
        )
        issued.append(certificate)
    register.last_number, register.head_hash = number, head
    session().add_all(issued)
    session().flush()
    for certificate in issued:
        tell(CertificateIssued(certificate), now=now)
    return issued


def _locked_register(unit_id: int, year: int) -> Register:
    """The register, its row locked to the end of the transaction."""
    dialect = sqlite if is_sqlite() else postgresql
    session().execute(
        dialect.insert(Register)
        .values(unit_id=unit_id, year=year, last_number=0, head_hash=signing.CHAIN_START)
        .on_conflict_do_nothing(index_elements=["unit_id", "year"])
    )
    return (
        session()
        .scalars(
            select(Register)
            .where(Register.unit_id == unit_id, Register.year == year)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .one()
    )


def _number_pattern(unit_id: int) -> str:
    setting = session().get(UnitSetting, (unit_id, "register_number"))
    return str(setting.value["pattern"]) if setting else rules.NUMBER_PATTERN


def _key_of(unit_id: int, now: datetime) -> str:
    """The unit's key; made when the first is needed, under the register's lock.

    The file is on disk before the row is committed: a key without a row harms nobody, a row
    without a key would.
    """
    found = session().scalar(
        select(IssuerKey.key_id)
        .where(IssuerKey.unit_id == unit_id, IssuerKey.retired_at.is_(None))
        .order_by(IssuerKey.id.desc())
        .limit(1)
    )
    if found is not None:
        return found
    key_id = keys().create()
    session().add(
        IssuerKey(
            key_id=key_id, unit_id=unit_id, public_key=keys().public(key_id).hex(), made_at=now
        )
    )
    session().flush()
    return key_id


def _fresh_codes(count: int) -> list[str]:
    """So many codes that no certificate has."""
    fresh: set[str] = set()
    while len(fresh) < count:
        drawn = {codes.new_code() for _ in range(count - len(fresh))}
        fresh |= drawn - set(
            session().scalars(select(Certificate.code).where(Certificate.code.in_(drawn)))
        )
    return sorted(fresh)


def _survivor(person: Person) -> Person:
    if person.current_id is None:
        return person
    return session().get_one(Person, person.current_id)


def _first_certificate(completion_id: int) -> Certificate | None:
    return session().scalar(
        select(Certificate).where(
            Certificate.completion_id == completion_id, Certificate.supersedes_id.is_(None)
        )
    )


# Checking


def may_confirm(code: str, address: str, *, now: datetime) -> bool:
    """Count one try at words that are printed on a certificate; False when it is one too many.

    Call it in a unit of work of its own, so that refused tries count as well.
    """
    often = limits.take(
        f"certificate.confirm:{code}:{address}",
        limit=rules.CONFIRMATIONS,
        window=rules.CONFIRMATIONS_WINDOW,
        now=now,
    )
    daily = limits.take(
        f"certificate.confirm:{code}",
        limit=rules.CONFIRMATIONS_A_DAY,
        window=timedelta(days=1),
        now=now,
    )
    return often and daily


def may_ask_again(address: str, *, now: datetime) -> bool:
    """Count one request for a code that does not exist; False when it is one too many."""
    return limits.take(
        f"certificate.unknown:{address}",
        limit=rules.UNKNOWN_CODES,
        window=rules.UNKNOWN_CODES_WINDOW,
        now=now,
    )


# Afterwards


def keep_file(certificate_id: int, *, content_hash: str, size: int, now: datetime) -> None:
    """Remember the stored page of a certificate. Whoever comes second changes nothing."""
    dialect = sqlite if is_sqlite() else postgresql
    session().execute(
        dialect.insert(CertificateFile)
        .values(certificate_id=certificate_id, hash=content_hash, size=size, made_at=now)
        .on_conflict_do_nothing(index_elements=["certificate_id"])
    )


def revoke(
    certificate: Certificate,
    *,
    reason: str,
    decision: str = "",
    by: Person | None,
    by_name: str = "",
    now: datetime,
) -> None:
    """Take a certificate back: an event that keeps its line and number.

    Raises ReasonMissing, or NoLongerInForce where it was revoked or replaced before.
    """
    _end(certificate, "revoked", reason, decision, by=by, by_name=by_name, now=now)
    tell(CertificateRevoked(certificate), now=now)


def reissue(
    certificate: Certificate, *, reason: str, by: Person | None, by_name: str = "", now: datetime
) -> Certificate:
    """Replace a certificate that the issuer got wrong: a new line, words as they are today.

    The old one keeps its line and number, and its page says what replaced it. Raises
    ReasonMissing, NoLongerInForce or WordsLacking.
    """
    recognized = certificate.recognized
    person = _survivor(certificate.completion.person)
    if missing := freezing.lacks(certificate.completion, person):
        raise rules.WordsLacking(rules.lacking(person.full_name, missing))
    _lock([certificate.completion_id])
    _check_in_force(certificate, reason)
    [renewed] = _issue(recognized.recognition, [(recognized, person, certificate)], by=by, now=now)
    _end(certificate, "superseded", reason, renewed.code, by=by, by_name=by_name, now=now)
    return renewed


def _check_in_force(certificate: Certificate, reason: str) -> None:
    if not reason.strip():
        raise rules.ReasonMissing
    # The unique index on endings holds as well, should two come at once.
    if session().scalar(
        select(func.count())
        .select_from(Certificate)
        .where(Certificate.id == certificate.id, queries.ended())
    ):
        raise rules.NoLongerInForce


def _end(
    certificate: Certificate,
    kind: str,
    reason: str,
    decision: str,
    *,
    by: Person | None,
    by_name: str,
    now: datetime,
) -> None:
    _lock([certificate.completion_id])
    _check_in_force(certificate, reason)
    session().add(
        CertificateEvent(
            certificate_id=certificate.id,
            kind=kind,
            at=now,
            by_id=by.id if by else None,
            by_name=by.full_name if by else by_name,
            reason=reason.strip(),
            decision=decision.strip(),
        )
    )
    session().flush()
    values: dict[str, Any] = {
        "number": certificate.register_no,
        "decision": decision,
        "person": certificate.person.full_name,
        "reason": reason.strip(),
    }
    audit.record(
        f"certificate.{kind}",
        actor=by,
        subject=f"certificate:{certificate.code}",
        unit_id=certificate.issuer_id,
        after=values,
        now=now,
    )
