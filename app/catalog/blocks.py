"""Cuts a lesson into lines, callouts, questions and code, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.kernel.words import _l
from app.questions.problems import ProblemList, nearest

CALLOUT_NAMES = {
    "note": "note",
    "chu-y": "note",
    "tip": "tip",
    "kinh-nghiem": "tip",
    "warning": "warning",
    "luu-y": "warning",
    "law": "law",
    "can-cu": "law",
    "example": "example",
    "vi-du": "example",
    "activity": "activity",
    "thuc-hanh": "activity",
    "summary": "summary",
    "ghi-nho": "summary",
    "details": "details",
    "xem-them": "details",
    "tab": "tab",
    "the": "tab",
    "download": "download",
    "tai-ve": "download",
}
QUESTION_NAMES = ("question", "cau-hoi")
MOST_MINUTES = 600
DEEPEST = 6

_OPEN = re.compile(r" {0,3}(/{3,}) *([A-Za-z][\w-]*) *(?:\| *(.*?) *)?$")
_CLOSE = re.compile(r" {0,3}(/{3,}) *$")
_INDENTED_OPEN = re.compile(r"(?: {4,}|\t)\s*/{3,} *([A-Za-z][\w-]*) *(?:\|.*)?$")
_FENCE = re.compile(r"[\s>]*(?:[-*+] +|\d+[.)] +)?(`{3,}(?=[^`]*$)|~{3,})")
_OPTION = re.compile(r"(?: {2,}|\t)\s*([a-z][\w-]*): +(\S.*)$")


@dataclass(frozen=True)
class Callout:
    """A callout's head: its canonical name, title, own minutes and line.

    A download's title is the path of its file.
    """

    name: str
    title: str
    minutes: int | None
    line: int
    depth: int


@dataclass(frozen=True)
class QuestionBlock:
    """A question as it stands in a file, not read yet."""

    id: str
    body: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Line:
    """A line of Markdown, or of code inside a fence."""

    text: str
    number: int
    is_code: bool = False


@dataclass(frozen=True)
class Close:
    """The end of the innermost callout."""


Block = Line | Callout | Close | QuestionBlock


@dataclass
class _Open:
    length: int
    line: int
    name: str


@dataclass
class _OpenQuestion(_Open):
    id: str = ""
    body: list[str] = field(default_factory=list)


def cut(text: str, problems: ProblemList, *, first_line: int = 1) -> list[Block]:
    """The blocks of a lesson's text, callouts properly nested whatever was found wrong."""
    return _Cutter(problems).cut(text.rstrip("\n").split("\n"), first_line)


def questions_in(blocks: list[Block]) -> Iterator[QuestionBlock]:
    """The questions among the blocks, in order."""
    return (block for block in blocks if isinstance(block, QuestionBlock))


class _Cutter:
    def __init__(self, problems: ProblemList) -> None:
        self.problems = problems
        self.blocks: list[Block] = []
        self.stack: list[_Open] = []
        self.fence = ""
        self.fence_line = 0

    def cut(self, lines: list[str], first_line: int) -> list[Block]:
        index = 0
        while index < len(lines):
            number, text = first_line + index, lines[index]
            index += 1
            if self._code(text, number):
                self._keep(text, number, is_code=True)
            elif match := _CLOSE.match(text):
                self._close(len(match[1]), number)
            elif match := _OPEN.match(text):
                name, title = match[2].lower(), match[3] or ""
                index += self._open(len(match[1]), name, title, number, lines[index : index + 3])
            else:
                if match := _INDENTED_OPEN.match(text):
                    self._indented(match[1].lower(), number)
                self._keep(text, number)
        if self.fence:
            self.problems.error(
                self.fence_line,
                "code-open",
                _l("khối mã mở bằng %(fence)s chưa được đóng", fence=self.fence),
            )
        while self.stack:
            self._unclosed(self.stack[-1])
            self._end()
        return self.blocks

    def _code(self, text: str, number: int) -> bool:
        """Whether this line is inside a code fence, or opens or closes one."""
        match = _FENCE.match(text)
        if self.fence:
            bare = text.strip(" \t>")
            if match and match[1].startswith(self.fence) and not bare.strip(self.fence[0]):
                self.fence = ""
            return True
        if match:
            self.fence, self.fence_line = match[1], number
        return bool(match)

    def _keep(self, text: str, number: int, *, is_code: bool = False) -> None:
        if question := self._question():
            question.body.append(text)
        else:
            self.blocks.append(Line(text, number, is_code))

    def _question(self) -> _OpenQuestion | None:
        for entry in self.stack:
            if isinstance(entry, _OpenQuestion):
                return entry
        return None

    def _open(self, length: int, name: str, title: str, number: int, following: list[str]) -> int:
        """Open a callout or a question; returns how many option lines were taken."""
        question = self._question()
        fence = "/" * length
        if name in QUESTION_NAMES:
            if question:
                self._unclosed(question)
                while self._question():
                    self._end()
            elif self.stack:
                self.problems.error(
                    number,
                    "question-nested",
                    _l(
                        "câu hỏi nằm trong khối “%(name)s” mở ở dòng %(line)s; "
                        "câu hỏi đứng riêng, hoặc khối đó chưa đóng bằng ///",
                        name=self.stack[-1].name,
                        line=self.stack[-1].line,
                    ),
                )
            self.stack.append(_OpenQuestion(length, number, name, title))
            return 0
        if name not in CALLOUT_NAMES:
            self._unknown(name, number)
            if not question:
                name = "note"
        if question:
            self.stack.append(_Open(length, number, name))
            question.body.append(f"{fence} {name} | {title}" if title else f"{fence} {name}")
            return 0
        if len(self.stack) >= DEEPEST:
            self.problems.error(number, "callout-deep", _l("các khối lồng nhau quá sâu"))
        minutes, taken = self._options(CALLOUT_NAMES[name], number, following)
        self.blocks.append(Callout(CALLOUT_NAMES[name], title, minutes, number, len(self.stack)))
        self.stack.append(_Open(length, number, name))
        return taken

    def _options(self, name: str, number: int, following: list[str]) -> tuple[int | None, int]:
        minutes, taken = None, 0
        for text in following:
            match = _OPTION.match(text)
            if not match:
                break
            taken += 1
            if match[1] != "minutes" or name != "activity":
                self.problems.error(
                    number + taken,
                    "callout-option",
                    _l("khối này không có tùy chọn “%(option)s”", option=match[1]),
                )
            elif not match[2].isdigit() or not 0 < int(match[2][:6]) <= MOST_MINUTES:
                self.problems.error(
                    number + taken,
                    "callout-option",
                    _l("minutes là số phút, từ 1 đến %(most)s", most=MOST_MINUTES),
                )
            else:
                minutes = int(match[2])
        return minutes, taken

    def _close(self, length: int, number: int) -> None:
        if not any(entry.length == length for entry in self.stack):
            self.problems.error(
                number,
                "callout-stray",
                _l("dấu đóng %(fence)s không ứng với khối nào đang mở", fence="/" * min(length, 9)),
            )
            return
        while self.stack[-1].length != length:
            self._unclosed(self.stack[-1])
            self._end()
        self._end()

    def _end(self) -> None:
        entry = self.stack.pop()
        if isinstance(entry, _OpenQuestion):
            self.blocks.append(QuestionBlock(entry.id, tuple(entry.body), entry.line))
        elif question := self._question():
            question.body.append("/" * entry.length)
        else:
            self.blocks.append(Close())

    def _unclosed(self, entry: _Open) -> None:
        self.problems.error(
            entry.line,
            "callout-open",
            _l(
                "khối “%(name)s” chưa được đóng bằng %(fence)s",
                name=entry.name,
                fence="/" * min(entry.length, 9),
            ),
        )

    def _unknown(self, name: str, number: int) -> None:
        near = nearest(name, [*CALLOUT_NAMES, *QUESTION_NAMES])
        self.problems.error(
            number,
            "callout-unknown",
            _l("không có khối “%(name)s”; có phải “%(near)s”?", name=name, near=near)
            if near
            else _l(
                "không có khối “%(name)s”; các khối được dùng: %(known)s",
                name=name,
                known=", ".join([*CALLOUT_NAMES, *QUESTION_NAMES]),
            ),
        )

    def _indented(self, name: str, number: int) -> None:
        if name in CALLOUT_NAMES or name in QUESTION_NAMES:
            self.problems.error(
                number, "callout-indented", _l("khối “%(name)s” phải bắt đầu ở lề trái", name=name)
            )
