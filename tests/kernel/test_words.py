"""Vietnamese text: one spelling, search without marks, order, dates and numbers."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import words
from app.kernel.words import fold, name_fold, name_sort_key, nfc, read_date, sort_key

# domain.md 6.4, measured against the reference collation.
PROVINCES = (
    "An Giang, Bắc Ninh, Cà Mau, Cao Bằng, Cần Thơ, Đà Nẵng, Đắk Lắk, Điện Biên, Đồng Nai, "
    "Đồng Tháp, Gia Lai, Hà Nội, Hà Tĩnh, Hải Phòng, Hồ Chí Minh, Huế, Hưng Yên, Khánh Hòa, "
    "Lai Châu, Lạng Sơn, Lào Cai, Lâm Đồng, Nghệ An, Ninh Bình, Phú Thọ, Quảng Ngãi, "
    "Quảng Ninh, Quảng Trị, Sơn La, Tây Ninh, Thái Nguyên, Thanh Hóa, Tuyên Quang, Vĩnh Long"
)
TONES = ["an", "àn", "ản", "ãn", "án", "ạn", "ăn", "ân"]
LETTERS = "a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z"

LETTER = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèéẹêềểễếệghiìíịklmnoòóọôồốộơờớợpqrstuùúụưừứựvxyỳýỵ"
names = st.lists(
    st.text(alphabet=LETTER + LETTER.upper(), min_size=1, max_size=6), min_size=1, max_size=4
).map(" ".join)
anything = st.text(max_size=40)


# One spelling


def test_a_name_typed_with_separate_marks_is_stored_as_one_letter_each():
    assert nfc(unicodedata.normalize("NFD", "Nguyễn Đức Ặng")) == "Nguyễn Đức Ặng"


@pytest.mark.parametrize(
    "typed", ["  Lò  Văn\tẶng ", "Lò\u00a0Văn\u00a0Ặng", "Lò Văn Ặng\n", "Lò\u200b Văn Ặ\u200dng"]
)
def test_stray_spaces_and_invisible_signs_are_dropped(typed: str):
    assert nfc(typed) == "Lò Văn Ặng"


def test_control_characters_do_not_reach_the_database():
    assert nfc("a\x00b\x1bc") == "abc"


@given(anything)
def test_tidied_text_is_in_normal_form_and_tidying_it_again_changes_nothing(text: str):
    tidy = nfc(text)
    assert unicodedata.is_normalized("NFC", tidy)
    assert nfc(tidy) == tidy


# Search


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Khuyến công", "khuyen cong"),
        ("Đào tạo", "dao tao"),
        ("ĐẮK LẮK", "dak lak"),
        ("Thừa Thiên – Huế", "thua thien – hue"),
        ("Vũ Thị Ẩn", "vu thi an"),
    ],
)
def test_what_is_written_with_marks_is_found_without(written: str, typed: str):
    assert fold(written) == typed


@pytest.mark.parametrize(
    ("older", "newer"),
    [("Hòa", "Hoà"), ("Thúy", "Thuý"), ("khỏe", "khoẻ"), ("Hiệp Hòa", "Hiệp Hoà")],
)
def test_both_placements_of_a_tone_are_the_same_word_to_a_search(older: str, newer: str):
    assert older != newer
    assert name_fold(older) == name_fold(newer)


@given(names)
def test_folding_leaves_plain_lower_case_letters_only(name: str):
    folded = fold(name)
    assert folded.isascii()
    assert folded == folded.lower() == fold(folded)


# Order


def test_the_provinces_stand_in_vietnamese_order():
    assert sorted(set(PROVINCES.split(", ")), key=sort_key) == PROVINCES.split(", ")


def test_tones_follow_one_another_as_in_a_dictionary():
    assert sorted(set(TONES), key=sort_key) == TONES


def test_every_letter_of_the_alphabet_has_its_own_place():
    assert sorted(set(LETTERS.split()), key=sort_key) == LETTERS.split()


def test_letters_of_the_whole_text_weigh_more_than_any_tone():
    assert sorted(["hạ b", "ha c", "hà a"], key=sort_key) == ["hà a", "hạ b", "ha c"]


def test_spaces_come_before_digits_and_digits_before_letters():
    assert sorted(["baa", "b1", "b a"], key=sort_key) == ["b a", "b1", "baa"]


def test_small_letters_come_before_capitals_when_nothing_else_differs():
    assert sorted(["An", "an", "AN"], key=sort_key) == ["an", "An", "AN"]


@given(anything)
def test_a_key_is_hexadecimal_so_that_every_collation_keeps_its_order(text: str):
    assert set(sort_key(text)) <= set("0123456789abcdef")


@given(names)
def test_both_normal_forms_of_a_name_have_one_key(name: str):
    assert sort_key(unicodedata.normalize("NFD", name)) == sort_key(name)


@given(names, names)
def test_different_spellings_have_different_keys(one: str, other: str):
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(names, names, names)
def test_what_is_added_behind_a_text_never_moves_it_before_the_text(a: str, b: str, c: str):
    assert sort_key(a) < sort_key(f"{a} {b}")
    # Once base letters differ, nothing that follows can turn the order round.
    if fold(a) == a and fold(b) == b and len(a) == len(b) and a < b:
        assert sort_key(a + c) < sort_key(b + c)


def test_people_are_listed_by_given_name_then_by_the_whole_name():
    listed = [
        "Nguyễn Thị Hồng Ánh",
        "Trần Văn Ánh",
        "Vũ Thị Ẩn",
        "Trần Văn Đức",
        "Phạm Quốc Ưu",
    ]
    assert sorted(set(listed), key=name_sort_key) == listed


def test_a_name_of_one_word_takes_its_place_among_the_others():
    listed = ["Trần Nam", "Lò Văn Ơn", "Ơn", "Y Ơn"]
    assert sorted(set(listed), key=name_sort_key) == listed


@given(st.lists(names, min_size=2, max_size=6))
def test_people_with_given_names_in_order_are_in_order(people: list[str]):
    for before, after in pairwise(sorted(people, key=name_sort_key)):
        given_before, given_after = before.split()[-1], after.split()[-1]
        assert sort_key(given_before) <= sort_key(given_after)


# Dates


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),
        (date(2026, 1, 31), "ngày 31 tháng 01 năm 2026"),
        (date(2026, 3, 9), "ngày 09 tháng 3 năm 2026"),
        (date(2026, 11, 23), "ngày 23 tháng 11 năm 2026"),
    ],
)
def test_a_long_date_has_a_zero_before_small_days_and_the_first_two_months(day: date, shown: str):
    assert words.show_long_date(day) == shown


def test_a_moment_is_shown_on_the_clock_and_calendar_of_vietnam():
    moment = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
    assert words.show_moment(moment) == "01:05 23/11/2026"
    assert words.show_date(moment) == "23/11/2026"


def test_no_date_shows_nothing():
    assert words.show_date(None) == words.show_moment(None) == ""


@pytest.mark.parametrize(
    "typed", ["23/11/2026", "23-11-2026", "23.11.2026", " 23/11/2026 ", "2026-11-23"]
)
def test_a_date_is_read_as_people_and_browsers_write_it(typed: str):
    assert read_date(typed) == date(2026, 11, 23)


@pytest.mark.parametrize(
    "typed", ["", "31/02/2026", "11/23/2026", "23/11/26", "hôm nay", "1/1/0206"]
)
def test_what_is_no_date_is_not_read_as_one(typed: str):
    assert read_date(typed) is None


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_date_that_is_shown_can_be_read_again(day: date):
    assert read_date(words.show_date(day)) == day


# Numbers


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1234567, "1.234.567"),
        (1234567.5, "1.234.567,5"),
        (Decimal("8.5"), "8,5"),
        (8.0, "8"),
        (-1500, "-1.500"),
        (None, ""),
    ],
)
def test_numbers_have_dots_between_thousands_and_a_decimal_comma(number: float | None, shown: str):
    assert words.show_number(number) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0.875, "87,5%"), (1.0, "100%"), (0.29, "29%"), (0.0, "0%"), (None, "")]
)
def test_a_share_is_shown_to_one_decimal(share: float | None, shown: str):
    assert words.show_percent(share) == shown


# Sentences for whoever reads them


def test_words_are_translated_when_they_are_read_and_not_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(words, "_translate", str)
    sentence = words._l("Còn %(days)s ngày.", days=3)
    assert str(sentence) == "Còn 3 ngày."
    words.set_translator({"Còn %(days)s ngày.": "%(days)s days left."}.__getitem__)
    assert str(sentence) == "3 days left."


def test_words_are_escaped_where_html_is_made():
    assert words._l("%(name)s", name="<b>").__html__() == "&lt;b&gt;"
