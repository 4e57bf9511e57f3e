"""The kinds of question, as values that can be stored, marked and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["one", "multiple", "number", "text", "blanks", "matching", "order", "essay"]
Difficulty = Literal["easy", "medium", "hard"]

KINDS: tuple[Kind, ...] = (
    "one",
    "multiple",
    "number",
    "text",
    "blanks",
    "matching",
    "order",
    "essay",
)
MARKED: frozenset[Kind] = frozenset({"one", "multiple", "number", "text"})
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Choice:
    """An answer to tick. `key` names it in forms and stored responses."""

    key: str
    text: str
    right: bool
    feedback: str = ""


@dataclass(frozen=True)
class NumberAnswer:
    """The right number, in base units: value ± tolerance (`12,5 triệu đồng` is 12500000).

    `unit` is shown to the learner as written, `scale` what its words multiply by, `unit_keys`
    the comparable forms that are accepted: one a language.
    """

    value: Decimal
    tolerance: Decimal
    unit: str
    scale: int
    unit_keys: tuple[str, ...]
    feedback: str = ""


@dataclass(frozen=True)
class TextAnswer:
    """One accepted wording of a short text."""

    text: str
    feedback: str = ""


@dataclass(frozen=True)
class Blank:
    """A gap in the prompt, shown there as [[1]], [[2]] …: typed, or chosen where choices stand."""

    answer: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A term and what belongs to it; each side has its own key."""

    key: str
    term: str
    match_key: str
    match: str


@dataclass(frozen=True)
class Step:
    """One thing to put in order; the steps are stored in the right order."""

    key: str
    text: str


@dataclass(frozen=True)
class Criterion:
    """What a trainer marks an essay by."""

    name: str
    points: Decimal


@dataclass(frozen=True)
class Question:
    """A question of any kind. Its texts are Markdown as written, HTML once rendered."""

    id: str
    kind: Kind
    prompt: str
    points: Decimal = Decimal(1)
    tags: tuple[str, ...] = ()
    difficulty: Difficulty | None = None
    explanation: str = ""
    choices: tuple[Choice, ...] = ()
    number: NumberAnswer | None = None
    texts: tuple[TextAnswer, ...] = ()
    ignores_diacritics: bool = False
    blanks: tuple[Blank, ...] = ()
    pairs: tuple[Pair, ...] = ()
    steps: tuple[Step, ...] = ()
    rubric: tuple[Criterion, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def is_marked(self) -> bool:
        """Whether rules can mark this kind today."""
        return self.kind in MARKED

    def map_texts(self, change: Callable[[str, bool], str]) -> Question:
        """The same question with every Markdown text changed, such as rendered to HTML.

        `change(text, is_label)`: a label (a choice, a term, a step) stands inside a line; a
        prompt, a feedback and the explanation hold paragraphs. What is compared when
        marking (accepted texts, units, blanks) stays as written.
        """

        def changed(text: str, *, is_label: bool = False) -> str:
            return change(text, is_label) if text else ""

        return replace(
            self,
            prompt=changed(self.prompt),
            explanation=changed(self.explanation),
            choices=tuple(
                replace(c, text=changed(c.text, is_label=True), feedback=changed(c.feedback))
                for c in self.choices
            ),
            number=self.number and replace(self.number, feedback=changed(self.number.feedback)),
            texts=tuple(replace(t, feedback=changed(t.feedback)) for t in self.texts),
            pairs=tuple(
                replace(
                    p, term=changed(p.term, is_label=True), match=changed(p.match, is_label=True)
                )
                for p in self.pairs
            ),
            steps=tuple(replace(s, text=changed(s.text, is_label=True)) for s in self.steps),
        )


def answer_key(question_id: str, text: str) -> str:
    """The name of an answer: from its words, so that its place tells nothing."""
    return hashlib.sha256(f"{question_id}\n{text}".encode()).hexdigest()[:10]


def to_json(question: Question) -> dict[str, Any]:
    """The question as plain JSON values; what is empty is left out."""
    data: dict[str, Any] = {
        "id": question.id,
        "kind": question.kind,
        "prompt": question.prompt,
        "points": str(question.points),
        "tags": list(question.tags),
        "difficulty": question.difficulty,
        "explanation": question.explanation,
        "choices": [
            {"key": c.key, "text": c.text, "right": c.right, "feedback": c.feedback}
            for c in question.choices
        ],
        "number": question.number
        and {
            "value": str(question.number.value),
            "tolerance": str(question.number.tolerance),
            "unit": question.number.unit,
            "scale": question.number.scale,
            "unit_keys": list(question.number.unit_keys),
            "feedback": question.number.feedback,
        },
        "texts": [{"text": t.text, "feedback": t.feedback} for t in question.texts],
        "ignores_diacritics": question.ignores_diacritics,
        "blanks": [
            {
                "answer": b.answer,
                "choices": [{"key": c.key, "text": c.text, "right": c.right} for c in b.choices],
            }
            for b in question.blanks
        ],
        "pairs": [
            {"key": p.key, "term": p.term, "match_key": p.match_key, "match": p.match}
            for p in question.pairs
        ],
        "steps": [{"key": s.key, "text": s.text} for s in question.steps],
        "rubric": [{"name": c.name, "points": str(c.points)} for c in question.rubric],
    }
    return {name: value for name, value in data.items() if value not in (None, [], "", False)}


def from_json(data: dict[str, Any]) -> Question:
    """The question that `to_json` wrote."""
    number = data.get("number")
    return Question(
        id=data["id"],
        kind=data["kind"],
        prompt=data.get("prompt", ""),
        points=Decimal(data["points"]),
        tags=tuple(data.get("tags", ())),
        difficulty=data.get("difficulty"),
        explanation=data.get("explanation", ""),
        choices=tuple(Choice(**c) for c in data.get("choices", ())),
        number=None
        if number is None
        else NumberAnswer(
            value=Decimal(number["value"]),
            tolerance=Decimal(number["tolerance"]),
            unit=number["unit"],
            scale=number["scale"],
            unit_keys=tuple(number["unit_keys"]),
            feedback=number["feedback"],
        ),
        texts=tuple(TextAnswer(**t) for t in data.get("texts", ())),
        ignores_diacritics=data.get("ignores_diacritics", False),
        blanks=tuple(
            Blank(b["answer"], tuple(Choice(**c) for c in b["choices"]))
            for b in data.get("blanks", ())
        ),
        pairs=tuple(Pair(**p) for p in data.get("pairs", ())),
        steps=tuple(Step(**s) for s in data.get("steps", ())),
        rubric=tuple(Criterion(c["name"], Decimal(c["points"])) for c in data.get("rubric", ())),
    )


def content_hash(question: Question) -> str:
    """The name of a question's content: statistics hang on (id, this). Hexadecimal SHA-256."""
    text = json.dumps(to_json(question), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def learner_view(question: Question) -> dict[str, Any]:
    """What may reach a learner before answering: no right answer, no feedback, no order.

    Choices keep the author's order (a quiz shuffles them itself); what pairs and steps
    have to be put together or in order comes sorted by key, which says nothing.
    """
    view: dict[str, Any] = {
        "id": question.id,
        "kind": question.kind,
        "points": str(question.points),
        "prompt": question.prompt,
    }
    if question.choices:
        view["choices"] = [{"key": c.key, "text": c.text} for c in question.choices]
    if question.number:
        view["unit"] = question.number.unit
    if question.blanks:
        view["blanks"] = [
            {
                "choices": sorted(
                    ({"key": c.key, "text": c.text} for c in b.choices), key=lambda c: c["key"]
                )
            }
            for b in question.blanks
        ]
    if question.pairs:
        view["terms"] = [{"key": p.key, "text": p.term} for p in question.pairs]
        view["matches"] = sorted(
            ({"key": p.match_key, "text": p.match} for p in question.pairs),
            key=lambda m: m["key"],
        )
    if question.steps:
        view["steps"] = sorted(
            ({"key": s.key, "text": s.text} for s in question.steps), key=lambda s: s["key"]
        )
    if question.rubric:
        view["rubric"] = [{"name": c.name, "points": str(c.points)} for c in question.rubric]
    return view
