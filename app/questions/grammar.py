"""Reads one question block: options, prompt, answers with feedback, explanation.

The form is section "A question" of the course format. The kind follows from the answers;
`type:` says it where they leave a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.kernel.words import Words, _l
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
    answer_key,
)
from app.questions.numbers import (
    Quantity,
    UnreadableNumber,
    has_unit_shape,
    read_number,
    read_quantity,
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
_BLANK = re.compile(r"\[\[(.+?)\]\]")
_CODE_SPAN = re.compile(r"(`+)(?:.*?[^`])\1(?!`)", re.DOTALL)
_CRITERION = re.compile(r"\s*[-*+] +(.+?)\s*:\s*(\S+)\s*$")
_TOLERANCE = re.compile(r"±|\+/-|\+-")

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
class _Answer:
    """An answer while it is being read: its line, its text, its feedback."""

    line: int
    match: re.Match[str]
    text: list[str]
    feedback: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "\n".join(self.text).strip()

    @property
    def comment(self) -> str:
        return "\n".join(self.feedback).strip()


@dataclass
class _Body:
    prompt: str
    answers: list[_Answer]
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
        if self._blank_texts("\n".join(plain)):
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
        answers: list[_Answer] = []
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
                answers.append(_Answer(line, match, [match[match.re.groups] or ""]))
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
            is_number = len(body.answers) == 1 and self._reads_as_number(body.answers[0].body)
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
                choices = self._choices(kind, body.answers)
            case "number":
                number = self._number(body.answers)
            case "text":
                texts = tuple(TextAnswer(a.body, a.comment) for a in body.answers)
            case "blanks":
                prompt, blanks = self._blanks(prompt)
            case "matching":
                pairs = self._pairs(body.answers)
            case "order":
                steps = self._steps(body.answers)
            case "essay":
                rubric = self._criteria()
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

    def _criteria(self) -> tuple[Criterion, ...]:
        criteria = []
        for line, text in self.rubric:
            match = _CRITERION.match(text)
            try:
                criteria.append(Criterion(match[1], read_number(match[2])) if match else None)
            except UnreadableNumber:
                criteria.append(None)
            if criteria[-1] is None:
                self._error(line, "question-rubric", _l("tiêu chí viết “- tên tiêu chí: số điểm”"))
        if not criteria and not self.source:
            self._error(
                self.line,
                "question-rubric",
                _l("câu tự luận cần “rubric:” với các tiêu chí và điểm"),
            )
        return tuple(c for c in criteria if c)

    # Answers

    def _once(self, answers: list[_Answer], texts: list[str]) -> None:
        seen: set[str] = set()
        for answer, text in zip(answers, texts, strict=True):
            if not text:
                self._error(answer.line, "answer-empty", _l("đáp án để trống"))
            elif text in seen:
                self._error(answer.line, "answer-twice", _l("đáp án này đã có ở trên"))
            seen.add(text)

    def _choices(self, kind: Kind, answers: list[_Answer]) -> tuple[Choice, ...]:
        self._once(answers, [a.body for a in answers])
        right = [a for a in answers if a.match[1] != " "]
        if self.source:
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

    def _reads_as_number(self, text: str) -> bool:
        try:
            *_, rest = _number_parts(text)
        except UnreadableNumber:
            return False
        return has_unit_shape(rest)

    def _number(self, answers: list[_Answer]) -> NumberAnswer | None:
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

    def _pairs(self, answers: list[_Answer]) -> tuple[Pair, ...]:
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

    def _steps(self, answers: list[_Answer]) -> tuple[Step, ...]:
        self._once(answers, [a.body for a in answers])
        if len(answers) < 2:
            self._error(answers[0].line, "question-answers", _l("cần ít nhất hai bước để sắp xếp"))
        return tuple(Step(answer_key(self.id, a.body), a.body) for a in answers)

    def _blank_texts(self, text: str) -> list[str]:
        return _BLANK.findall(_CODE_SPAN.sub("", text))

    def _blanks(self, prompt: str) -> tuple[str, tuple[Blank, ...]]:
        """The prompt with its gaps numbered, and the gaps."""
        code = [match.span() for match in _CODE_SPAN.finditer(prompt)]
        blanks: list[Blank] = []

        def numbered(match: re.Match[str]) -> str:
            if any(start <= match.start() < end for start, end in code):
                return match[0]
            line = self._prompt_line(prompt, match.start())
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

    def _prompt_line(self, prompt: str, offset: int) -> int:
        first = prompt.split("\n", 1)[0]
        start = next((i for i, text in enumerate(self.lines) if text == first), 0)
        return self.line + 1 + start + prompt.count("\n", 0, offset)

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
