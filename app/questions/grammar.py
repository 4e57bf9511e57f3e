"""Reads one question block: options, prompt, answers with feedback, explanation.

The form is section "A question" of the course format. The kind follows from the answers;
`type:` says it where they leave a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.kernel.words import Words, _l
from app.questions.answers import Answer, AnswerReader, blank_texts, reads_as_number
from app.questions.kinds import (
    DIFFICULTIES,
    KINDS,
    Blank,
    Choice,
    Criterion,
    Difficulty,
    Kind,
    NumberAnswer,
    Pair,
    Question,
    Step,
    TextAnswer,
)
from app.questions.numbers import (
    UnreadableNumber,
    read_number,
)
from app.questions.problems import ProblemList, unknown_name

OPTIONS = ("points", "tags", "difficulty", "type", "diacritics", "rubric")
LONGEST_ID = 80
MOST_POINTS = 100
MOST_ANSWERS = 30

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_OPTION = re.compile(r"(?: {2,}|\t)\s*([\w-]+):(?:\s+(.*))?$")
_INDENTED = re.compile(r"(?: {2,}|\t)\s*\S")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TASK = re.compile(r" {0,3}[-*+] +\[([ xX])\](?: +(.*))?$")
_TASK_NEARLY = re.compile(r" {0,3}[-*+] *\[ ?[xXvV✓✔]? ?\]")
_EQUALS = re.compile(r" {0,3}= *([^=\s].*)$")
_PAIR = re.compile(r" {0,3}[-*+] +(\S.*?)\s+::\s+(\S.*)$")
_STEP = re.compile(r" {0,3}\d{1,9}[.)] +(\S.*)$")

_SHAPES = {"task": _TASK, "equals": _EQUALS, "pair": _PAIR, "step": _STEP}
_SHAPE_OF_KIND = {
    "one": "task",
    "multiple": "task",
    "number": "equals",
    "text": "equals",
    "matching": "pair",
    "order": "step",
}


@dataclass
class _Body:
    prompt: str
    answers: list[Answer]
    explanation: str


def read_question(
    name: str,
    body: Sequence[str],
    *,
    line: int,
    problems: ProblemList,
    source: Question | None = None,
) -> Question | None:
    """Read a question block: `name` stands after the bar, `body` between the fences.

    `line` is the opening fence's line in the file. For a translation, `source` is what it
    translates: it settles the kind, and which answers are right is not asked here. Returns
    None where the problems found leave no question to speak of.
    """
    return _Reader(name.strip(), list(body), line, problems, source).read()


class _Reader:
    def __init__(
        self,
        name: str,
        body: list[str],
        line: int,
        problems: ProblemList,
        source: Question | None,
    ) -> None:
        self.id = name
        self.lines = body
        self.line = line
        self.problems = problems
        self.source = source
        self.options: dict[str, tuple[int, str]] = {}
        self.rubric: list[tuple[int, str]] = []
        self.answers = AnswerReader(name, line, problems, is_translation=source is not None)

    def read(self) -> Question | None:
        before = len(self.problems.found)
        self._check_id()
        start = self._read_options()
        shape, wanted = self._shape(start)
        body = self._split(start, _SHAPES.get(shape))
        kind = self._kind(shape, wanted, body)
        question = self._build(kind, body) if kind else None
        return question if len(self.problems.found) == before else None

    def _error(self, line: int, code: str, message: Words) -> None:
        self.problems.error(line, code, message)

    def _check_id(self) -> None:
        if not self.id:
            self._error(
                self.line,
                "question-id",
                _l("câu hỏi cần một mã sau dấu gạch đứng: /// question | ma-cau-hoi"),
            )
        elif not _ID.fullmatch(self.id) or len(self.id) > LONGEST_ID:
            self._error(
                self.line,
                "question-id",
                _l(
                    "mã câu hỏi “%(id)s” chỉ gồm chữ thường không dấu, chữ số và gạch nối",
                    id=self.id[:LONGEST_ID],
                ),
            )

    def _read_options(self) -> int:
        """Read the indented options; returns the index of the first line after them."""
        index = 0
        while index < len(self.lines) and (match := _OPTION.match(self.lines[index])):
            name, value = match[1], (match[2] or "").strip()
            line = self.line + 1 + index
            index += 1
            if name not in OPTIONS:
                self.problems.error(line, "question-option", unknown_name(name, list(OPTIONS)))
            elif name in self.options:
                self._error(line, "question-option", _l("“%(name)s” được ghi hai lần", name=name))
            else:
                self.options[name] = (line, value)
            if name == "rubric":
                while index < len(self.lines) and re.match(r"\s+[-*+] ", self.lines[index]):
                    self.rubric.append((self.line + 1 + index, self.lines[index]))
                    index += 1
        return index

    def _shape(self, start: int) -> tuple[str, Kind | None]:
        """Which shape the answers have, and the kind that `type:` asks for."""
        line, value = self.options.get("type", (0, ""))
        wanted = value if value in KINDS else None
        if line and not wanted:
            self.problems.error(line, "question-type", unknown_name(value, list(KINDS)))
        if self.source:
            wanted = self.source.kind
        if wanted:
            return _SHAPE_OF_KIND.get(wanted, ""), wanted
        plain = [text for _, text, is_text in self._plain_lines(start) if is_text]
        for shape in ("task", "equals", "pair"):
            if any(_SHAPES[shape].match(text) for text in plain):
                return shape, None
        if blank_texts("\n".join(plain)):
            return "blank", "blanks"
        return ("step" if any(_STEP.match(text) for text in plain) else ""), None

    def _plain_lines(self, start: int) -> list[tuple[int, str, bool]]:
        """(line, text, whether it is text and not code) for every line after the options."""
        found = []
        fence = ""
        for index in range(start, len(self.lines)):
            text = self.lines[index]
            match = _FENCE.match(text)
            inside = bool(fence)
            if match and not fence:
                fence, inside = match[1], True
            elif match and match[1].startswith(fence) and not text.strip(" `~"):
                fence = ""
            found.append((self.line + 1 + index, text, not inside))
        return found

    def _split(self, start: int, pattern: re.Pattern[str] | None) -> _Body:
        prompt: list[str] = []
        answers: list[Answer] = []
        after: list[str] = []
        after_line = 0
        blank = False
        for line, text, is_text in self._plain_lines(start):
            match = pattern.match(text) if pattern and is_text else None
            if match:
                if any(a.strip() for a in after):
                    self._error(
                        after_line,
                        "text-between-answers",
                        _l(
                            "văn bản đứng giữa các đáp án; hãy thụt vào dưới đáp án, "
                            "hoặc đưa xuống sau đáp án cuối"
                        ),
                    )
                    after = []
                answers.append(Answer(line, match, [match[match.re.groups] or ""]))
                blank = False
                continue
            if pattern is _TASK and is_text and _TASK_NEARLY.match(text):
                self._error(
                    line, "choice-shape", _l("phương án viết “- [x] …” khi đúng, “- [ ] …” khi sai")
                )
                continue
            stripped = text.strip()
            if not answers:
                prompt.append(text)
            elif any(a.strip() for a in after):
                after.append(text)
            elif not stripped:
                blank = True
                (answers[-1].feedback or answers[-1].text).append("")
            elif stripped.startswith(">") and (text[0] in " \t" or not blank):
                answers[-1].feedback.append(re.sub(r"^\s*> ?", "", text))
                blank = False
            elif _INDENTED.match(text) and answers[-1].feedback and not blank:
                answers[-1].feedback.append(stripped)
            elif _INDENTED.match(text) and not answers[-1].feedback:
                answers[-1].text.append(re.sub(r"^(?: {1,4}|\t)", "", text))
                blank = False
            else:
                after, after_line = [text], line
        return _Body("\n".join(prompt).strip("\n"), answers, "\n".join(after).strip())

    def _kind(self, shape: str, wanted: Kind | None, body: _Body) -> Kind | None:
        if not body.prompt.strip():
            self._error(self.line, "question-prompt", _l("câu hỏi chưa có câu dẫn"))
        if wanted in ("essay", "blanks"):
            return wanted
        if not body.answers:
            self._error(
                self.line,
                "question-answers",
                _l(
                    "câu hỏi chưa có đáp án: “- [x] …”, “= …”, “[[…]]”, “- … :: …” "
                    "hoặc danh sách đánh số"
                ),
            )
            return None
        if len(body.answers) > MOST_ANSWERS:
            self._error(
                self.line, "question-answers", _l("nhiều nhất %(most)s đáp án", most=MOST_ANSWERS)
            )
            return None
        if wanted:
            return wanted
        if shape == "task":
            right = sum(a.match[1] != " " for a in body.answers)
            return "multiple" if right > 1 else "one"
        if shape == "equals":
            is_number = len(body.answers) == 1 and reads_as_number(body.answers[0].body)
            return "number" if is_number else "text"
        return "matching" if shape == "pair" else "order"

    def _build(self, kind: Kind, body: _Body) -> Question:
        number: NumberAnswer | None = None
        blanks: tuple[Blank, ...] = ()
        choices: tuple[Choice, ...] = ()
        texts: tuple[TextAnswer, ...] = ()
        pairs: tuple[Pair, ...] = ()
        steps: tuple[Step, ...] = ()
        rubric: tuple[Criterion, ...] = ()
        prompt = body.prompt
        match kind:
            case "one" | "multiple":
                choices = self.answers.choices(kind, body.answers)
            case "number":
                number = self.answers.number(body.answers)
            case "text":
                texts = tuple(TextAnswer(a.body, a.comment) for a in body.answers)
            case "blanks":
                prompt, blanks = self.answers.blanks(prompt, self._prompt_line(prompt))
            case "matching":
                pairs = self.answers.pairs(body.answers)
            case "order":
                steps = self.answers.steps(body.answers)
            case "essay":
                rubric = self.answers.criteria(self.rubric)
        return Question(
            id=self.id,
            kind=kind,
            prompt=prompt,
            points=self._points(),
            tags=self._tags(),
            difficulty=self._difficulty(),
            explanation=body.explanation,
            choices=choices,
            number=number,
            texts=texts,
            ignores_diacritics=self._ignores_diacritics(kind),
            blanks=blanks,
            pairs=pairs,
            steps=steps,
            rubric=rubric,
            line=self.line,
        )

    # Options

    def _points(self) -> Decimal:
        line, value = self.options.get("points", (0, "1"))
        try:
            points = read_number(value)
            if 0 < points <= MOST_POINTS:
                return points
        except UnreadableNumber:
            pass
        self._error(
            line,
            "question-option",
            _l("điểm là một số lớn hơn 0, nhiều nhất %(most)s", most=MOST_POINTS),
        )
        return Decimal(1)

    def _tags(self) -> tuple[str, ...]:
        line, value = self.options.get("tags", (0, ""))
        inner = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        tags = tuple(tag.strip().strip("\"'") for tag in inner.split(",") if tag.strip())
        if any(not _ID.fullmatch(tag) for tag in tags):
            self._error(
                line,
                "question-option",
                _l(
                    "nhãn chỉ gồm chữ thường không dấu, chữ số và gạch nối, cách nhau bằng dấu phẩy"
                ),
            )
        return tags

    def _difficulty(self) -> Difficulty | None:
        line, value = self.options.get("difficulty", (0, ""))
        if not line:
            return None
        if value not in DIFFICULTIES:
            self.problems.error(line, "question-option", unknown_name(value, list(DIFFICULTIES)))
            return None
        return value

    def _ignores_diacritics(self, kind: Kind) -> bool:
        line, value = self.options.get("diacritics", (0, "count"))
        if value not in ("ignore", "count") or (line and kind not in ("text", "blanks")):
            self._error(
                line,
                "question-option",
                _l("diacritics là “ignore” hoặc “count”, và chỉ dùng cho câu trả lời ngắn"),
            )
        return value == "ignore"

    def _prompt_line(self, prompt: str) -> int:
        """The line of the file on which the prompt begins."""
        first = prompt.partition("\n")[0]
        return self.line + 1 + next((i for i, t in enumerate(self.lines) if t == first), 0)
