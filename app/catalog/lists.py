"""Rewrites lists so that Python-Markdown nests them as CommonMark does.

Python-Markdown wants a blank line before a list and four spaces a level; trainers write
neither, and steps would silently lose their numbering. Works on text without code fences
at the margin of a callout; fenced lines are carried along unchanged but for their indent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKER = re.compile(r"([-*+]|\d{1,9}[.)])(?: +|$)")
_RULE = re.compile(r"(?:\* *){3,}$|(?:- *){3,}$|(?:_ *){3,}$")
_STARTS_BLOCK = re.compile(r"#{1,6}(?: |$)|>|\x60{3,}|~{3,}")
_TABLE_RULE = re.compile(r"\|?[ :|-]*-[ :|-]*\|[ :|-]*$|\|[ :|-]*-[ :|-]*$")
_QUOTE = re.compile(r" {0,3}> ?")
_STEP = 4


@dataclass(frozen=True)
class _Item:
    """An open list item: where its marker and its content stand in the source."""

    marker: int
    content: int
    is_ordered: bool


class _Lists:
    is_lenient = True

    def __init__(self) -> None:
        self.out: list[str] = []
        self.stack: list[_Item] = []
        # What the line before was: blank, a paragraph's text, or something closed.
        self.after_blank = True
        self.in_paragraph = False
        self.item_is_fresh = False
        self.shift = 0
        self.block_indent = 0

    def blank(self) -> None:
        self.out.append("")
        self.after_blank, self.in_paragraph = True, False

    def code(self, text: str, *, is_first: bool) -> None:
        """A line of a code fence: it moves with the item it stands in."""
        body = text.lstrip(" ")
        indent = len(text) - len(body)
        if is_first:
            marker = _MARKER.match(body)
            if marker and body[marker.end() :].startswith(("```", "~~~")):
                indent_after = indent + marker.end()
                self._item(text, body, indent, marker)
                self.shift = _STEP * len(self.stack) - indent_after
                self.item_is_fresh = self.in_paragraph = False
                return
            self._leave(indent)
            base = self.stack[-1].content if self.stack else 0
            self.shift = _STEP * len(self.stack) - base if self.stack else 0
            if not self.stack and self.out and self.out[-1].startswith((" ", "-", "*", "+")):
                self._separate()
        self._emit(body and " " * max(0, indent + self.shift) + body)
        self.after_blank = self.in_paragraph = self.item_is_fresh = False

    def line(self, text: str, following: str) -> None:
        body = text.lstrip(" ")
        indent = len(text) - len(body)
        marker = _MARKER.match(body) if not _RULE.match(body) else None
        if marker and self._starts_item(body, indent, marker):
            self._item(text, body, indent, marker)
        elif self.in_paragraph and not self.after_blank and not self._interrupts(body, indent):
            if not self.stack and "|" in body and _TABLE_RULE.match(following.strip()):
                self._separate()
            if marker:
                # CommonMark reads this marker as words of the paragraph; say so plainly.
                body = f"{marker[1][:-1]}\\{marker[1][-1]}{body[len(marker[1]) :]}"
            is_moved = bool(self.stack) or bool(marker)
            self._emit(" " * (_STEP * len(self.stack)) + body if is_moved else text)
        else:
            self._text(text, body, indent)

    def _interrupts(self, body: str, indent: int) -> bool:
        base = self.stack[-1].content if self.stack else 0
        if indent - base >= _STEP:
            return False
        return bool(_STARTS_BLOCK.match(body) or _RULE.match(body))

    def _text(self, text: str, body: str, indent: int) -> None:
        had_items = bool(self.stack)
        self._leave(indent)
        if had_items and not self.stack and not self.after_blank:
            self._separate()
        base = self.stack[-1].content if self.stack else 0
        if self.stack:
            extra = max(0, indent - base)
            text = " " * (_STEP * len(self.stack) + (extra if extra >= _STEP else 0)) + body
        self._emit(text)
        is_code = indent - base >= _STEP
        self.in_paragraph = not is_code and not re.match(r"#{1,6}(?: |$)", body)
        if _RULE.match(body) or body.startswith("|"):
            self.in_paragraph = False
        self.after_blank = self.item_is_fresh = False

    def _starts_item(self, body: str, indent: int, marker: re.Match[str]) -> bool:
        """Whether a marker opens an item, by CommonMark's rules for interrupting text."""
        depth = self._depth(indent, marker)
        base = self.stack[depth - 1].content if depth else 0
        if indent - base >= _STEP:
            return False
        is_inside = depth == len(self.stack)
        if self.in_paragraph and not self.after_blank and is_inside:
            number = marker[1][:-1]
            rest = body[marker.end() :].strip()
            return bool(rest) and (not number.isdigit() or int(number) == 1)
        return True

    def _depth(self, indent: int, marker: re.Match[str]) -> int:
        """How many open items a marker at this indent stands in."""
        depth = len(self.stack)
        while depth and indent < self.stack[depth - 1].content:
            above = self.stack[depth - 1]
            # Two spaces under "1." can only mean a child when the marker is of another kind.
            if (
                self.is_lenient
                and above.is_ordered
                and not marker[1][:-1].isdigit()
                and indent >= above.marker + 2
            ):
                break
            depth -= 1
        return depth

    def _item(self, text: str, body: str, indent: int, marker: re.Match[str]) -> None:
        depth = self._depth(indent, marker)
        is_ordered = marker[1][:-1].isdigit()
        previous = self.stack[depth] if depth < len(self.stack) else None
        is_new_list = previous is None or previous.is_ordered != is_ordered
        if is_new_list and not self.after_blank and self.out:
            opens_child = previous is None and depth and self.item_is_fresh
            if not opens_child:
                self._separate()
        del self.stack[depth:]
        rest = body[marker.end() :]
        width = marker.end()
        if not rest.strip() or width - len(marker[1]) > _STEP:
            width = len(marker[1]) + 1
        self.stack.append(_Item(indent, indent + width, is_ordered))
        sign = marker[1].replace(")", ".")
        self._emit(f"{' ' * (_STEP * depth)}{sign} {body[width:].strip()}")
        self.after_blank = False
        self.in_paragraph = self.item_is_fresh = bool(rest.strip())
        if re.match(r"#{1,6}(?: |$)", rest):
            self.in_paragraph = False

    def _leave(self, indent: int) -> None:
        while self.stack and indent < self.stack[-1].content:
            self.stack.pop()

    def _emit(self, text: str) -> None:
        """Put a line out; a block that began deeper cannot hold it, so it starts another."""
        indent = len(text) - len(text.lstrip(" ")) if text.strip() else self.block_indent
        if not self.out or not self.out[-1].strip():
            self.block_indent = indent
        elif self.stack and indent < self.block_indent:
            self._separate()
            self.block_indent = indent
        self.out.append(text)

    def _separate(self) -> None:
        if self.out and self.out[-1].strip():
            self.out.append("")


def regular_lists(lines: list[tuple[str, bool]]) -> list[str]:
    """Lines of Markdown (text, whether it is fenced code) with lists in their regular form."""
    lists = _Lists()
    index = 0
    while index < len(lines):
        text, is_code = lines[index]
        if is_code:
            is_first = index == 0 or not lines[index - 1][1]
            lists.code(text.expandtabs(_STEP), is_first=is_first)
        elif not text.strip():
            lists.blank()
        elif not lists.stack and _QUOTE.match(text):
            end = index
            while end < len(lines) and not lines[end][1] and _QUOTE.match(lines[end][0]):
                end += 1
            inner = [(_QUOTE.sub("", line, count=1), False) for line, _ in lines[index:end]]
            lists.out += [f"> {line}".rstrip() for line in regular_lists(inner)]
            lists.after_blank = lists.in_paragraph = False
            index = end
            continue
        else:
            following = lines[index + 1][0] if index + 1 < len(lines) else ""
            lists.line(text.expandtabs(_STEP), following)
        index += 1
    return lists.out
