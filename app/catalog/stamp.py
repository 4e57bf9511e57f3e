"""Writes into translations which content of their source they translate."""

from __future__ import annotations

import re

from app.catalog.bundle import Bundle, bank_name, lesson_name
from app.catalog.source import stamp

_OF = re.compile(r"^of:.*$", re.MULTILINE)


def stamped(bundle: Bundle) -> dict[str, str]:
    """The translations whose `of:` does not name their source's content, with it mended.

    Only `of:` changes; the rest of each file stays as its author wrote it.
    """
    found = {}
    for path, data in bundle.files.items():
        language = _language(path)
        source = path.removesuffix(f".{language}.md") + ".md" if language else ""
        if source in bundle.files:
            text = data.decode("utf-8-sig")
            new = with_stamp(text, stamp(bundle.text(source)))
            if new != text:
                found[path] = new
    return found


def _language(path: str) -> str | None:
    lesson, bank = lesson_name(path), bank_name(path)
    return lesson[2] if lesson else bank[1] if bank else None


def with_stamp(text: str, name: str) -> str:
    """The text with `of: name` in its front matter, which is made where there is none."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    closing = next((i for i, line in enumerate(lines) if i and line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or closing is None:
        return end.join(["---", f"of: {name}", "---", "", text.lstrip()])
    for index in range(1, closing):
        if _OF.match(lines[index]):
            lines[index] = f"of: {name}"
            return end.join(lines)
    lines.insert(closing, f"of: {name}")
    return end.join(lines)
