"""Verification codes: what is a code, and which slips of the pen are seen."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credentials import codes

signs = st.sampled_from(codes.ALPHABET)
draws = st.lists(st.integers(0, 31), min_size=9, max_size=9)


def code_of(numbers: list[int]) -> str:
    waiting = iter(numbers)
    return codes.new_code(lambda _size: next(waiting))


def test_the_alphabet_leaves_out_what_paper_confuses():
    assert set(codes.ALPHABET) == set(string.ascii_uppercase + string.digits) - set("OI01")
    assert len(codes.ALPHABET) == 32


@given(draws)
def test_a_new_code_is_a_code_in_its_canonical_form(numbers):
    code = code_of(numbers)
    assert [len(part) for part in code.split("-")] == [4, 4, 2]
    assert codes.normalized(code) == code


@given(draws, st.text(alphabet=" -–\u00a0\t.", max_size=3), st.booleans())
def test_hyphens_spaces_and_case_do_not_matter(numbers, between, lower):
    code = code_of(numbers)
    typed = between.join(code.replace("-", ""))
    assert codes.normalized(typed.lower() if lower else typed) == code


@given(draws, st.integers(0, 9), signs)
def test_one_wrong_sign_is_seen(numbers, place, sign):
    plain = code_of(numbers).replace("-", "")
    wrong = plain[:place] + sign + plain[place + 1 :]
    assert codes.is_code(wrong) == (wrong == plain)


@given(draws, st.integers(0, 8))
def test_two_neighbours_exchanged_are_seen(numbers, place):
    plain = code_of(numbers).replace("-", "")
    wrong = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    assert codes.is_code(wrong) == (wrong == plain)


@pytest.mark.parametrize(
    "typed",
    ["", "K7QM", "K7QM-2F8D-X0", "K7QM-2F8D-XI", "ĐẶNG-THỊỨ-NG", "K7QM-2F8D-XWA", "💡" * 10],
)
def test_what_cannot_be_a_code_is_none(typed):
    assert codes.normalized(typed) is None


@given(st.text(max_size=40))
def test_any_text_is_read_without_complaint(typed):
    canonical = codes.normalized(typed)
    assert canonical is None or codes.normalized(canonical) == canonical


def test_codes_drawn_by_the_machine_differ():
    assert len({codes.new_code() for _ in range(2000)}) == 2000
