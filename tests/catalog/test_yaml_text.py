"""YAML without its surprises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.yaml_text import Keys, Rows, Text, YamlProblem, read


def value(text: str) -> object:
    node = read(f"a: {text}").items["a"]
    return node.value if isinstance(node, Text) else node


@pytest.mark.parametrize("text", ["no", "12:30", "1.500", "0x1F", "2026-11-01", "~", "null", "on"])
def test_a_value_is_what_was_written(text: str):
    assert value(text) == text


def test_lines_are_those_of_the_file():
    node = read("a: 1\nb:\n  - x\n  - y\n", first_line=5)
    assert node.key_lines == {"a": 5, "b": 6}
    rows = node.items["b"]
    assert isinstance(rows, Rows)
    assert [row.line for row in rows.items] == [7, 8]


def test_a_colon_in_a_list_is_seen_as_what_yaml_makes_of_it():
    rows = read("a:\n  - Không: làm gì").items["a"]
    assert isinstance(rows, Rows)
    assert isinstance(rows.items[0], Keys)


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("a: 1\na: 2", 2, "key-twice"),
        ("a: &x [1]\nb: *x", 1, "yaml"),
        ("a: 1\nb: *x", 2, "yaml"),
        ("a: !!python/object/apply:os.system [ls]", 1, "yaml"),
        ("a: b: c", 1, "yaml-shape"),
        ("a:\n\tb: 1", 2, "yaml-shape"),
        ("- a", 1, "yaml-shape"),
        ("a: [x] đúng", 1, "yaml-shape"),
        ("a: @x", 1, "yaml-shape"),
        ("? [a]\n: b", 1, "yaml-shape"),
        ("<<: {a: 1}\na: 1\na: 2", 3, "key-twice"),
        ("a: 'x", 1, "yaml-shape"),
        ("a: 1\n---\nb: 2", 2, "yaml-shape"),
        ("[" * 3000, 1, "yaml"),
        ("a: " + "x" * 70_000, 1, "yaml"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, code: str):
    with pytest.raises(YamlProblem) as caught:
        read(text)
    assert (caught.value.line, caught.value.code) == (line, code)


def test_a_bomb_of_aliases_is_refused():
    bomb = "a: &a [x,x,x]\n" + "\n".join(f"b{n}: &b{n} [*a,*a]" for n in range(30))
    with pytest.raises(YamlProblem):
        read(bomb)


@given(st.text(max_size=200))
def test_any_text_reads_or_says_why_not(text: str):
    said = None
    try:
        read(text)
    except YamlProblem as problem:
        said = (problem.line >= 1, bool(str(problem.message)))
    assert said in (None, (True, True))
