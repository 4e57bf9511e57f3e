"""A small, safe part of YAML, read with lines: every value is text until we type it.

So `no` stays "no", `12:30` stays "12:30" and a date is read as a date only where one is
expected. Anchors, aliases, tags and repeated keys are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from app.kernel.words import Words, _l

MOST_CHARACTERS = 64 * 1024
DEEPEST = 12


class YamlProblem(ValueError):
    """What cannot be read, and its line."""

    def __init__(self, line: int, code: str, message: Words) -> None:
        super().__init__(str(message))
        self.line, self.code, self.message = line, code, message


@dataclass(frozen=True)
class Text:
    """A scalar as written. `is_plain` tells an unquoted one."""

    value: str
    line: int
    is_plain: bool


@dataclass(frozen=True)
class Rows:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Keys:
    """A mapping, in the order written."""

    items: dict[str, Node]
    key_lines: dict[str, int]
    line: int


Node = Text | Rows | Keys


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses what courses do not need and counts how deep it goes."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlProblem(line, "yaml", _l("không dùng & và * để nhắc lại giá trị"))
        if getattr(event, "tag", None):
            raise YamlProblem(line, "yaml", _l("không dùng dấu ! để đặt kiểu"))
        self.depth += 1
        if self.depth > DEEPEST:
            raise YamlProblem(line, "yaml", _l("lồng nhau quá sâu"))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read(text: str, *, first_line: int = 1) -> Keys:
    """Read a mapping; `first_line` is where the text begins in its file.

    Raises YamlProblem, with the line in the file.
    """
    if len(text) > MOST_CHARACTERS:
        raise YamlProblem(first_line, "yaml", _l("phần khai báo quá dài"))
    try:
        node = yaml.compose(text, Loader=_Loader)
        found = _node(node, first_line) if node else Keys({}, {}, first_line)
    except YamlProblem as problem:
        # Raised inside the loader with a line that counts from 0.
        if problem.code == "yaml":
            problem.line += first_line
        raise
    except yaml.YAMLError as wrong:
        raise _explained(wrong, first_line) from None
    if not isinstance(found, Keys):
        raise YamlProblem(first_line, "yaml-shape", _l("cần các dòng “khóa: giá trị”"))
    return found


def _node(node: yaml.Node, first_line: int) -> Node:
    line = node.start_mark.line + first_line
    if isinstance(node, yaml.ScalarNode):
        return Text(node.value, line, node.style is None)
    if isinstance(node, yaml.SequenceNode):
        return Rows(tuple(_node(child, first_line) for child in node.value), line)
    assert isinstance(node, yaml.MappingNode)
    items: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key, value in _pairs(node):
        key_line = key.start_mark.line + first_line
        if not isinstance(key, yaml.ScalarNode):
            raise YamlProblem(key_line, "yaml-shape", _l("khóa cần là một từ"))
        if key.value in items:
            raise YamlProblem(
                key_line, "key-twice", _l("khóa “%(key)s” được ghi hai lần", key=key.value)
            )
        items[key.value] = _node(value, first_line)
        lines[key.value] = key_line
    return Keys(items, lines, line)


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    yield from node.value


def _explained(wrong: yaml.YAMLError, first_line: int) -> YamlProblem:
    mark = getattr(wrong, "problem_mark", None)
    line = (mark.line if mark else 0) + first_line
    problem = str(getattr(wrong, "problem", "") or "")
    if "\\t" in problem or "tab" in problem:
        return YamlProblem(line, "yaml-shape", _l("thụt dòng bằng dấu cách, không bằng phím tab"))
    if "mapping values are not allowed" in problem:
        return YamlProblem(
            line,
            "yaml-shape",
            _l("giá trị có dấu hai chấm: hãy đặt cả giá trị trong dấu ngoặc kép"),
        )
    return YamlProblem(
        line,
        "yaml-shape",
        _l("không đọc được dòng này; giá trị có dấu : # [ ] { } @ % cần đặt trong dấu ngoặc kép"),
    )
