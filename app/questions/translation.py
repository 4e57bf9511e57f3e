"""A question in another language: the source's ids, keys and marks, the translation's words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.questions.kinds import Blank, Choice, Pair, Question


class Mismatch(ValueError):
    """A translation whose answers cannot be laid beside its source's."""


@dataclass(frozen=True)
class Translated:
    """The question to show, and whether the translation marked other answers as right."""

    question: Question
    disagrees: bool


def translated(source: Question, translation: Question) -> Translated:
    """Lay a translation over its source; answers pair up by place.

    Accepted texts and units of both languages are accepted. Raises Mismatch where the kinds
    differ or one side has more answers.
    """
    pairs = [
        (source.choices, translation.choices),
        (source.blanks, translation.blanks),
        (source.pairs, translation.pairs),
        (source.steps, translation.steps),
    ]
    if any(len(ours) != len(theirs) for ours, theirs in pairs):
        raise Mismatch("answers")
    if source.kind != translation.kind or bool(source.number) != bool(translation.number):
        raise Mismatch("kind")
    disagrees = [c.right for c in source.choices] != [c.right for c in translation.choices]
    number = source.number
    if number and translation.number:
        theirs = translation.number
        disagrees = (number.value, number.tolerance) != (theirs.value, theirs.tolerance)
        number = replace(
            number,
            unit=theirs.unit,
            unit_keys=tuple(dict.fromkeys(number.unit_keys + theirs.unit_keys)),
            feedback=theirs.feedback or number.feedback,
        )
    return Translated(
        replace(
            source,
            prompt=translation.prompt,
            explanation=translation.explanation or source.explanation,
            choices=_choices(source.choices, translation.choices),
            number=number,
            texts=tuple(dict.fromkeys(translation.texts + source.texts)),
            blanks=tuple(
                Blank(b.answer, _choices(a.choices, b.choices))
                for a, b in zip(source.blanks, translation.blanks, strict=True)
            ),
            pairs=tuple(
                Pair(a.key, b.term, a.match_key, b.match)
                for a, b in zip(source.pairs, translation.pairs, strict=True)
            ),
            steps=tuple(
                replace(a, text=b.text)
                for a, b in zip(source.steps, translation.steps, strict=True)
            ),
            line=translation.line,
        ),
        disagrees,
    )


def with_answers_of(source: Question, others: list[Question]) -> Question:
    """The source as it marks every language: a learner may answer in any of them."""
    texts = source.texts + tuple(t for other in others for t in other.texts)
    number = source.number
    if number:
        keys = number.unit_keys + tuple(
            key for other in others if other.number for key in other.number.unit_keys
        )
        number = replace(number, unit_keys=tuple(dict.fromkeys(keys)))
    return replace(source, texts=tuple(dict.fromkeys(texts)), number=number)


def _choices(ours: tuple[Choice, ...], theirs: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if len(ours) != len(theirs):
        raise Mismatch("answers")
    return tuple(
        Choice(a.key, b.text, a.right, b.feedback or a.feedback)
        for a, b in zip(ours, theirs, strict=True)
    )
