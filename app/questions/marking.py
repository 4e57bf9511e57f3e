"""Marking by rules: what share of a question's points a response earns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.kernel.words import Words, _l, fold
from app.questions.kinds import NumberAnswer, Question
from app.questions.numbers import UnreadableNumber, read_quantity

LONGEST_TEXT = 500

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TONE_BEFORE_SECOND_VOWEL = re.compile(f"(o)([{_TONES}])([ae])|(u)([{_TONES}])(y)")
_SIGNS = str.maketrans("‐‑‒–—−“”„«»’‘", '------"""""\'\'')


@dataclass(frozen=True)
class Response:
    """What a learner answered: keys of ticked choices, or a typed text."""

    choices: tuple[str, ...] = ()
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered."""
        return not self.choices and not self.text.strip()


@dataclass(frozen=True)
class ChoiceMark:
    """How one choice fared: ticked or not, right or not, and what the author says to it."""

    key: str
    is_chosen: bool
    is_right: bool
    feedback: str


@dataclass(frozen=True)
class Mark:
    """A marked response. `share` is from 0 to 1, `points` that share of the question's points.

    `problem` says why a text could not be read as an answer (no number, another unit).
    """

    share: Decimal
    points: Decimal
    choices: tuple[ChoiceMark, ...] = ()
    feedback: str = ""
    problem: Words | None = None

    @property
    def is_right(self) -> bool:
        """Whether the response earns all points."""
        return self.share == 1


class NotMarked(ValueError):
    """The rules cannot mark this kind of question."""


def response_for(question: Question, values: list[str]) -> Response:
    """A response from the values a form sent; what the question does not offer is dropped."""
    if question.choices:
        known = [c.key for c in question.choices if c.key in values]
        return Response(choices=tuple(known))
    return Response(text=(values[0] if values else "")[:LONGEST_TEXT])


def mark(question: Question, response: Response) -> Mark:
    """Mark a response. Nothing answered earns nothing.

    Raises NotMarked for a kind that rules cannot mark.
    """
    if not question.is_marked:
        raise NotMarked(question.kind)
    if question.choices:
        return _mark_choices(question, response)
    if question.number:
        return _mark_number(question, question.number, response)
    return _mark_text(question, response)


def compared_text(text: str, *, ignores_diacritics: bool) -> str:
    """A short text in the form in which equal answers are equal.

    Case, spacing, Unicode form, dashes, quotes and a closing full stop never count; nor does
    where a tone stands on oa, oe, uy (hòa, hoà). Diacritics count unless they are ignored.
    """
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()
    if ignores_diacritics:
        text = fold(text)
    text = unicodedata.normalize("NFD", text)
    text = _TONE_BEFORE_SECOND_VOWEL.sub(
        lambda m: "".join(m.group(1, 3, 2)) if m.group(1) else "".join(m.group(4, 6, 5)), text
    )
    text = unicodedata.normalize("NFC", text)
    bare = "".join(text.split())
    return bare.rstrip(".") or bare


def _result(question: Question, share: Decimal, **rest: Any) -> Mark:
    share = share.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    points = (share * question.points).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return Mark(share=share, points=points, **rest)


def _mark_choices(question: Question, response: Response) -> Mark:
    chosen = set(response.choices)
    marks = tuple(ChoiceMark(c.key, c.key in chosen, c.right, c.feedback) for c in question.choices)
    right = sum(m.is_right for m in marks)
    wrong = len(marks) - right
    hits = sum(m.is_chosen and m.is_right for m in marks)
    misses = sum(m.is_chosen and not m.is_right for m in marks)
    if question.kind == "one":
        share = Decimal(hits == 1 and misses == 0)
    else:
        # A wrong tick takes away what ticking everything would have won by chance.
        share = Decimal(hits) / right - (Decimal(misses) / wrong if wrong else 0)
    return _result(question, max(share, Decimal(0)), choices=marks)


def _mark_number(question: Question, answer: NumberAnswer, response: Response) -> Mark:
    if response.is_empty:
        return _result(question, Decimal(0))
    try:
        given = read_quantity(response.text)
    except UnreadableNumber as unreadable:
        return _result(question, Decimal(0), problem=unreadable.message)
    if given.unit and any(answer.unit_keys) and given.unit not in answer.unit_keys:
        return _result(
            question, Decimal(0), problem=_l("đơn vị cần dùng là %(unit)s", unit=answer.unit)
        )
    # A bare number is in the unit that the question shows; whoever writes it out in full
    # (12.500.000 where the question says triệu đồng) means the same.
    readings = {given.value}
    if given.scale == 1 and not given.unit:
        readings.add(given.number * answer.scale)
    is_right = any(abs(r - answer.value) <= answer.tolerance for r in readings)
    return _result(question, Decimal(is_right), feedback=answer.feedback if is_right else "")


def _mark_text(question: Question, response: Response) -> Mark:
    if response.is_empty:
        return _result(question, Decimal(0))
    given = compared_text(response.text, ignores_diacritics=question.ignores_diacritics)
    for accepted in question.texts:
        wanted = compared_text(accepted.text, ignores_diacritics=question.ignores_diacritics)
        if given == wanted:
            return _result(question, Decimal(1), feedback=accepted.feedback)
    return _result(question, Decimal(0))
