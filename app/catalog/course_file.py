"""course.yml and the front matter of lessons, as frozen, closed values.

Closed: an unknown key is an error, with its line and the nearest known name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeVar, cast

from app.catalog.yaml_text import Keys, Node, Rows, Text, YamlProblem, read
from app.kernel.words import Words, _l
from app.questions.kinds import DIFFICULTIES, Difficulty, Question
from app.questions.problems import ProblemList, unknown_name

Language = Literal["vi", "en"]
Theme = Literal["digital-transformation", "technology-transfer", "extension-skills"]
Level = Literal["foundation", "practitioner", "advanced"]
Audience = Literal["officer", "collaborator", "trainer", "manager", "enterprise"]
Review = Literal["after-submit", "after-pass", "after-close", "never"]
Change = Literal["correction", "substantial"]
LessonKind = Literal["reading", "practice", "assignment"]

LANGUAGES: tuple[Language, ...] = ("vi", "en")
THEMES: tuple[Theme, ...] = ("digital-transformation", "technology-transfer", "extension-skills")
LEVELS: tuple[Level, ...] = ("foundation", "practitioner", "advanced")
AUDIENCES: tuple[Audience, ...] = (
    "officer",
    "collaborator",
    "trainer",
    "manager",
    "enterprise",
)
REVIEWS: tuple[Review, ...] = ("after-submit", "after-pass", "after-close", "never")
CHANGES: tuple[Change, ...] = ("correction", "substantial")
LESSON_KINDS: tuple[LessonKind, ...] = ("reading", "practice", "assignment")

PERIOD_MINUTES = 45  # one tiết, by custom (domain.md section 4)
LONGEST_LINE = 500
LONGEST_TEXT = 5_000
MOST_ROWS = 100

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

T = TypeVar("T")


@dataclass(frozen=True)
class Draw:
    """How many questions a quiz takes from one topic, and which may be taken."""

    topic: str
    count: int
    tags: tuple[str, ...] = ()
    difficulty: Difficulty | None = None
    line: int = field(default=0, compare=False)

    def matches(self, topic: str, question: Question) -> bool:
        """Whether this draw may take that question: its topic, all its tags, its difficulty."""
        return (
            topic == self.topic
            and set(self.tags) <= set(question.tags)
            and self.difficulty in (None, question.difficulty)
        )


@dataclass(frozen=True)
class FinalQuiz:
    """The final quiz. `minutes` and `attempts` are None where there is no limit."""

    draw: tuple[Draw, ...]
    minutes: int | None = None
    attempts: int | None = None
    wait_hours: int = 0
    shuffle: bool = True
    review: Review = "after-pass"
    line: int = field(default=0, compare=False)

    @property
    def question_count(self) -> int:
        """How many questions one attempt holds."""
        return sum(draw.count for draw in self.draw)


@dataclass(frozen=True)
class Completion:
    """What completes the course. `lessons` is None for all, a number, or the keys.

    `final_quiz` is the percentage that passes; None where there is no final quiz.
    """

    lessons: int | tuple[str, ...] | None = None
    final_quiz: int | None = None
    assignments: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class CertificateFile:
    """What the certificate says. `valid_months` is None where it does not expire."""

    valid_months: int | None = None
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class CourseFile:
    """course.yml. Texts by language hold at least the course's own language."""

    title: Mapping[str, str]
    summary: Mapping[str, str]
    language: Language
    theme: Theme
    level: Level
    audience: tuple[Audience, ...]
    periods: int
    objectives: Mapping[str, tuple[str, ...]]
    authors: tuple[str, ...]
    reviewed_on: date
    completion: Completion
    legal_basis: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    closes_on: date | None = None
    final_quiz: FinalQuiz | None = None
    certificate: CertificateFile = CertificateFile()
    change: Change | None = None
    what_changed: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class LessonFile:
    """A lesson's front matter. `of` names the content that a translation translates."""

    title: str
    minutes: int
    objectives: tuple[str, ...] = ()
    kind: LessonKind = "reading"
    was: str | None = None
    of: str | None = None
    draw: tuple[Draw, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class BankFile:
    """The optional front matter of a file of questions."""

    title: str = ""
    of: str | None = None


def split_front_matter(text: str) -> tuple[str | None, str, int]:
    """(front matter, the rest, the line where the rest begins). None where there is none."""
    lines = text.split("\n")
    if not lines or lines[0].rstrip() != "---":
        return None, text, 1
    for index in range(1, len(lines)):
        if lines[index].rstrip() in ("---", "..."):
            return "\n".join(lines[1:index]), "\n".join(lines[index + 1 :]), index + 2
    return None, text, 1


def read_course_file(text: str, problems: ProblemList) -> CourseFile | None:
    """course.yml, or None where problems leave none."""
    before = len(problems.found)
    form = _open_form(text, 1, problems)
    if form is None:
        return None
    language = form.word("language", LANGUAGES, required=True) or "vi"
    values = {
        "title": form.texts("title", language),
        "summary": form.texts("summary", language, longest=LONGEST_TEXT),
        "language": language,
        "theme": form.word("theme", THEMES, required=True),
        "level": form.word("level", LEVELS, required=True),
        "audience": form.words("audience", AUDIENCES),
        "periods": form.whole("periods", 1, 500, required=True),
        "objectives": form.rows_by_language("objectives", language),
        "authors": form.rows("authors", required=True),
        "reviewed_on": form.day("reviewed_on", required=True),
        "completion": _completion(form.form("completion", required=True)),
        "legal_basis": form.rows("legal_basis"),
        "requires": form.keys("requires"),
        "closes_on": form.day("closes_on"),
        "final_quiz": _final_quiz(form.form("final_quiz")),
        "certificate": _certificate(form.form("certificate")),
        "change": form.word("change", CHANGES),
        "what_changed": form.texts("what_changed", language, required=False, longest=LONGEST_TEXT),
        "lines": MappingProxyType(dict(form.keys_node.key_lines)),
    }
    form.close()
    if any(p.is_error for p in problems.found[before:]):
        return None
    return CourseFile(**values)  # type: ignore[arg-type]


def read_lesson_file(
    front: str | None, problems: ProblemList, *, is_translation: bool
) -> LessonFile | None:
    """A lesson's front matter, or None where problems leave none."""
    before = len(problems.found)
    if front is None:
        problems.error(
            1,
            "no-front-matter",
            _l("bài phải bắt đầu bằng phần khai báo giữa hai dòng ---, với title và minutes"),
        )
        return None
    form = _open_form(front, 2, problems)
    if form is None:
        return None
    kind = form.word("kind", LESSON_KINDS) or "reading"
    lesson = LessonFile(
        title=form.line("title", required=True),
        minutes=form.whole("minutes", 1, 600, required=not is_translation) or 0,
        objectives=form.rows("objectives"),
        kind=kind,
        was=form.key("was"),
        of=form.line("of") or None,
        draw=_draws(form) if "draw" in form.keys_node.items else (),
        lines=MappingProxyType(dict(form.keys_node.key_lines)),
    )
    if kind == "assignment":
        form.skip("rubric", "files", "max_mb", "text")
    form.close()
    return None if any(p.is_error for p in problems.found[before:]) else lesson


def read_bank_file(front: str | None, problems: ProblemList) -> BankFile:
    """The front matter of a file of questions; all of it may be left out."""
    form = _open_form(front or "", 2, problems)
    if form is None:
        return BankFile()
    bank = BankFile(title=form.line("title"), of=form.line("of") or None)
    form.close()
    return bank


def _open_form(text: str, first_line: int, problems: ProblemList) -> _Form | None:
    try:
        return _Form(read(text, first_line=first_line), problems)
    except YamlProblem as wrong:
        problems.error(wrong.line, wrong.code, wrong.message)
        return None


def _completion(form: _Form | None) -> Completion:
    if form is None:
        return Completion()
    completion = Completion(
        lessons=form.lessons(),
        final_quiz=form.whole("final_quiz", 1, 100),
        assignments=form.keys("assignments"),
        line=form.keys_node.line,
        lines=MappingProxyType(dict(form.keys_node.key_lines)),
    )
    form.close()
    return completion


def _final_quiz(form: _Form | None) -> FinalQuiz | None:
    if form is None:
        return None
    quiz = FinalQuiz(
        draw=_draws(form),
        minutes=form.whole("minutes", 1, 600),
        attempts=form.whole("attempts", 1, 100),
        wait_hours=form.whole("wait_hours", 0, 24 * 365) or 0,
        shuffle=form.truth("shuffle", default=True),
        review=form.word("review", REVIEWS) or "after-pass",
        line=form.keys_node.line,
    )
    form.close()
    return quiz


def _draws(form: _Form) -> tuple[Draw, ...]:
    draws = []
    for row in form.forms("draw"):
        topic = row.key("from", required=True)
        count = row.whole("count", 1, 200, required=True)
        tags = row.keys("tags")
        difficulty = row.word("difficulty", DIFFICULTIES)
        row.close()
        if topic and count:
            draws.append(Draw(topic, count, tags, difficulty, row.keys_node.line))
    return tuple(draws)


def _certificate(form: _Form | None) -> CertificateFile:
    if form is None:
        return CertificateFile()
    certificate = CertificateFile(form.whole("valid_months", 1, 600), form.keys("skills"))
    form.close()
    return certificate


class _Form:
    """Types the values of a mapping, noting what is wrong; `close` names what nobody asked for."""

    def __init__(self, node: Keys, problems: ProblemList) -> None:
        self.keys_node = node
        self.problems = problems
        self.asked: list[str] = []

    def close(self) -> None:
        for key, line in self.keys_node.key_lines.items():
            if key not in self.asked:
                self.problems.error(line, "unknown-key", unknown_name(key, self.asked))

    def skip(self, *keys: str) -> None:
        self.asked += keys

    def _ask(self, key: str, *, required: bool = False) -> Node | None:
        self.asked.append(key)
        node = self.keys_node.items.get(key)
        is_empty = node is None or (isinstance(node, Text) and not node.value.strip())
        if is_empty and required:
            line = self.keys_node.key_lines.get(key, self.keys_node.line)
            self.problems.error(line, "missing-key", _l("thiếu “%(key)s”", key=key))
        return None if is_empty else node

    def _wrong(self, node: Node, key: str, message: Words) -> None:
        self.problems.error(
            node.line, "bad-value", _l("%(key)s: %(message)s", key=key, message=message)
        )

    def _text(self, node: Node, key: str, longest: int = LONGEST_LINE) -> str:
        if not isinstance(node, Text):
            self._wrong(
                node,
                key,
                _l(
                    "cần một câu; câu có dấu hai chấm hay bắt đầu bằng [ { cần đặt trong "
                    "dấu ngoặc kép"
                ),
            )
            return ""
        text = " ".join(node.value.split())
        if len(text) > longest:
            self._wrong(node, key, _l("dài hơn %(longest)s ký tự", longest=longest))
        return text

    def line(self, key: str, *, required: bool = False) -> str:
        node = self._ask(key, required=required)
        return self._text(node, key) if node else ""

    def texts(
        self, key: str, language: str, *, required: bool = True, longest: int = LONGEST_LINE
    ) -> Mapping[str, str]:
        """{vi: …, en: …}, or one text in the course's language."""
        return self._by_language(
            key, language, required, lambda node: self._text(node, key, longest)
        )

    def rows_by_language(self, key: str, language: str) -> Mapping[str, tuple[str, ...]]:
        return self._by_language(key, language, True, lambda node: self._rows(node, key))

    def _by_language(
        self, key: str, language: str, required: bool, typed: Callable[[Node], T]
    ) -> Mapping[str, T]:
        node = self._ask(key, required=required)
        if node is None:
            return MappingProxyType({})
        if not isinstance(node, Keys):
            return MappingProxyType({language: typed(node)})
        found: dict[str, T] = {}
        for name, child in node.items.items():
            if name not in LANGUAGES:
                self.problems.error(
                    node.key_lines[name], "unknown-key", unknown_name(name, list(LANGUAGES))
                )
            else:
                found[name] = typed(child)
        if not found.get(language):
            self.problems.error(
                node.line,
                "missing-key",
                _l(
                    "“%(key)s” thiếu ngôn ngữ của khóa học (%(language)s)",
                    key=key,
                    language=language,
                ),
            )
        return MappingProxyType(found)

    def _rows(self, node: Node, key: str) -> tuple[str, ...]:
        if not isinstance(node, Rows):
            self._wrong(node, key, _l("cần một danh sách: [một, hai] hoặc mỗi dòng một “- ”"))
            return ()
        if len(node.items) > MOST_ROWS:
            self._wrong(node, key, _l("nhiều hơn %(most)s dòng", most=MOST_ROWS))
        return tuple(t for child in node.items if (t := self._text(child, key)))

    def rows(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        node = self._ask(key, required=required)
        rows = self._rows(node, key) if node else ()
        if node and not rows and required:
            self._wrong(node, key, _l("danh sách để trống"))
        return rows

    def keys(self, key: str) -> tuple[str, ...]:
        node = self._ask(key)
        if node is None:
            return ()
        for row in (rows := self._rows(node, key)):
            if not _KEY.fullmatch(row):
                self._wrong(
                    node,
                    key,
                    _l("“%(row)s” chỉ gồm chữ thường không dấu, chữ số và gạch nối", row=row),
                )
        return rows

    def key(self, key: str, *, required: bool = False) -> str | None:
        node = self._ask(key, required=required)
        if node is None:
            return None
        text = self._text(node, key)
        if not _KEY.fullmatch(text):
            self._wrong(
                node,
                key,
                _l("“%(row)s” chỉ gồm chữ thường không dấu, chữ số và gạch nối", row=text),
            )
            return None
        return text

    def word(self, key: str, known: tuple[T, ...], *, required: bool = False) -> T | None:
        node = self._ask(key, required=required)
        if node is None:
            return None
        text = self._text(node, key)
        if text in known:
            return cast(T, text)
        self._wrong(node, key, unknown_name(text, [str(k) for k in known]))
        return None

    def words(self, key: str, known: tuple[T, ...]) -> tuple[T, ...]:
        node = self._ask(key, required=True)
        found = self._rows(node, key) if node else ()
        for text in found:
            if text not in known and node:
                self._wrong(node, key, unknown_name(text, [str(k) for k in known]))
        if node and not found:
            self._wrong(node, key, _l("danh sách để trống"))
        return cast(tuple[T, ...], found)

    def whole(self, key: str, least: int, most: int, *, required: bool = False) -> int | None:
        node = self._ask(key, required=required)
        if node is None:
            return None
        text = node.value.strip() if isinstance(node, Text) else ""
        if re.fullmatch(r"[0-9]{1,6}", text) and least <= int(text) <= most:
            return int(text)
        self._wrong(
            node, key, _l("cần một số nguyên từ %(least)s đến %(most)s", least=least, most=most)
        )
        return None

    def day(self, key: str, *, required: bool = False) -> date | None:
        node = self._ask(key, required=required)
        if node is None:
            return None
        text = node.value.strip() if isinstance(node, Text) else ""
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self._wrong(node, key, _l("cần một ngày có thật, viết năm-tháng-ngày: 2026-11-01"))
        return None

    def truth(self, key: str, *, default: bool) -> bool:
        node = self._ask(key)
        if node is None:
            return default
        text = node.value.strip().lower() if isinstance(node, Text) else ""
        if text not in ("true", "false", "yes", "no"):
            self._wrong(node, key, _l("cần true hoặc false"))
        return text in ("true", "yes")

    def form(self, key: str, *, required: bool = False) -> _Form | None:
        node = self._ask(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Keys):
            self._wrong(node, key, _l("cần các dòng “khóa: giá trị” thụt vào"))
            return None
        return _Form(node, self.problems)

    def forms(self, key: str) -> list[_Form]:
        node = self._ask(key, required=True)
        if node is None:
            return []
        if not isinstance(node, Rows) or not node.items or len(node.items) > MOST_ROWS:
            self._wrong(node, key, _l("cần một danh sách, mỗi dòng một {from: …, count: …}"))
            return []
        found = []
        for child in node.items:
            if isinstance(child, Keys):
                found.append(_Form(child, self.problems))
            else:
                self._wrong(child, key, _l("cần một dòng {from: …, count: …}"))
        return found

    def lessons(self) -> int | tuple[str, ...] | None:
        """all, a number, or a list of keys; all where it is left out."""
        node = self.keys_node.items.get("lessons")
        if isinstance(node, Rows):
            return self.keys("lessons")
        if isinstance(node, Text) and node.value.strip() in ("all", ""):
            self.asked.append("lessons")
            return None
        return self.whole("lessons", 1, 500)
