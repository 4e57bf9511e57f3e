"""Questions and results as a page may show them: right answers only where they are asked for.

What leaves this file as an Item holds no right answer and no feedback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.kernel.words import Words
from app.questions import marking
from app.questions.kinds import NumberAnswer, Question, learner_view


@dataclass(frozen=True)
class Choice:
    """An answer to tick."""

    key: str
    html: str


@dataclass(frozen=True)
class Item:
    """A question before it is answered."""

    id: str
    kind: str
    prompt: str
    choices: tuple[Choice, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Result:
    """A marked answer with all that may be seen of it.

    `problem` says why a text could not be read as an answer: then nothing is given away.
    """

    share: float
    is_right: bool
    choice_feedback: Mapping[str, str]
    right_keys: tuple[str, ...] | None
    explanation: str
    right_answer: str
    problem: Words | None = None


@dataclass(frozen=True)
class Asked:
    """A question on a page, with the answer given and, where it may be seen, the result."""

    item: Item
    answer: list[str] | None = None
    result: Result | None = None
    number: int | None = None

    @property
    def state(self) -> str:
        """For the row of dots: "", answered, right, part or wrong."""
        if self.result is None:
            return "answered" if self.answer else ""
        return "right" if self.result.is_right else ("part" if self.result.share > 0 else "wrong")


@dataclass(frozen=True)
class Part:
    """A stretch of a lesson: HTML, or a question."""

    html: str = ""
    asked: Asked | None = None


def in_language(wordings: Mapping[str, Question], language: str, own: str) -> Question:
    """A question in the reader's language, else in the course's own."""
    return wordings.get(language) or wordings.get(own) or next(iter(wordings.values()))


def item_of(question: Question, order: Sequence[str] = ()) -> Item:
    """A question as a learner sees it, its choices in the order an attempt gave them."""
    view = learner_view(question)
    choices = [Choice(c["key"], c["text"]) for c in view.get("choices", ())]
    places = {key: place for place, key in enumerate(order)}
    choices.sort(key=lambda c: places.get(c.key, len(places)))
    return Item(view["id"], view["kind"], view["prompt"], tuple(choices), view.get("unit", ""))


def result_of(shown: Question, own: Question, values: Sequence[str]) -> Result:
    """The result of an answer, marked by the course's own content, told in the reader's words."""
    mark = marking.mark(own, marking.response_for(own, list(values)))
    if mark.problem is not None:
        return Result(0, False, {}, None, "", "", mark.problem)
    spoken = marking.mark(shown, marking.response_for(shown, list(values)))
    return Result(
        share=float(mark.share),
        is_right=mark.is_right,
        choice_feedback={
            c.key: c.feedback for c in spoken.choices if c.feedback and (c.is_chosen or c.is_right)
        },
        right_keys=tuple(c.key for c in shown.choices if c.right) if shown.choices else None,
        explanation=(spoken.feedback or mark.feedback) + shown.explanation,
        right_answer="" if mark.is_right else right_answer(shown),
    )


def right_answer(question: Question) -> str:
    """The right answer of a question without choices, as people write it."""
    if question.number:
        return _number(question.number)
    return question.texts[0].text if question.texts else ""


def _number(answer: NumberAnswer) -> str:
    value = _decimal(answer.value / answer.scale)
    tolerance = f" ± {_decimal(answer.tolerance / answer.scale)}" if answer.tolerance else ""
    return f"{value}{tolerance} {answer.unit}".strip()


def _decimal(value: Decimal) -> str:
    """12,5 or 1.500, with as many decimals as it has."""
    text = f"{value.normalize():,f}"
    return text.translate(str.maketrans(",.", ".,"))


def lesson_parts(
    parts: Sequence[Mapping[str, str]],
    questions: Mapping[str, Mapping[str, Question]],
    answers: Mapping[str, Sequence[str]],
    *,
    language: str,
    own: str,
) -> list[Part]:
    """A lesson as its page shows it: questions answered before come with their results."""
    shown = []
    for part in parts:
        key = part.get("question")
        if key is None:
            shown.append(Part(html=part["html"]))
        elif key in questions:
            shown.append(Part(asked=asked(questions[key], answers.get(key), language, own)))
    return shown


def asked(
    wordings: Mapping[str, Question], answer: Sequence[str] | None, language: str, own: str
) -> Asked:
    """A question inside a lesson: once it is answered, all may be seen."""
    question = in_language(wordings, language, own)
    if answer is None:
        return Asked(item_of(question))
    return Asked(
        item_of(question),
        list(answer),
        result_of(question, in_language(wordings, own, own), answer),
    )


def quiz_question(
    wordings: Mapping[str, Question],
    answer: Sequence[str] | None,
    order: Sequence[str],
    number: int,
    *,
    language: str,
    own: str,
    with_result: bool,
) -> Asked:
    """A question of an attempt; right answers only where the review is open."""
    question = in_language(wordings, language, own)
    result = (
        result_of(question, in_language(wordings, own, own), answer or ()) if with_result else None
    )
    return Asked(item_of(question, order), list(answer) if answer else None, result, number)
