"""Types the values of a mapping and notes what is wrong, key by key and line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeVar, cast

from app.catalog.yaml_text import Keys, Node, Rows, Text, YamlProblem, read
from app.kernel.words import Words, _l
from app.questions.problems import ProblemList, unknown_name

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
LONGEST_LINE = 500
LONGEST_TEXT = 5_000
MOST_ROWS = 100

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

T = TypeVar("T")


def open_form(text: str, first_line: int, problems: ProblemList) -> Form | None:
    """Text as a form to be typed; None where it is no YAML that we read."""
    try:
        return Form(read(text, first_line=first_line), problems)
    except YamlProblem as wrong:
        problems.error(wrong.line, wrong.code, wrong.message)
        return None


class Form:
    """Types the values of a mapping, noting what is wrong; `close` names what nobody asked for."""

    def __init__(self, node: Keys, problems: ProblemList) -> None:
        self.keys_node = node
        self.problems = problems
        self.asked: list[str] = []

    def close(self) -> None:
        """Name every key that nobody asked for."""
        for key, line in self.keys_node.key_lines.items():
            if key not in self.asked:
                self.problems.error(line, "unknown-key", unknown_name(key, self.asked))

    def skip(self, *keys: str) -> None:
        """Let keys stand that are read elsewhere."""
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
        """A text of one line, empty where it is left out."""
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
        """{vi: [...], en: [...]}, or one list in the course's language."""
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
        """A list of texts."""
        node = self._ask(key, required=required)
        rows = self._rows(node, key) if node else ()
        if node and not rows and required:
            self._wrong(node, key, _l("danh sách để trống"))
        return rows

    def keys(self, key: str) -> tuple[str, ...]:
        """A list of plain keys."""
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
        """A plain key: lower case, digits, hyphens."""
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
        """One of the known words."""
        node = self._ask(key, required=required)
        if node is None:
            return None
        text = self._text(node, key)
        if text in known:
            return cast(T, text)
        self._wrong(node, key, unknown_name(text, [str(k) for k in known]))
        return None

    def words(self, key: str, known: tuple[T, ...]) -> tuple[T, ...]:
        """A list of known words, not empty."""
        node = self._ask(key, required=True)
        found = self._rows(node, key) if node else ()
        for text in found:
            if text not in known and node:
                self._wrong(node, key, unknown_name(text, [str(k) for k in known]))
        if node and not found:
            self._wrong(node, key, _l("danh sách để trống"))
        return cast(tuple[T, ...], found)

    def whole(self, key: str, least: int, most: int, *, required: bool = False) -> int | None:
        """A whole number within bounds."""
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
        """A date that exists."""
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
        """true or false."""
        node = self._ask(key)
        if node is None:
            return default
        text = node.value.strip().lower() if isinstance(node, Text) else ""
        if text not in ("true", "false", "yes", "no"):
            self._wrong(node, key, _l("cần true hoặc false"))
        return text in ("true", "yes")

    def form(self, key: str, *, required: bool = False) -> Form | None:
        """A mapping of its own."""
        node = self._ask(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Keys):
            self._wrong(node, key, _l("cần các dòng “khóa: giá trị” thụt vào"))
            return None
        return Form(node, self.problems)

    def forms(self, key: str) -> list[Form]:
        """A list of mappings."""
        node = self._ask(key, required=True)
        if node is None:
            return []
        if not isinstance(node, Rows) or not node.items or len(node.items) > MOST_ROWS:
            self._wrong(node, key, _l("cần một danh sách, mỗi dòng một {from: …, count: …}"))
            return []
        found = []
        for child in node.items:
            if isinstance(child, Keys):
                found.append(Form(child, self.problems))
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
