"""Reads the answers of each kind of question, once it is known which lines they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from app.kernel.words import Words, _l
from app.questions.kinds import (
    Blank,
    Choice,
    Criterion,
    Kind,
    NumberAnswer,
    Pair,
    Step,
    answer_key,
)
from app.questions.numbers import (
    Quantity,
    UnreadableNumber,
    has_unit_shape,
    read_number,
    read_quantity,
)
from app.questions.problems import ProblemList

_BLANK = re.compile(r"\[\[(.+?)\]\]")
_CODE_SPAN = re.compile(r"(`+)(?:.*?[^`])\1(?!`)", re.DOTALL)
_CRITERION = re.compile(r"\s*[-*+] +(.+?)\s*:\s*(\S+)\s*$")
_TOLERANCE = re.compile(r"±|\+/-|\+-")


@dataclass
class Answer:
    """An answer while it is being read: its line, its text, its feedback."""

    line: int
    match: re.Match[str]
    text: list[str]
    feedback: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        """The answer's own words."""
        return "\n".join(self.text).strip()

    @property
    def comment(self) -> str:
        """Its feedback."""
        return "\n".join(self.feedback).strip()


def blank_texts(text: str) -> list[str]:
    """What stands inside [[…]] in a prompt, code left out."""
    return _BLANK.findall(_CODE_SPAN.sub("", text))


def reads_as_number(text: str) -> bool:
    """Whether an answer is a number with nothing but a tolerance and a unit after it."""
    try:
        *_, rest = _number_parts(text)
    except UnreadableNumber:
        return False
    return has_unit_shape(rest)


class AnswerReader:
    """Makes values of one question's answers and notes what is wrong with them.

    In a translation nobody asks which answers are right: the source says.
    """

    def __init__(
        self, question_id: str, line: int, problems: ProblemList, *, is_translation: bool
    ) -> None:
        self.id = question_id
        self.line = line
        self.problems = problems
        self.is_translation = is_translation

    def _error(self, line: int, code: str, message: Words) -> None:
        self.problems.error(line, code, message)

    def _once(self, answers: list[Answer], texts: list[str]) -> None:
        seen: set[str] = set()
        for answer, text in zip(answers, texts, strict=True):
            if not text:
                self._error(answer.line, "answer-empty", _l("đáp án để trống"))
            elif text in seen:
                self._error(answer.line, "answer-twice", _l("đáp án này đã có ở trên"))
            seen.add(text)

    def choices(self, kind: Kind, answers: list[Answer]) -> tuple[Choice, ...]:
        """Choices of a task list, one or several of them right."""
        self._once(answers, [a.body for a in answers])
        right = [a for a in answers if a.match[1] != " "]
        if self.is_translation:
            pass
        elif not right:
            self._error(self.line, "question-right", _l("chưa phương án nào được đánh dấu [x]"))
        elif kind == "one" and len(right) > 1:
            self._error(
                right[1].line, "question-right", _l("câu một lựa chọn chỉ có một phương án [x]")
            )
        if len(answers) < 2:
            self._error(answers[0].line, "question-answers", _l("cần ít nhất hai phương án"))
        return tuple(
            Choice(answer_key(self.id, a.body), a.body, a.match[1] != " ", a.comment)
            for a in answers
        )

    def number(self, answers: list[Answer]) -> NumberAnswer | None:
        """The one line of a number."""
        answer = answers[0]
        if len(answers) > 1:
            self._error(answers[1].line, "number-shape", _l("câu trả lời số chỉ có một dòng “= …”"))
        try:
            quantity, tolerance, rest = _number_parts(answer.body)
        except UnreadableNumber as unreadable:
            self.problems.error(answer.line, "number-shape", unreadable.message)
            return None
        if not has_unit_shape(rest):
            self._error(
                answer.line,
                "number-shape",
                _l("sau số chỉ viết đơn vị, như “12,5 ± 0,5 triệu đồng”"),
            )
        return NumberAnswer(
            value=quantity.value,
            tolerance=abs(tolerance * quantity.scale),
            unit=rest.strip(),
            scale=quantity.scale,
            unit_keys=(quantity.unit,),
            feedback=answer.comment,
        )

    def pairs(self, answers: list[Answer]) -> tuple[Pair, ...]:
        """Terms with what belongs to them."""
        self._once(answers, [a.match[1] for a in answers])
        self._once(answers, [a.match[2] for a in answers])
        if len(answers) < 2:
            self._error(answers[0].line, "question-answers", _l("cần ít nhất hai cặp"))
        return tuple(
            Pair(
                answer_key(self.id, f"term {a.match[1]}"),
                a.match[1],
                answer_key(self.id, f"match {a.match[2]}"),
                a.match[2],
            )
            for a in answers
        )

    def steps(self, answers: list[Answer]) -> tuple[Step, ...]:
        """Steps in the right order."""
        self._once(answers, [a.body for a in answers])
        if len(answers) < 2:
            self._error(answers[0].line, "question-answers", _l("cần ít nhất hai bước để sắp xếp"))
        return tuple(Step(answer_key(self.id, a.body), a.body) for a in answers)

    def blanks(self, prompt: str, first_line: int) -> tuple[str, tuple[Blank, ...]]:
        """The prompt with its gaps numbered, and the gaps."""
        code = [match.span() for match in _CODE_SPAN.finditer(prompt)]
        blanks: list[Blank] = []

        def numbered(match: re.Match[str]) -> str:
            if any(start <= match.start() < end for start, end in code):
                return match[0]
            line = first_line + prompt.count("\n", 0, match.start())
            blanks.append(self._blank(match[1].strip(), line))
            return f"[[{len(blanks)}]]"

        text = _BLANK.sub(numbered, prompt)
        if not blanks:
            self._error(
                self.line,
                "question-answers",
                _l("câu điền khuyết cần ít nhất một chỗ trống [[…]] trong câu dẫn"),
            )
        return text, tuple(blanks)

    def _blank(self, inner: str, line: int) -> Blank:
        options = [part.strip() for part in re.split(r"\s+/\s+", inner)]
        starred = [part for part in options if part.startswith("*")]
        if len(options) == 1 and not starred:
            return Blank(inner)
        words = [part.removeprefix("*").strip() for part in options]
        if len(starred) != 1 or len(options) < 2 or "" in words or len(set(words)) < len(words):
            self._error(
                line,
                "blank-shape",
                _l("chỗ trống có lựa chọn viết [[*đúng / sai / có khi]], một lựa chọn có dấu sao"),
            )
            return Blank(inner)
        choices = tuple(
            Choice(answer_key(self.id, word), word, part.startswith("*"))
            for part, word in zip(options, words, strict=True)
        )
        return Blank(next(c.text for c in choices if c.right), choices)

    def criteria(self, rubric: list[tuple[int, str]]) -> tuple[Criterion, ...]:
        """What a trainer marks an essay by."""
        criteria = []
        for line, text in rubric:
            match = _CRITERION.match(text)
            try:
                criteria.append(Criterion(match[1], read_number(match[2])) if match else None)
            except UnreadableNumber:
                criteria.append(None)
            if criteria[-1] is None:
                self._error(line, "question-rubric", _l("tiêu chí viết “- tên tiêu chí: số điểm”"))
        if not criteria and not self.is_translation:
            self._error(
                self.line,
                "question-rubric",
                _l("câu tự luận cần “rubric:” với các tiêu chí và điểm"),
            )
        return tuple(c for c in criteria if c)


def _number_parts(text: str) -> tuple[Quantity, Decimal, str]:
    """(quantity, tolerance in the written unit, the unit's words as written).

    The unit may stand after the number, after the tolerance, or after both.
    Raises UnreadableNumber.
    """
    first, *others = _TOLERANCE.split(text, maxsplit=1)
    left = read_quantity(first)
    if not others:
        return left, Decimal(0), _unit_words(first)
    right = read_quantity(others[0])
    if left.unit or left.scale != 1:
        if (right.unit or right.scale != 1) and (right.unit, right.scale) != (
            left.unit,
            left.scale,
        ):
            raise UnreadableNumber(_l("số và dung sai cần cùng một đơn vị"))
        return left, right.number, _unit_words(first)
    return Quantity(left.number, right.scale, right.unit), right.number, _unit_words(others[0])


def _unit_words(text: str) -> str:
    """What is written after the number, spaces before it kept to tell `5S` from `5 S`."""
    match = re.match(r"\s*[+-−]?\s*\d[\d.,]*(?: \d{3}(?!\d)[\d.,]*)*", text)
    return text[match.end() :].rstrip() if match else ""
