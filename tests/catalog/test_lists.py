"""Lists nest as CommonMark nests them, however trainers indent them."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import html5lib
import markdown
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.catalog.lists import _Lists, regular_lists

Outline = tuple[list[tuple[tuple[str, ...], str]], list[str]]


def ours(text: str) -> str:
    lines = regular_lists([(line, False) for line in text.split("\n")])
    return markdown.markdown("\n".join(lines), extensions=["sane_lists"])


def reference(text: str) -> str:
    return MarkdownIt("commonmark").render(text)


def outline(html: str) -> Outline:
    """Every list item with the lists around it and its words, and the words outside of lists."""
    document = html5lib.parseFragment(html, namespaceHTMLElements=False)
    items: list[tuple[tuple[str, ...], str]] = []

    def walk(element: Element, path: tuple[str, ...]) -> None:
        for child in element:
            if child.tag not in ("ul", "ol"):
                walk(child, path)
                continue
            for item in child:
                items.append(((*path, child.tag), " ".join(_words(item))))
                walk(item, (*path, child.tag))

    walk(document, ())
    return items, _words(document)


def _words(element: Element) -> list[str]:
    found = (element.text or "").split()
    for child in element:
        if child.tag not in ("ul", "ol"):
            found += _words(child)
        found += (child.tail or "").split()
    return found


TRAPS = {
    "a list right after a paragraph": "Các bước:\n- một\n- hai",
    "a numbered list right after a paragraph": "Các bước:\n1. một\n2. hai",
    "three spaces under a number": "1. một\n   - hai\n   - ba\n2. bốn",
    "two spaces under a bullet": "* một\n  * hai\n* ba",
    "three levels": "- một\n  - hai\n    - ba\n      - bốn\n- năm",
    "a paragraph inside an item": "1. một\n\n   thêm\n2. hai",
    "a list after an item's second paragraph": "- một\n\n  thêm\n  - hai",
    "a bracket after the number": "1) một\n   - hai\n2) ba",
    "a wrapped item": "- một\nhai\n- ba",
    "four spaces under a bullet": "- một\n    - hai\n- ba",
    "a number that starts no list": "Năm\n2026. là năm nay",
    "a loose list": "- một\n\n- hai\n\n- ba",
    "a list that ends": "- một\n- hai\n\nhết",
}


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_is_read_as_commonmark_reads_it(text: str):
    assert outline(ours(text)) == outline(reference(text))


def test_numbering_goes_on_over_a_child_list():
    html = ours("1. một\n   - phụ\n2. hai")
    assert html.count("<ol>") == 1


def test_two_spaces_under_a_number_can_only_mean_a_child():
    """Here CommonMark starts a new list, which no trainer means."""
    assert outline(ours("1. một\n  - phụ\n2. hai"))[0] == [
        (("ol",), "một"),
        (("ol", "ul"), "phụ"),
        (("ol",), "hai"),
    ]


def test_a_heading_or_quote_right_after_a_list_is_not_swallowed():
    assert "<h2>" in ours("- một\n## Hai")
    assert "<li>một\n" not in ours("- một\n## Hai")
    assert ours("- một\n> hai").index("</ul>") < ours("- một\n> hai").index("<blockquote>")


def test_a_list_in_a_quote_is_a_list():
    assert outline(ours("> Các bước:\n> - một\n>   - hai"))[0] == [
        (("ul",), "một"),
        (("ul", "ul"), "hai"),
    ]


def test_a_table_right_after_a_paragraph_starts_a_block():
    lines = regular_lists([(line, False) for line in ("Bảng:", "| a | b |", "|---|---|")])
    assert lines == ["Bảng:", "", "| a | b |", "|---|---|"]


def test_fenced_code_moves_with_its_item_and_keeps_its_inside():
    lines = [("1. một", False), ("   ```", True), ("   - x", True), ("     y", True)]
    lines += [("   ```", True), ("2. hai", False)]
    assert regular_lists(lines) == [
        "1. một",
        "    ```",
        "    - x",
        "      y",
        "    ```",
        "2. hai",
    ]


def test_text_without_lists_is_left_as_it_is():
    text = "Một đoạn\nhai dòng\n\n    mã thụt\n\n## Tiêu đề\n\nHết."
    assert regular_lists([(line, False) for line in text.split("\n")]) == text.split("\n")


WORD = st.sampled_from(["một", "hai", "ba"])
LINES = st.one_of(
    st.builds(
        lambda indent, marker, word: " " * indent + marker + word,
        st.sampled_from([0, 0, 0, 2, 2, 3, 3, 4, 4, 6, 8]),
        st.sampled_from(["- ", "- ", "1. ", "2. "]),
        WORD,
    ),
    st.builds(lambda indent, word: " " * indent + word, st.sampled_from([0, 2, 3, 4]), WORD),
    st.just(""),
)


@given(st.lists(LINES, min_size=1, max_size=8))
def test_any_list_nests_as_commonmark_nests_it(lines: list[str]):
    first = next((line for line in lines if line.lstrip()[:2] in ("- ", "1.", "2.")), "")
    # An indented first marker shifts what CommonMark calls a margin; no lesson starts so.
    assume(not first.startswith(" "))
    text = "\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Lists, "is_lenient", False)
        assert outline(ours(text)) == outline(reference(text))


@given(st.lists(st.one_of(LINES, st.text(max_size=12)), max_size=12))
def test_no_word_is_lost(lines: list[str]):
    kept = " ".join(regular_lists([(line.replace("\n", " "), False) for line in lines]))
    for word in ("một", "hai", "ba"):
        assert kept.count(word) == sum(line.count(word) for line in lines)
