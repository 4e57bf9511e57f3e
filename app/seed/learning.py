"""What people learn: ways through courses, planned one by one, stored in the order of time.

A way is cut off where the span ends or the person leaves: so there are people in every state.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass, field

from app.assessment.models import Attempt, AttemptItem, LessonAnswer, Response
from app.learning.models import Completion, Enrollment, FinishedLesson
from app.seed.loading import Loader
from app.seed.persons import Learner, Population
from app.seed.shelf import SeedCourse, SeedQuestion, percent_of
from app.seed.span import DAY, HOUR, MINUTE, Chance, Span, uuid_from, working_time

COURSES_EACH = 2.5
"""How many courses a learner begins, on average."""
_NEWCOMERS = 0.02
_PLOTS = (
    ("done", 49),
    ("only-lessons", 9),
    ("gives-up", 24),
    ("only-begins", 12),
    ("fails", 6),
)
_PLOT_NAMES = [name for name, _weight in _PLOTS]
_PLOT_WEIGHTS = [sum(weight for _n, weight in _PLOTS[: i + 1]) for i in range(len(_PLOTS))]
_GAPS = (0, 0, 0, 0, 1, 1, 1, 2, 3, 7)
"""Days between two lessons of one person."""
_ANSWERED = 0.12
"""How many of the finished lessons have an answered question."""
_RESPONSES_KEPT = 0.08
"""How many attempts keep every save of an answer, as the product does for all: this is the
largest table of all, and its rows are alike."""


@dataclass(slots=True)
class _Sitting:
    """An attempt: its questions by their place among the course's, the right ones as bits."""

    enrollment: int
    number: int
    starts: int
    closes: int
    questions: array[int]
    known: int
    points: float
    percent: float
    has_passed: bool
    was_overdue: bool


@dataclass(slots=True)
class Done:
    """A completion."""

    id: int
    enrollment: int
    at: int
    percent: float | None


@dataclass(slots=True)
class Begun:
    """An enrollment: who, what and when; its id is given in the order of time."""

    learner: Learner
    course: SeedCourse
    at: int
    last_lesson: str = ""
    last_activity: int = 0
    lessons_done: int = 0
    id: int = 0


@dataclass(slots=True)
class Learning:
    """All that was learnt, waiting to be stored."""

    begun: list[Begun] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    """Moment, enrollment and lesson in one number each: there are more than a million."""
    sittings: list[_Sitting] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)


def plan(population: Population, courses: list[SeedCourse], span: Span, chance: Chance) -> Learning:
    """Everybody's ways through the courses."""
    learning = Learning()
    if not courses:
        return learning
    source = chance.of("learning")
    share = min(COURSES_EACH / len(courses), 0.86)
    for learner in population.learners:
        if source.random() < _NEWCOMERS:
            continue
        leaves = learner.leaves()
        end = span.end if leaves is None else min(span.end, leaves * DAY)
        completed: dict[str, int] = {}
        for course in courses:
            if source.random() >= share:
                continue
            starts = learner.came + int(source.random() * (end - learner.came))
            starts = starts // DAY * DAY + working_time(source)
            if not learner.came < starts < end:
                starts = min(learner.came + source.randrange(600, 2 * HOUR), end - 1)
            known = [completed.get(slug, end) for slug in course.requires]
            if any(at >= starts for at in known):
                continue
            at = _Way(learning, learner, course, starts, end, source).go()
            if at is not None:
                completed[course.slug] = at
    return learning


class _Way:
    """One person's way through one course."""

    def __init__(
        self,
        learning: Learning,
        learner: Learner,
        course: SeedCourse,
        starts: int,
        end: int,
        chance: random.Random,
    ) -> None:
        self.learning, self.course, self.chance, self.end = learning, course, chance, end
        self.begun = Begun(learner, course, starts, last_activity=starts)
        self.number = len(learning.begun)
        learning.begun.append(self.begun)
        self.now = starts
        self.enough_at: int | None = None if course.lessons_needed else starts

    def go(self) -> int | None:
        """Walk it; returns the moment of completion, if it came to that."""
        plot = self.chance.choices(_PLOT_NAMES, cum_weights=_PLOT_WEIGHTS)[0]
        lessons = len(self.course.lessons)
        count = {"only-begins": 0, "gives-up": self.chance.randrange(1, max(2, lessons))}
        if not self._read(count.get(plot, lessons)) or plot not in ("done", "fails"):
            return None
        if self.course.pass_mark is None:
            return self._complete(self.enough_at, None)
        if plot == "fails":
            for number in range(1, self.chance.randint(1, self.course.attempts) + 1):
                if not self._sit(number, passes=False):
                    break
            return None
        fails_first = self.course.attempts > 1 and self.chance.random() < 0.18
        if fails_first and not self._sit(1, passes=False):
            return None
        passed = self._sit(1 + fails_first, passes=True)
        if passed is None or self.enough_at is None:
            return None
        return self._complete(max(self.enough_at, passed.closes), passed.percent)

    def _read(self, count: int) -> bool:
        """Finish the first lessons; False where the time is over before."""
        chance, begun = self.chance, self.begun
        for place in range(count):
            gap = chance.choice(_GAPS)
            if gap:
                self.now = (self.now // DAY + gap) * DAY + working_time(chance)
            else:
                self.now += chance.randrange(6 * MINUTE, 40 * MINUTE)
            if self.now >= self.end:
                return False
            lesson = self.course.lessons[place]
            self.learning.finished.append(self.now << 32 | self.number << 8 | place)
            begun.last_lesson, begun.last_activity = lesson.key, self.now
            begun.lessons_done += lesson.counts
            if begun.lessons_done == self.course.lessons_needed and self.enough_at is None:
                self.enough_at = self.now
        return True

    def _sit(self, number: int, *, passes: bool) -> _Sitting | None:
        """One attempt; None where the time is over before it closes."""
        chance, course = self.chance, self.course
        if number > 1:
            self.now += course.wait_hours * HOUR
        days = chance.randrange(0, 3) if number == 1 else 1
        starts = self.now + chance.randrange(3 * MINUTE, 50 * MINUTE)
        if days:
            starts = (self.now // DAY + days) * DAY + working_time(chance)
        minutes = course.minutes or 30
        was_overdue = not passes and chance.random() < 0.1 and course.minutes is not None
        closes = starts + minutes * MINUTE
        if not was_overdue:
            closes = starts + chance.randrange(minutes * MINUTE // 5, minutes * MINUTE)
        if closes >= self.end:
            return None
        drawn = course.drawn(chance)
        share = chance.uniform(0.55, 1.0) if passes else chance.uniform(0.0, 0.4)
        known = 0
        for place in chance.sample(range(len(drawn)), round(share * len(drawn))):
            known |= 1 << place
        points, percent = percent_of(drawn, known)
        mark = course.pass_mark or 0
        if passes != (percent >= mark):
            known = (1 << len(drawn)) - 1 if passes else 0
            points, percent = percent_of(drawn, known)
        sitting = _Sitting(
            enrollment=self.number,
            number=number,
            starts=starts,
            closes=closes,
            questions=array("i", [question.id for question in drawn]),
            known=known,
            points=points,
            percent=percent,
            has_passed=percent >= mark,
            was_overdue=was_overdue,
        )
        self.learning.sittings.append(sitting)
        self.now = self.begun.last_activity = closes
        return sitting

    def _complete(self, at: int | None, percent: float | None) -> int | None:
        if at is not None:
            self.learning.done.append(Done(0, self.number, at, percent))
        return at


def write(learning: Learning, loader: Loader, span: Span, chance: Chance) -> None:
    """Store it all, table by table, each in the order of time."""
    _write_enrollments(learning, loader, span)
    _write_finished(learning, loader, span, chance.of("finished"))
    _write_attempts(learning, loader, span, chance.of("attempts"))
    _write_completions(learning, loader, span)


def _write_enrollments(learning: Learning, loader: Loader, span: Span) -> None:
    add = loader.into(
        Enrollment,
        *("id", "person_id", "course_id", "version_id", "unit_id", "round", "enrolled_at"),
        *("last_lesson_key", "last_activity_at", "lessons_done"),
    )
    for number, begun in enumerate(sorted(learning.begun, key=lambda b: b.at), 1):
        begun.id = number
        unit = begun.learner.unit_on(begun.at // DAY)
        add(
            (
                *(number, begun.learner.id, begun.course.id, begun.course.version.id),
                *(unit.id if unit else None, 1, span.text(begun.at), begun.last_lesson),
                *(span.text(begun.last_activity), begun.lessons_done),
            )
        )
    loader.finish()


def _write_finished(learning: Learning, loader: Loader, span: Span, chance: random.Random) -> None:
    add = loader.into(
        FinishedLesson,
        *("id", "enrollment_id", "lesson_key", "uuid", "client_time", "sequence", "device"),
        "received_at",
    )
    add_answer = loader.into(
        LessonAnswer,
        *("id", "person_id", "course_id", "question_id", "question_key", "lesson_key"),
        *("answer", "share", "uuid", "client_time", "sequence", "device", "received_at"),
    )
    learning.finished.sort()
    answers = 0
    for number, packed in enumerate(learning.finished, 1):
        at, begun = packed >> 32, learning.begun[packed >> 8 & 0xFFFFFF]
        place = packed & 0xFF
        lesson = begun.course.lessons[place]
        device = _device(begun.learner)
        moment = span.text(at)
        sequence = place + 1 if device else 0
        if lesson.questions and chance.random() < _ANSWERED:
            answers += 1
            question = chance.choice(lesson.questions)
            is_right = chance.random() < 0.7
            before = span.text(max(begun.at, at - chance.randrange(20, 300)))
            add_answer(
                (
                    *(answers, begun.learner.id, begun.course.id, question.id, question.key),
                    *(lesson.key, question.right if is_right else question.wrong),
                    question.right_share if is_right else question.wrong_share,
                    *(uuid_from(chance), before, sequence, device, before),
                )
            )
        add((number, begun.id, lesson.key, uuid_from(chance), moment, sequence, device, moment))
    learning.finished.clear()
    loader.finish()


def _write_attempts(learning: Learning, loader: Loader, span: Span, chance: random.Random) -> None:
    add = loader.into(
        Attempt,
        *("id", "person_id", "course_id", "version_id", "round", "number", "started_at"),
        *("deadline", "closed_at", "was_overdue", "points", "max_points", "percent"),
        "has_passed",
    )
    add_item = loader.into(
        AttemptItem,
        *("id", "attempt_id", "position", "question_id", "choice_order", "max_points"),
        *("answer", "answer_sequence", "answered_at", "points"),
    )
    add_response = loader.into(
        Response,
        *("id", "item_id", "answer", "uuid", "client_time", "sequence", "device"),
        "received_at",
    )
    items = responses = 0
    learning.sittings.sort(key=lambda s: (s.starts, s.enrollment))
    for number, sitting in enumerate(learning.sittings, 1):
        begun = learning.begun[sitting.enrollment]
        course = begun.course
        drawn = [course.questions[id_] for id_ in sitting.questions]
        deadline = sitting.starts + course.minutes * MINUTE if course.minutes else None
        add(
            (
                *(number, begun.learner.id, course.id, course.version.id, 1, sitting.number),
                *(span.text(sitting.starts), span.text(deadline) if deadline else None),
                *(span.text(sitting.closes), sitting.was_overdue, sitting.points),
                *(sum(q.max_points for q in drawn), sitting.percent, sitting.has_passed),
            )
        )
        keeps_responses = chance.random() < _RESPONSES_KEPT
        device = _device(begun.learner)
        pace = (sitting.closes - sitting.starts) // (len(drawn) + 1)
        for place, question in enumerate(drawn):
            items += 1
            is_right = sitting.known >> place & 1
            answer = question.right if is_right else question.wrong
            moment = span.text(sitting.starts + (place + 1) * pace)
            sequence = place + 1 if device else 0
            add_item(
                (
                    *(items, number, place + 1, question.id, _order(question, chance)),
                    *(question.max_points, answer, sequence, moment),
                    question.right_points if is_right else question.wrong_points,
                )
            )
            if keeps_responses:
                responses += 1
                add_response(
                    (
                        *(responses, items, answer, uuid_from(chance), moment, sequence),
                        *(device, moment),
                    )
                )
    learning.sittings.clear()
    loader.finish()


def _order(question: SeedQuestion, chance: random.Random) -> str:
    return question.orders[int(chance.random() * len(question.orders))]


def _write_completions(learning: Learning, loader: Loader, span: Span) -> None:
    add = loader.into(
        Completion,
        *("id", "enrollment_id", "person_id", "course_id", "version_id", "unit_id"),
        *("unit_name", "source", "started_at", "completed_at", "percent", "periods"),
    )
    learning.done.sort(key=lambda done: (done.at, done.enrollment))
    for number, done in enumerate(learning.done, 1):
        done.id = number
        begun = learning.begun[done.enrollment]
        version = begun.course.version
        unit = begun.learner.unit_on(done.at // DAY)
        add(
            (
                *(number, begun.id, begun.learner.id, begun.course.id, version.id),
                *(unit.id if unit else None, unit.name if unit else "", "online"),
                *(span.text(begun.at), span.text(done.at), done.percent, version.periods),
            )
        )
    loader.finish()


def _device(learner: Learner) -> str:
    """The browser's own mark; three in ten send plain forms, which carry none."""
    if learner.id % 10 < 3:
        return ""
    text = f"{learner.id * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
