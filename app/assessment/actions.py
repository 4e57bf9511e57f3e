"""Verbs of a quiz: start, save, submit, close what ran out of time; answers in lessons."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm.attributes import set_committed_value

from app.assessment import queries, rules
from app.assessment.models import Attempt, AttemptClosed, AttemptItem, LessonAnswer, Response
from app.catalog.editions import Edition, EditionQuestion, edition, questions_by_id
from app.catalog.models import CourseVersion, Question
from app.kernel import news
from app.kernel.database import is_sqlite, serialize, session
from app.kernel.envelope import Envelope, new_uuid
from app.people.models import Person
from app.questions import marking
from app.questions.kinds import from_json

LONGEST_ANSWER = 500

# What a submission writes is put together once, and goes out as one statement a table, however
# many questions the quiz has.
_ITEM: Any = AttemptItem.__table__
_ATTEMPT: Any = Attempt.__table__
_RESPONSE: Any = Response.__table__
_JOURNAL = insert(_RESPONSE)
_MARK_ITEMS = update(_ITEM).where(_ITEM.c.id == bindparam("item"))
_MARK_ATTEMPT = update(_ATTEMPT).where(_ATTEMPT.c.id == bindparam("attempt"))
_ANSWER = ("answer", "answer_sequence", "answered_at")


def start(
    person: Person,
    version: CourseVersion | Edition,
    *,
    round_: int,
    now: datetime,
    chance: random.Random | None = None,
) -> Attempt:
    """Draw and shuffle an attempt at the final quiz; with one running, give that one back.

    Raises AlreadyPassed, NoAttemptsLeft, AttemptTooSoon or BankTooSmall.
    """
    quiz = version.final_quiz or {}
    serialize(f"attempt:{person.id}:{version.course_id}")
    attempts = queries.attempts_of(person.id, version.course_id, round_)
    running = next((a for a in attempts if a.closed_at is None), None)
    if running is not None:
        if not rules.is_over(running.deadline, now=now):
            return running
        close(running, was_overdue=True, now=now)
    past = [rules.PastAttempt(a.closed_at, bool(a.has_passed)) for a in attempts if a.closed_at]
    rules.check_start(
        past, attempts=quiz.get("attempts"), wait_hours=quiz.get("wait_hours") or 0, now=now
    )
    chance = chance or random.SystemRandom()
    ids = rules.draw(quiz["draw"], queries.bank_of(version.id), chance)
    if quiz.get("shuffle", True):
        chance.shuffle(ids)
    questions = questions_by_id(ids)
    minutes = quiz.get("minutes")
    attempt = Attempt(
        person_id=person.id,
        course_id=version.course_id,
        version_id=version.id,
        round=round_,
        number=len(attempts) + 1,
        started_at=now,
        deadline=now + timedelta(minutes=minutes) if minutes else None,
        max_points=0,
    )
    for position, question_id in enumerate(ids, 1):
        content = questions[question_id].wordings[version.language]
        keys = [choice.key for choice in content.choices]
        if quiz.get("shuffle", True):
            chance.shuffle(keys)
        points = float(content.points)
        attempt.max_points += points
        attempt.items.append(
            AttemptItem(
                position=position,
                question_id=question_id,
                choice_order=keys,
                max_points=points,
            )
        )
    session().add(attempt)
    session().flush()
    return attempt


def save(
    attempt: Attempt, item: AttemptItem, values: Sequence[str], envelope: Envelope, *, now: datetime
) -> None:
    """Save one answer. A repeated save changes nothing; an older one from the same device
    that arrives late is kept but does not replace a newer one.

    Raises AttemptOver.
    """
    if not is_sqlite():
        session().refresh(attempt, ["closed_at"], with_for_update=True)
    if attempt.closed_at is not None or rules.is_over(attempt.deadline, now=now):
        raise rules.AttemptOver
    is_repeat, latest = queries.seen(envelope.uuid, item.id, envelope.device)
    if is_repeat:
        return
    question = questions_by_id([item.question_id])[item.question_id]
    line, is_answered = _line(item, question, values, envelope, uuid=envelope.uuid, now=now)
    session().add(Response(**line))
    if not _is_late(envelope, latest):
        item.answer = line["answer"] if is_answered else None
        item.answer_sequence, item.answered_at = envelope.sequence, now
    session().flush()


def save_page(
    attempt: Attempt, answers: Mapping[str, Sequence[str]], envelope: Envelope, *, now: datetime
) -> None:
    """Save every answer of a page that was sent by hand, each under a UUID of its own.

    `answers` by question key; a question that the page names without a value is unanswered.
    Raises AttemptOver.
    """
    questions = queries.questions_of(attempt)
    for item in attempt.items:
        values = answers.get(questions[item.question_id].key)
        if values is not None and _differs(item, values):
            part = replace(envelope, uuid=_part_of(UUID(envelope.uuid), item))
            save(attempt, item, values, part, now=now)


def submit(
    attempt: Attempt,
    answers: Mapping[str, Sequence[str]],
    envelope: Envelope,
    *,
    shown_at: datetime | None = None,
    now: datetime,
) -> None:
    """Take the answers that came with the form, and close. Submitting twice is once.

    `answers` by question key; a question that the form leaves out or empty keeps what was
    saved (see rules.replaces). `shown_at` is when the page with the form was made.
    """
    attempt = _held(attempt)
    if attempt.closed_at is not None:
        return
    if rules.is_over(attempt.deadline, now=now):
        _mark(attempt, queries.questions_of(attempt), was_overdue=True, now=now)
        return
    questions = queries.questions_of(attempt)
    taken = _take_in(attempt, questions, answers, envelope, shown_at=shown_at, now=now)
    _mark(attempt, questions, taken, was_overdue=False, now=now)


def close(attempt: Attempt, *, was_overdue: bool, now: datetime) -> None:
    """Mark what was saved and close the attempt for good; tells AttemptClosed."""
    attempt = _held(attempt)
    if attempt.closed_at is None:
        _mark(attempt, queries.questions_of(attempt), was_overdue=was_overdue, now=now)


def _held(attempt: Attempt) -> Attempt:
    """The attempt as it is now, with its items, its row locked until the transaction ends.

    On SQLite a writing transaction is alone from its beginning: what it read is still so.
    """
    session().flush()
    if not is_sqlite():
        queries.hold(attempt)
    return attempt


def _take_in(
    attempt: Attempt,
    questions: Mapping[int, EditionQuestion],
    answers: Mapping[str, Sequence[str]],
    envelope: Envelope,
    *,
    shown_at: datetime | None,
    now: datetime,
) -> set[int]:
    """Append to the journal what a submitted form changes, and put the answers on their items,
    which `_mark` then writes. Returns the ids of these items."""
    changed = [
        (item, values)
        for item in attempt.items
        if (values := answers.get(questions[item.question_id].key)) and _differs(item, values)
    ]
    # Nothing was ever sent for an item that has no moment of an answer.
    sent = (
        queries.journal_of(attempt.id)
        if any(item.answered_at is not None for item, _values in changed)
        else {}
    )
    lines, taken, whole = [], set(), UUID(envelope.uuid)
    for item, values in changed:
        before = sent.get(item.id, queries.NOTHING_SENT)
        if not rules.replaces(
            values,
            saved_at=item.answered_at,
            saved_by=before.saved_by,
            shown_at=shown_at,
            device=envelope.device,
        ):
            continue
        question = questions[item.question_id]
        line, is_answered = _line(
            item, question, values, envelope, uuid=_part_of(whole, item), now=now
        )
        lines.append(line)
        if not _is_late(envelope, before.latest(envelope.device)):
            taken.add(item.id)
            _put(
                item,
                answer=line["answer"] if is_answered else None,
                answer_sequence=envelope.sequence,
                answered_at=now,
            )
    if lines:
        session().execute(_JOURNAL, lines)
    return taken


def _line(
    item: AttemptItem,
    asked: EditionQuestion,
    values: Sequence[str],
    envelope: Envelope,
    *,
    uuid: str,
    now: datetime,
) -> tuple[dict[str, Any], bool]:
    """A save as the journal keeps it, and whether it answers anything."""
    question = next(iter(asked.wordings.values()))
    response = marking.response_for(question, [v[:LONGEST_ANSWER] for v in values])
    line = {
        "item_id": item.id,
        "answer": list(response.choices) if question.choices else [response.text],
        "uuid": uuid,
        "client_time": envelope.client_time,
        "sequence": envelope.sequence,
        "device": envelope.device,
        "received_at": now,
    }
    return line, not response.is_empty


def _is_late(envelope: Envelope, latest: int) -> bool:
    """Whether the device has sent a newer save for the item; `latest` is the highest number."""
    return bool(envelope.device) and envelope.sequence < latest


def _put(row: Attempt | AttemptItem, **values: Any) -> None:
    """Set what a statement of this file writes, so that the session does not write it again."""
    for name, value in values.items():
        set_committed_value(row, name, value)


def _differs(item: AttemptItem, values: Sequence[str]) -> bool:
    given = [value for value in values if value.strip()]
    saved = item.answer or []
    return given != saved if len(given) < 2 else set(given) != set(saved)


def _part_of(whole: UUID, item: AttemptItem) -> str:
    """The UUID of one answer among several that came together; a repeat makes the same."""
    return str(uuid5(whole, str(item.id)))


def _mark(
    attempt: Attempt,
    questions: Mapping[int, EditionQuestion],
    taken: Collection[int] = (),
    *,
    was_overdue: bool,
    now: datetime,
) -> None:
    """Mark every item, write the marks, close; of the items `taken` the answers too."""
    version = edition(attempt.version_id)
    earned, most = [], []
    written: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for item in attempt.items:
        question = questions[item.question_id].wordings[version.language]
        response = marking.response_for(question, list(item.answer or []))
        points = float(marking.mark(question, response).points)
        earned.append(points)
        most.append(item.max_points)
        _put(item, points=points)
        row = {"item": item.id, "points": points}
        if is_taken := item.id in taken:
            row |= {name: getattr(item, name) for name in _ANSWER}
        written[is_taken].append(row)
    for rows in filter(None, written.values()):
        session().execute(_MARK_ITEMS, rows)
    percent = rules.percent(earned, most)
    marks = {
        "points": sum(earned),
        "percent": percent,
        "has_passed": percent >= (version.completion.get("final_quiz") or 0),
        "closed_at": attempt.deadline if was_overdue and attempt.deadline else now,
        "was_overdue": was_overdue,
    }
    session().execute(_MARK_ATTEMPT, {"attempt": attempt.id, **marks})
    _put(attempt, **marks)
    news.tell(AttemptClosed(attempt), now=now)


def answer_in_lesson(
    person: Person,
    question: Question | EditionQuestion,
    *,
    lesson_key: str,
    language: str,
    values: Sequence[str],
    envelope: Envelope,
    now: datetime,
) -> LessonAnswer:
    """Answer a question inside a lesson; it is marked at once, by the content in `language`,
    the course's own, which accepts the answers of its translations. A repeat gives the first
    back.
    """
    repeated = queries.lesson_answer(envelope.uuid)
    if repeated is not None and repeated.person_id == person.id:
        return repeated
    content = from_json(question.content[language])
    response = marking.response_for(content, [v[:LONGEST_ANSWER] for v in values])
    answer = LessonAnswer(
        person_id=person.id,
        course_id=question.course_id,
        question_id=question.id,
        question_key=question.key,
        lesson_key=lesson_key,
        answer=list(response.choices) if content.choices else [response.text],
        share=float(marking.mark(content, response).share),
        uuid=envelope.uuid if repeated is None else new_uuid(),
        client_time=envelope.client_time,
        sequence=envelope.sequence,
        device=envelope.device,
        received_at=now,
    )
    session().add(answer)
    session().flush()
    return answer
