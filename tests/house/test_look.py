"""The look keeps its promises: readable colours, small files, markup a strict policy allows."""

import gzip
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

APP = Path(__file__).parents[2] / "app"
CSS = APP / "static" / "css"
JS = APP / "static" / "js"
FRAME = sorted((APP / "templates").rglob("*.html"))

GROUNDS = ["paper", "surface", "surface-2", "brand-soft", "gold-soft", "good-soft", "bad-soft"]
PLAIN = GROUNDS[:3]
WORDS = [
    *((ink, ground) for ink in ("ink", "ink-2", "brand") for ground in GROUNDS),
    *((ink, ground) for ink in ("good", "bad", "gold-ink") for ground in PLAIN),
    *((ink, f"{ink}-soft") for ink in ("good", "bad", "brand")),
    *(("gold-ink", "gold-soft"), ("brand-ink", "brand"), ("sun-ink", "sun"), ("code", "surface-2")),
    *(("hero-ink", "hero"), ("hero-2", "hero")),
]
MARKS = [
    *((mark, ground) for mark in ("edge", "focus", "brand") for ground in PLAIN),
    *(("gold", "surface"), ("gold", "paper"), ("sun", "hero"), ("focus", "brand-soft")),
]


def styles() -> str:
    return "".join((CSS / name).read_text() for name in (CSS / "order.txt").read_text().split())


def packed(text: str) -> int:
    return len(gzip.compress(text.encode(), 9))


def colours(theme: str) -> dict[str, str]:
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part))
        for part in (CSS / "tokens.css").read_text().split("prefers-color-scheme: dark")
    )
    return light if theme == "light" else light | dark


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("pairs", "least"), [(WORDS, 4.5), (MARKS, 3.0)], ids=["words", "marks of controls"]
)
def test_every_pair_of_colours_can_be_told_apart(theme, pairs, least):
    known = colours(theme)
    measured = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in measured.items() if ratio < least} == {}


def test_every_colour_outside_the_tokens_is_black_white_or_paper():
    rest = styles().replace((CSS / "tokens.css").read_text(), "")
    printed = (CSS / "print.css").read_text()
    found = set(re.findall(r"#[0-9a-f]{3,6}\b", rest.replace(printed, "")))
    assert found <= {"#fff", "#000", "#ffffff", "#0b5d63", "#fbf9f4"}


def test_every_token_that_is_used_is_defined():
    text = styles()
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert used - set(re.findall(r"(--[\w-]+):", text)) == set()


def test_every_style_file_has_its_place_in_the_order():
    assert sorted((CSS / "order.txt").read_text().split()) == sorted(
        path.name for path in CSS.glob("*.css")
    )


def test_styles_lean_on_nothing_a_phone_of_2021_lacks():
    text = re.sub(r"/\*.*?\*/", "", styles(), flags=re.DOTALL)
    for newer in ("@layer", "light-dark(", "@container", "@scope", "color-mix("):
        assert newer not in text
    assert not re.search(r"[{;]\s*&", text), "no nesting"


def test_styles_and_a_lessons_scripts_stay_light():
    assert packed(styles()) <= 9.5 * 1024
    assert packed("".join((JS / f"{n}.js").read_text() for n in ("app", "answer", "menu"))) <= 4096


@pytest.mark.parametrize("path", FRAME, ids=lambda path: path.name)
def test_the_frame_has_no_inline_style_or_script(path):
    text = path.read_text()
    assert " style=" not in text
    assert "<style" not in text
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert "|safe" not in text


def test_every_icon_and_behaviour_that_is_named_exists():
    drawn = set(re.findall(r'symbol id="([\w-]+)"', (APP / "static/img/icons.svg").read_text()))
    for path in FRAME:
        text = path.read_text()
        assert set(re.findall(r'icon\("([\w-]+)"\)', text)) <= drawn, path.name
        for name in re.findall(r"asset\('([\w/.-]+\.\w+)'\)", text):
            assert (APP / "static" / name).is_file(), name


@pytest.fixture
def draw():
    """Draws a template text with what the kernel gives to every page."""
    kernel = Environment(
        loader=FileSystemLoader(APP / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    kernel.install_gettext_callables(  # type: ignore[attr-defined]
        lambda words: words, lambda one, many, n: one if n == 1 else many, newstyle=True
    )
    kernel.globals.update(
        asset=lambda name: f"/static/{name}",
        stored_html=Markup,
        site=SimpleNamespace(name="Bồi dưỡng Khuyến công", motto="", is_demo=True),
        me=None,
        navigation=[],
        language="vi",
        request=SimpleNamespace(full_path="/khoa-hoc?", method="GET"),
        get_flashed_messages=lambda with_categories: [("error", "Chưa lưu được.")],
    )
    return lambda text, **given: kernel.from_string(text).render(**given)


def a_question(kind="one", **more):
    choices = [SimpleNamespace(key=key, html=f"<em>{key}</em>") for key in "ab"]
    return SimpleNamespace(
        **{"id": "q1", "kind": kind, "prompt": "<p>?</p>", "choices": choices, "unit": None} | more
    )


def a_result(**more):
    nothing = {"choice_feedback": {}, "right_keys": None, "explanation": None, "right_answer": None}
    return SimpleNamespace(**{"share": 0, "is_right": False} | nothing | more)


QUESTION = (
    '{% from "parts/question.html" import question %}{{ question(item, answer, result, "x-") }}'
)


@pytest.mark.parametrize("block", ["title", "main"])
def test_a_page_without_title_or_main_fails(draw, block):
    left = {"title": "main", "main": "title"}[block]
    with pytest.raises(Exception, match=f"Required block '{block}'"):
        draw(f'{{% extends "page.html" %}}{{% block {left} %}}x{{% endblock %}}')


def test_a_refusal_is_read_aloud_at_once(draw):
    page = draw(
        '{% extends "page.html" %}{% block title %}x{% endblock %}{% block main %}{% endblock %}'
    )
    assert 'role="alert"' in page
    assert "Chưa lưu được." in page


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        ("one", 'type="radio"'),
        ("multiple", 'type="checkbox"'),
        ("number", 'inputmode="decimal"'),
        ("text", 'type="text"'),
    ],
)
def test_each_kind_of_question_has_its_input_under_its_own_name(draw, kind, mark):
    drawn = draw(QUESTION, item=a_question(kind), answer=None, result=None)
    assert mark in drawn
    assert 'name="x-q1"' in drawn
    assert 'data-question="q1"' in drawn


def test_what_was_answered_is_shown_again(draw):
    drawn = draw(QUESTION, item=a_question(), answer="b", result=None)
    assert re.search(r'value="b" checked', drawn)
    assert not re.search(r'value="a" checked', drawn)


def test_the_right_answer_stays_hidden_until_the_result_brings_it(draw):
    hidden = draw(QUESTION, item=a_question(), answer="b", result=a_result())
    assert "Chưa đúng" in hidden
    assert "Đáp án đúng" not in hidden
    shown = draw(QUESTION, item=a_question(), answer="b", result=a_result(right_keys=["a"]))
    assert "Đáp án đúng" in shown


def test_an_answer_that_was_typed_is_escaped(draw):
    drawn = draw(QUESTION, item=a_question("text"), answer='"><script>', result=None)
    assert "<script>" not in drawn
