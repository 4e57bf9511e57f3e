"""Markdown becomes the product's HTML: callouts, media, tables, formulas, links, footnotes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.blocks import CALLOUT_NAMES, cut
from app.catalog.bundle import normal_text
from app.catalog.elements import heading_id
from app.catalog.media import Medium, file_size
from app.catalog.plain_text import plain_text
from app.catalog.render import Rendered, Renderer
from app.questions.grammar import read_question
from app.questions.kinds import Question
from app.questions.problems import Problem, ProblemList

DATA = Path(__file__).parent / "data"
MEDIA = {
    path: Medium(path, f"/tep/{number:064x}/{path.rpartition('/')[2]}", size, width, height)
    for number, (path, size, width, height) in enumerate(
        [
            ("media/so-do.svg", 900, 640, 320),
            ("media/vien.svg", 300, None, None),
            ("media/loi-ke.mp3", 50_000, None, None),
            ("media/buoi-lam.mp4", 900_000, None, None),
            ("media/buoi-lam.vtt", 500, None, None),
            ("media/phieu.xlsx", 24_000, None, None),
        ]
    )
}
LESSONS = {"02-khao-sat.md": "/khoa-hoc/de-an/bai/khao-sat"}


def rendered(text: str, language: str = "vi") -> tuple[Rendered, list[Problem]]:
    problems = ProblemList("01-bai.md")
    blocks = cut(normal_text(text), problems)
    page = Renderer(language, MEDIA, LESSONS).lesson(blocks, problems)
    return page, problems.found


def html_of(text: str, language: str = "vi") -> str:
    page, problems = rendered(text, language)
    assert problems == [], [str(p) for p in problems]
    return "\n".join(part.get("html", "") for part in page.parts)


def codes(text: str) -> list[tuple[str, int]]:
    return [(p.code, p.line) for p in rendered(text)[1]]


def tree(html: str) -> Element:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parseFragment(html)


# Callouts


@pytest.mark.parametrize(("name", "kind"), CALLOUT_NAMES.items())
def test_every_callout_has_both_names_and_one_look(name: str, kind: str):
    title = "media/phieu.xlsx" if kind == "download" else "Một **hai**"
    html = html_of(f"/// {name} | {title}\nThân *bài*.\n///")
    assert "<em>bài</em>" in html
    assert "///" not in html
    if kind == "details":
        assert '<details class="note details">' in html
        assert "<summary>Một <strong>hai</strong></summary>" in html
    elif kind == "tab":
        assert '<section class="tab">' in html
    else:
        assert f'<aside class="note {kind}">' in html
        assert '<p class="note-title">' in html


def test_a_callout_says_what_it_is_in_words_with_and_without_a_title():
    assert '<span class="note-kind">Căn cứ pháp lý</span></p>' in html_of("/// law\nx\n///")
    titled = html_of("/// law | Nghị định 45\nx\n///")
    assert '<span class="note-kind">Căn cứ pháp lý</span> · Nghị định 45' in titled
    assert html_of("/// example | Ví dụ 2: gạch\nx\n///").count("Ví dụ") == 1


def test_a_callout_speaks_the_lessons_language():
    assert "Legal basis" in html_of("/// can-cu\nx\n///", "en")


def test_an_activity_may_state_its_own_minutes():
    html = html_of("/// thuc-hanh\n    minutes: 15\n\nLàm đi.\n///")
    assert '<span class="meta">15 phút</span>' in html
    assert "minutes" not in html


def test_callouts_nest_with_fences_of_one_length_or_of_two():
    for outer, inner in (("///", "///"), ("////", "///"), ("///", "////")):
        html = html_of(f"{outer} details | Ngoài\nA\n\n{inner} law\nB\n{inner}\n\nC\n{outer}\n\nD")
        details = tree(html).find("details")
        assert details is not None
        assert " ".join("".join(details.itertext()).split()) == "Ngoài A Căn cứ pháp lý B C"
        assert "D" not in "".join(details.itertext())


def test_a_callout_holds_lists_tables_code_and_pictures():
    html = html_of(
        "/// note\nCác bước:\n- một\n  - hai\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        '```python\nx = 1\n```\n\n![Sơ đồ](media/so-do.svg "Chú dẫn")\n///'
    )
    aside = tree(html).find("aside")
    assert aside is not None
    for tag in ("ul/li/ul/li", ".//table", ".//pre", ".//figure/figcaption"):
        assert aside.find(tag) is not None, tag


def test_tabs_that_follow_each_other_stand_together():
    html = html_of("/// tab | Một\nx\n///\n/// the | Hai\ny\n///\n\nz\n\n/// tab | Ba\nw\n///")
    assert html.count('<div class="tabs">') == 2
    assert [len(e) for e in tree(html).findall("div")] == [2, 1]


def test_a_download_names_the_file_and_its_size():
    html = html_of("/// download | media/phieu.xlsx\nTải phiếu.\n///")
    link = tree(html).find(".//a")
    assert link is not None
    assert link.get("download") == "phieu.xlsx"
    assert "XLSX, 23 KB" in html


def test_sizes_are_written_as_the_language_writes_numbers():
    assert file_size(1_300_000, "vi") == "1,2 MB"
    assert file_size(1_300_000, "en") == "1.2 MB"
    assert file_size(10, "vi") == "1 KB"


def test_fences_inside_code_are_code():
    html = html_of("```\n/// note\nx\n///\n```")
    assert "/// note" in html
    assert "<aside" not in html


# Questions


def test_questions_keep_their_place_between_the_parts():
    page, _ = rendered(
        "Một\n\n/// question | q-1\nHỏi?\n- [x] a\n- [ ] b\n///\n\nHai[^1]\n\n[^1]: X"
    )
    assert [next(iter(part)) for part in page.parts] == ["html", "question", "html"]
    assert page.parts[1] == {"question": "q-1"}
    assert "Hỏi" not in page.text


def question(text: str) -> tuple[Question, list[Problem]]:
    problems = ProblemList("bai.md")
    body = text.split("\n")
    read = read_question("q-1", body, line=1, problems=problems)
    assert read is not None
    return Renderer("vi", MEDIA, LESSONS).question(read, body, problems), problems.found


def test_a_choice_is_a_line_and_a_prompt_is_paragraphs():
    shown, problems = question("Hỏi **gì**?\n\n- [x] a *b*\n  > Đúng $x$.\n- [ ] c & d")
    assert problems == []
    assert shown.prompt == "<p>Hỏi <strong>gì</strong>?</p>"
    assert [c.text for c in shown.choices] == ["a <em>b</em>", "c &amp; d"]
    assert shown.choices[0].feedback.startswith("<p>Đúng <math")


def test_a_choice_may_hold_a_picture_but_no_block():
    shown, problems = question("Hỏi?\n\n- [x] ![Sơ đồ](media/so-do.svg)\n- [ ] b")
    assert problems == []
    assert "<figure" not in shown.choices[0].text
    _, problems = question("Hỏi?\n\n- [x] a\n\n  - x\n  - y\n- [ ] b")
    assert [p.code for p in problems] == ["label-block"]


# Text


def test_footnotes_are_linked_both_ways_once_a_lesson():
    html = html_of("Một[^1] hai[^1].\n\n/// note\nBa[^2]\n///\n\n[^1]: Nguồn A\n[^2]: Nguồn B")
    ids = [e.get("id") for e in tree(html).iter() if e.get("id")]
    links = [e.get("href", "") for e in tree(html).iter("a")]
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert "Về chỗ gọi chú thích 1" in html


def test_a_table_scrolls_by_keyboard_and_aligns_without_style():
    html = html_of("| Hạng mục | Số |\n|---|--:|\n| Máy | 1.500 |")
    assert 'class="scroll"' in html
    assert 'tabindex="0"' in html
    assert '<td class="num">1.500</td>' in html
    assert 'scope="col"' in html
    assert "style=" not in html


def test_an_empty_corner_of_a_table_is_no_heading():
    html = html_of("| | Trước |\n|---|---|\n| Điện | 12 |")
    assert html.count("<th") - html.count("<thead") == 1


def test_a_task_list_has_signs_and_no_controls():
    html = html_of("- [ ] việc\n- [x] xong")
    assert "☐ việc" in html
    assert "☑ xong" in html
    assert "<input" not in html


def test_code_is_highlighted_by_classes():
    html = html_of("```python\nx = 1\n```")
    assert '<span class="mi">1</span>' in html
    assert '<pre tabindex="0">' in html


@pytest.mark.parametrize(
    "tex",
    [
        r"E = mc^2",
        r"\frac{a}{b} < \sqrt{x}",
        r"\sum_{i=1}^{n} x_i",
        r"\begin{matrix}1&2\end{matrix}",
    ],
)
def test_a_formula_is_mathml_with_its_tex_kept(tex: str):
    html = html_of(f"Công thức ${tex}$.\n\n$$\n{tex}\n$$")
    found = tree(html).findall(".//math") or re.findall("<math", html)
    assert len(found) == 2
    assert 'encoding="application/x-tex"' in html
    assert "<script" not in html
    assert tex not in plain_text(html)


def test_money_is_no_formula():
    assert "<math" not in html_of("Giá 5 $ hay 10 $, rồi 20$ và 30 $.")


@pytest.mark.parametrize(
    "tex", [r"\frac{a", r"\frac{a}", r"\khongco", r"\left( x", "x^", r"\sqrt", "a_b_c"]
)
def test_a_formula_that_cannot_be_read_is_named_with_its_line(tex: str):
    assert codes(f"Một\n\nHai ${tex}$ ba") == [("formula", 3)]


def test_headings_start_at_two_and_have_ids_of_their_own():
    page, problems = rendered("# Một\n\n## Điều kiện\n\n## Điều kiện")
    assert [p.code for p in problems] == ["heading-first"]
    assert [h.level for h in page.headings] == [2, 3, 3]
    assert len({h.id for h in page.headings}) == 3
    assert page.headings[1].id == "muc-dieu-kien" == heading_id("Điều kiện")


def test_a_heading_that_jumps_is_reminded():
    assert codes("## Một\n\n#### Hai") == [("heading-jump", 3)]


# Media


def test_a_picture_alone_is_a_figure_with_caption_size_and_lazy_loading():
    html = html_of('![Quy trình](media/so-do.svg "Sáu bước")')
    assert "<figcaption>Sáu bước</figcaption>" in html
    picture = tree(html).find(".//img")
    assert picture is not None
    assert picture.get("alt") == "Quy trình"
    assert (picture.get("width"), picture.get("height")) == ("640", "320")
    assert picture.get("loading") == "lazy"


def test_sounds_and_films_have_controls_a_name_and_captions():
    html = html_of("![Lời kể](media/loi-ke.mp3)\n\n![Buổi làm](media/buoi-lam.mp4)")
    assert '<audio aria-label="Lời kể" controls' in html
    assert '<track kind="captions"' in html
    assert 'preload="none"' in html


def test_a_decoration_says_so_and_has_no_words():
    html = html_of("![](media/vien.svg){.decoration}")
    assert 'alt="" class="decoration"' in html
    assert "{" not in html


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("![](media/so-do.svg)", "picture-alt"),
        ("![](media/loi-ke.mp3)", "picture-alt"),
        ("![a](media/thieu.png)", "media-missing"),
        ("[a](media/thieu.pdf)", "media-missing"),
        ("![a](https://example.org/a.png)", "media-outside"),
        ("![a](//example.org/a.png)", "media-outside"),
        ("![a](media/phieu.xlsx)", "media-kind"),
        ("/// download | media/thieu.xlsx\nx\n///", "download-missing"),
        ("/// download\nx\n///", "download-missing"),
        ("[a](03-khong-co.md)", "link-broken"),
        ("[a](#khong-co)", "link-broken"),
        ("Chạy <script>x</script>", "raw-html"),
    ],
)
def test_what_leads_nowhere_is_named_with_its_line(text: str, code: str):
    assert codes(f"Một\n\n{text}") == [(code, 3)]


# Links


def test_a_link_to_a_lesson_leads_to_its_page():
    html = html_of("[khảo sát](02-khao-sat.md#Bước một) [đây](#hai)\n\n## Hai")
    assert 'href="/khoa-hoc/de-an/bai/khao-sat#muc-buoc-mot"' in html
    assert 'href="#muc-hai"' in html


def test_a_link_to_the_outside_gives_nothing_away():
    assert 'rel="noopener"' in html_of("[luật](https://example.vn) và <https://example.vn/a>")


def test_search_sees_words_and_not_marks():
    page, _ = rendered("## Một\n\nHai **ba** $x^2$\n\n| bốn |\n|---|\n| năm |")
    assert page.text.split()[:4] == ["Một", "Hai", "ba", "x2"]
    assert page.words == len(page.text.split())


def test_reading_takes_a_minute_for_two_hundred_words():
    assert rendered("chữ " * 200)[0].reading_minutes == 1
    assert rendered("chữ " * 201)[0].reading_minutes == 2


# Whatever is written


FORBIDDEN = {"script", "style", "iframe", "object", "embed", "form", "input", "button", "svg"}
FORBIDDEN |= {"link", "meta", "base", "select", "textarea", "template", "noscript"}
RUNS = re.compile(r"\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)


def assert_harmless(text: str) -> None:
    page, _ = rendered(text)
    for part in page.parts:
        for element in tree(part.get("html", "")).iter():
            assert element.tag not in FORBIDDEN, part
            for name, value in element.attrib.items():
                assert not name.startswith("on"), part
                assert name != "style", part
                assert not (name in ("href", "src") and RUNS.match(value)), part
                assert name != "id" or value.startswith(("muc-", "fn:", "fnref")), part


XSS = sorted((DATA / "xss").glob("*.test"), key=lambda path: int(path.stem))


@pytest.mark.parametrize("path", XSS, ids=lambda path: path.stem)
def test_hostile_html_is_harmless(path: Path):
    hostile = path.read_text("utf-8", errors="replace").split("\n--\n")[0]
    assert_harmless(hostile)
    assert_harmless(f"/// note | {hostile}\n{hostile}\n///\n\n| {hostile} |\n|---|\n| x |")


NAUGHTY = json.loads((DATA / "blns.json").read_text("utf-8"))


def test_naughty_strings_are_harmless_wherever_they_stand():
    for naughty in NAUGHTY:
        assert_harmless(naughty)
        assert_harmless(f"- [{naughty}]({naughty})\n\n![{naughty}](media/so-do.svg)\n\n`{naughty}`")


@pytest.mark.parametrize(
    "hostile",
    [
        '<p id="main" class="button primary" style="position:fixed">x</p>',
        '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
        '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
        "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,x)",
        '<img src="/tep/x" onerror=alert(1)> <img src=https://example.org/track.gif>',
        "<div><div><div>chưa đóng",
        "<!-- ẩn --> <!DOCTYPE html> <?php x ?>",
        "$\\href{javascript:alert(1)}{x}$",
        '<span class="arithmatex">\\(</span><script>alert(1)</script>\\)</span>',
        "\ue0000\ue000",
    ],
)
def test_what_tries_to_pass_for_the_page_is_harmless(hostile: str):
    assert_harmless(hostile)
    html = "".join(part.get("html", "") for part in rendered(hostile)[0].parts)
    assert "button" not in re.findall(r'class="([^"]*)"', html)
    assert not re.search(r"<img(?![^>]*src=\"/tep/0)", html)


@given(st.text(max_size=300))
def test_any_text_renders_to_something_harmless(text: str):
    assert_harmless(text)


PIECES = st.lists(
    st.sampled_from(
        [
            "/// note", "///", "////", "/// details | x", "/// question | q", "- [x] a", "- [ ] b",
            "```", "| a | b |", "|---|---|", "1. x", "  - y", "", "[^1]: z", "chữ[^1]", "> q", "$$",
            "![a](media/so-do.svg)", "# h", "<div>", "    minutes: 5", "/// tab", "\\", "---",
        ]
    ),
    max_size=14,
)  # fmt: skip


@given(PIECES)
def test_any_order_of_lines_renders_and_loses_no_question(lines: list[str]):
    problems = ProblemList("01-bai.md")
    blocks = cut("\n".join(lines), problems)
    page = Renderer("vi", MEDIA, {}).lesson(blocks, problems)
    if not any(p.is_error for p in problems.found):
        wanted = [line for line in lines if line.startswith("/// question")]
        assert sum("question" in part for part in page.parts) == len(wanted)


def test_commonmark_examples_render_to_something_harmless():
    folder = os.environ.get("SHARED_ACCEPTANCE", "")
    path = Path(folder) / "text" / "commonmark_0.31.json"
    if not folder or not path.is_file():
        pytest.skip("the CommonMark examples are share-alike: name their folder SHARED_ACCEPTANCE")
    for example in json.loads(path.read_text("utf-8")):
        assert_harmless(example["markdown"])
