"""Verbs of a quiz: start, save, submit, close what ran out of time; answers in lessons."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

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
        content = from_json(questions[question_id].content[version.language])
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
    _store(item, question, values, envelope, latest=latest, now=now)
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
            save(attempt, item, values, _part_of(envelope, item), now=now)


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
        _mark(attempt, was_overdue=True, now=now)
        return
    questions = queries.questions_of(attempt)
    changed = {
        item: answers.get(questions[item.question_id].key, ())
        for item in attempt.items
        if _differs(item, answers.get(questions[item.question_id].key, ()))
    }
    if changed:
        savers = queries.last_savers(attempt.id)
        latest = queries.latest_sequences(attempt.id, envelope.device)
        for item, values in changed.items():
            if rules.replaces(
                values,
                saved_at=item.answered_at,
                saved_by=savers.get(item.id, ""),
                shown_at=shown_at,
                device=envelope.device,
            ):
                _store(
                    item,
                    questions[item.question_id],
                    values,
                    _part_of(envelope, item),
                    latest=latest.get(item.id, -1),
                    now=now,
                )
    _mark(attempt, was_overdue=False, now=now)


def close(attempt: Attempt, *, was_overdue: bool, now: datetime) -> None:
    """Mark what was saved and close the attempt for good; tells AttemptClosed."""
    attempt = _held(attempt)
    if attempt.closed_at is None:
        _mark(attempt, was_overdue=was_overdue, now=now)


def _held(attempt: Attempt) -> Attempt:
    """The attempt as it is now, with its row locked until the transaction ends.

    On SQLite a writing transaction is alone from its beginning: what it read is still so.
    """
    if is_sqlite():
        return attempt
    return queries.attempt_with_items(attempt.id, hold=True) or attempt


def _store(
    item: AttemptItem,
    asked: EditionQuestion,
    values: Sequence[str],
    envelope: Envelope,
    *,
    latest: int,
    now: datetime,
) -> None:
    """Append a save; `latest` is the highest sequence number its device sent for the item."""
    question = from_json(next(iter(asked.content.values())))
    response = marking.response_for(question, [v[:LONGEST_ANSWER] for v in values])
    answer = list(response.choices) if question.choices else [response.text]
    is_late = bool(envelope.device) and envelope.sequence < latest
    session().add(
        Response(
            item_id=item.id,
            answer=answer,
            uuid=envelope.uuid,
            client_time=envelope.client_time,
            sequence=envelope.sequence,
            device=envelope.device,
            received_at=now,
        )
    )
    if not is_late:
        item.answer = None if response.is_empty else answer
        item.answer_sequence, item.answered_at = envelope.sequence, now


def _differs(item: AttemptItem, values: Sequence[str]) -> bool:
    given = [value for value in values if value.strip()]
    saved = item.answer or []
    return given != saved if len(given) < 2 else set(given) != set(saved)


def _part_of(envelope: Envelope, item: AttemptItem) -> Envelope:
    """The envelope of one answer among several that came together; a repeat makes the same."""
    return replace(envelope, uuid=str(uuid5(UUID(envelope.uuid), str(item.id))))


def _mark(attempt: Attempt, *, was_overdue: bool, now: datetime) -> None:
    version = edition(attempt.version_id)
    questions = queries.questions_of(attempt)
    for item in attempt.items:
        question = from_json(questions[item.question_id].content[version.language])
        response = marking.response_for(question, list(item.answer or []))
        item.points = float(marking.mark(question, response).points)
    attempt.points = sum(item.points or 0 for item in attempt.items)
    attempt.percent = rules.percent(
        [item.points or 0 for item in attempt.items], [i.max_points for i in attempt.items]
    )
    attempt.has_passed = attempt.percent >= (version.completion.get("final_quiz") or 0)
    attempt.closed_at = attempt.deadline if was_overdue and attempt.deadline else now
    attempt.was_overdue = was_overdue
    session().flush()
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
