"""Numbers are read as Vietnamese write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.words import show_number
from app.questions.numbers import UnreadableNumber, read_number, read_quantity, unit_key


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.500", "1500"),
        ("1 500", "1500"),
        ("1500", "1500"),
        ("1.234.567", "1234567"),
        ("12,5", "12.5"),
        ("1.234,5", "1234.5"),
        ("0,75", "0.75"),
        ("-3", "-3"),
        ("− 3,5", "-3.5"),
        ("+7", "7"),
        ("１２", "12"),
        ("  45 ", "45"),
        ("2,125", "2.125"),
    ],
)
def test_a_number_reads_as_it_is_written(text: str, number: str):
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["12.5", "1.50", "0.500", "1,500,000", "1.2.3", "12,", ",5", "1..000", "abc", "", "-", "1e5"],
)
def test_what_two_readers_would_read_differently_is_no_number(text: str):
    with pytest.raises(UnreadableNumber) as caught:
        read_number(text)
    assert str(caught.value.message)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("200 triệu", 200_000_000, ""),
        ("200 trieu dong", 200_000_000, "dong"),
        ("200tr", 200_000_000, ""),
        ("12,5 triệu đồng", 12_500_000, "dong"),
        ("1,2 tỷ đồng", 1_200_000_000, "dong"),
        ("3 nghìn tỷ", 3_000_000_000_000, ""),
        ("500k", 500_000, ""),
        ("1.500.000 ₫", 1_500_000, "dong"),
        ("1.500.000 VNĐ", 1_500_000, "dong"),
        ("87,5%", "87.5", "%"),
        ("87,5 phần trăm", "87.5", "%"),
        ("25 m²", 25, "m2"),
        ("45 phút.", 45, "phut"),
        ("2 million dong", 2_000_000, "dong"),
    ],
)
def test_scale_words_multiply_and_units_are_told_apart(text: str, value: object, unit: str):
    quantity = read_quantity(text)
    assert (quantity.value, quantity.unit) == (Decimal(str(value)), unit)


def test_one_unit_has_one_key_under_all_its_names():
    assert {unit_key(name) for name in ("đồng", "đ", "VND", "Đồng", "₫", "dong")} == {"dong"}


@given(st.integers(min_value=0, max_value=10**15))
def test_every_whole_number_that_we_show_reads_back(number: int):
    assert read_number(show_number(number)) == number


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_decimal_that_we_show_reads_back(number: Decimal):
    assert read_number(show_number(number, 2)) == number


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_says_why_not(text: str):
    said = "đọc được"
    try:
        read_quantity(text)
    except UnreadableNumber as unreadable:
        said = str(unreadable.message)
    assert said
