"""Templates hold no sentence that cannot be translated, and nothing a strict policy refuses."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest
from flask import Flask

from tests.house import tree

HTML = [p for p in tree.templates() if p.suffix == ".html"]
WORD = re.compile(r"[^\W\d_]{2,}")
SPOKEN = ("alt", "title", "placeholder", "aria-label", "aria-description", "value", "content")
# What is the same in every language, and names of things that programmes read.
SAME_EVERYWHERE = {
    "Tiếng",
    "Việt",
    "English",
    "PDF",
    "CSV",
    "XLSX",
    "DOCX",
    "QR",
    "SVG",
    "VI",
    "EN",
}
# It must stand when nothing else does, so it speaks both languages at once and extends nothing.
STANDS_ALONE = "app/templates/errors/500.html"


def _data(path: Path) -> str:
    """A template's own text, with every Jinja tag, comment and expression taken out."""
    lexed = jinja2.Environment().lex(path.read_text("utf-8"), tree.name(path))
    return "".join(value if kind == "data" else "\x00" for _line, kind, value in lexed)


def _literal_words(path: Path) -> list[str]:
    source = path.read_text("utf-8")
    # What stands between {% trans %} and {% endtrans %} is a sentence for translators.
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    lexed = jinja2.Environment().lex(source, tree.name(path))
    data = "".join(value if kind == "data" else "\x00" for _line, kind, value in lexed)
    data = re.sub(r"<!--.*?-->|<(script|style)\b.*?</\1>|&\w+;", " ", data, flags=re.DOTALL)
    spoken = re.findall(rf"\b(?:{'|'.join(SPOKEN[:5])})=\"([^\"\x00]*)\"", data)
    shown = re.sub(r"<[^>]*>", " ", data)
    return [w for w in WORD.findall(" ".join([shown, *spoken])) if w not in SAME_EVERYWHERE]


@pytest.mark.parametrize("path", HTML, ids=tree.name)
def test_a_template_holds_no_sentence_outside_translation(path: Path):
    assert tree.name(path) == STANDS_ALONE or _literal_words(path) == []


@pytest.mark.parametrize("path", HTML, ids=tree.name)
def test_a_template_has_no_inline_script_or_style_and_trusts_no_value(path: Path):
    data = _data(path)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\bsrc=)", data)
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup", path.read_text("utf-8"))


@pytest.mark.parametrize("path", HTML, ids=tree.name)
def test_a_page_extends_the_only_skeleton(path: Path):
    source = path.read_text("utf-8")
    short = tree.name(path).split("/templates/", 1)[1]
    is_part = any(
        re.search(rf'(include|import|from)\s+"{re.escape(short)}"', other.read_text("utf-8"))
        for other in HTML
    )
    if is_part or path.name.startswith("_") or path.parent.name == "parts":
        return  # a piece of a page
    if path.name == "page.html":
        return
    if tree.name(path) == STANDS_ALONE:
        return
    assert re.search(r'\{%-?\s*extends\s+"', source), "every page stands in page.html"


def test_every_template_compiles(plain_app: Flask):
    for path in HTML:
        plain_app.jinja_env.parse(path.read_text("utf-8"), filename=str(path))


def test_every_template_is_used(plain_app: Flask):
    """A template that nothing names is dead."""
    sources = [p.read_text("utf-8") for p in [*tree.modules(), *tree.templates()]]
    unused = []
    for path in HTML:
        name = tree.name(path).split("/templates/", 1)[1]
        if name.startswith("errors/"):
            continue
        if not any(f'"{name}"' in source or f"'{name}'" in source for source in sources):
            unused.append(name)
    assert unused == []
