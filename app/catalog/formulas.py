"""Formulas as MathML, with their TeX kept for copying and for readers aloud."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert as mathml

from app.catalog.page import Lines
from app.kernel.words import _l

LONGEST_FORMULA = 2_000


_FORMULA = re.compile(r"<(span|div) class=\"arithmatex\">\\[(\[](.*?)\\[)\]]</\1>", re.DOTALL)
_WORDS_OF_A_SENTENCE = re.compile(r"[^\W\d_a-zA-Zα-ωΑ-Ω]")
_TEXT_IN_TEX = re.compile(r"\\(?:text|mathrm|textbf|textit)\{[^{}]*\}")


def with_formulas(page: str, lines: Lines) -> str:
    """HTML with MathML in the places that Markdown kept for formulas."""

    def replaced(match: re.Match[str]) -> str:
        tex = html.unescape(match[2]).strip()
        is_block = match[1] == "div"
        if not is_block and _WORDS_OF_A_SENTENCE.search(_TEXT_IN_TEX.sub("", tex)):
            # Two sums of dollars in one sentence, not a formula.
            return html.escape(f"${html.unescape(match[2])}$", quote=False)
        try:
            return _drawn(tex, is_block=is_block)
        except Exception:  # latex2mathml fails in many ways on wrong TeX
            lines.error(
                tex.partition("\n")[0],
                "formula",
                _l("không đọc được công thức “%(tex)s”", tex=tex[:60]),
            )
            return html.escape(tex)

    return _FORMULA.sub(replaced, page)


def _drawn(tex: str, *, is_block: bool) -> str:
    """TeX as MathML. Raises an exception of any kind for TeX that cannot be read whole."""
    bare = re.sub(r"\\.", "", tex)
    if len(tex) > LONGEST_FORMULA or bare.count("{") != bare.count("}"):
        raise ValueError(tex)
    drawn = mathml(tex, display="block" if is_block else "inline")
    tree = ElementTree.fromstring(drawn)
    for element in tree.iter():
        name = str(element.tag).rpartition("}")[2]
        if (element.text or "").startswith("\\") or (name == "mfrac" and len(element) != 2):
            raise ValueError(tex)
    page = _annotated(tree, tex)
    return f'<p class="formula">{page}</p>' if is_block else page


def _annotated(tree: ElementTree.Element, tex: str) -> str:
    """MathML without a namespace prefix, the TeX kept for copying and for readers aloud."""
    for element in tree.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    tree.set("alttext", tex)
    inner = ElementTree.Element("semantics")
    row = list(tree)
    body = row[0] if len(row) == 1 else ElementTree.Element("mrow")
    if len(row) != 1:
        body.extend(row)
    for child in row:
        tree.remove(child)
    inner.append(body)
    note = ElementTree.SubElement(inner, "annotation", {"encoding": "application/x-tex"})
    note.text = tex
    tree.append(inner)
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)
