"""A question block is read as its author meant it, or says in which line it is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questions import kinds
from tests.questions import asking
from tests.questions.asking import read, read_with_problems


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_the_kind_follows_from_the_answers(kind: str):
    assert read(asking.ALL[kind]).kind == kind


def test_a_question_holds_prompt_options_answers_feedback_and_explanation():
    question = read(asking.ONE)
    assert question.prompt == "Khoản nào dưới đây cần căn cứ là **báo giá**?"
    assert (question.points, question.tags, question.difficulty) == (1, ("bao-gia",), "easy")
    assert [choice.text for choice in question.choices] == [
        "Mua máy cắt CNC",
        "Phụ cấp cộng tác viên",
        "Công tác phí đi khảo sát",
    ]
    assert [choice.right for choice in question.choices] == [True, False, False]
    assert question.choices[0].feedback == "Đúng. Giá thiết bị cần báo giá hợp lệ."
    assert question.explanation == "Lời giải: mọi khoản mua sắm đều cần căn cứ về giá."
    assert question.line == 10


def test_options_may_stand_without_a_blank_line_after_them():
    with_blank = read(asking.ONE)
    without = read(asking.ONE.replace("easy\n\n", "easy\n"))
    assert without == with_blank


def test_feedback_may_stand_at_the_margin_or_run_over_lines():
    question = read("Hỏi?\n- [x] một\n> Phải,\n> đúng vậy.\n- [ ] hai\n  > Chưa.\n  Xem lại.")
    assert [c.feedback for c in question.choices] == ["Phải,\nđúng vậy.", "Chưa.\nXem lại."]


def test_an_answer_may_run_over_indented_lines():
    question = read("Hỏi?\n- [x] một\n  và nữa\n- [ ] hai")
    assert question.choices[0].text == "một\nvà nữa"


def test_a_task_list_inside_code_is_no_answer():
    question = read("Đọc đoạn này:\n\n```\n- [x] mã\n```\n\n- [x] đúng\n- [ ] sai")
    assert len(question.choices) == 2
    assert "- [x] mã" in question.prompt


def test_type_says_the_kind_where_the_answers_leave_a_doubt():
    several = read("    type: multiple\nHỏi?\n- [x] a\n- [ ] b")
    year = read("    type: text\nNăm nào?\n= 2012")
    assert (several.kind, year.kind) == ("multiple", "text")


@pytest.mark.parametrize("answer", ["5S", "45/2012/NĐ-CP", "30/11", "12 tháng 5"])
def test_a_text_that_begins_with_a_digit_is_no_number(answer: str):
    assert read(f"Hỏi?\n= {answer}").kind == "text"


@pytest.mark.parametrize(
    ("answer", "value", "tolerance", "unit"),
    [
        ("12,5 ± 0,5 triệu đồng", "12500000", "500000", "triệu đồng"),
        ("12,5 triệu đồng ± 0,5 triệu đồng", "12500000", "500000", "triệu đồng"),
        ("1.500 +/- 10", "1500", "10", ""),
        ("1.500 +- 10 m2", "1500", "10", "m2"),
        ("87,5%", "87.5", "0", "%"),
        ("200.000.000 đồng", "200000000", "0", "đồng"),
    ],
)
def test_a_number_has_value_tolerance_and_unit(answer: str, value: str, tolerance: str, unit: str):
    number = read(f"Bao nhiêu?\n= {answer}").number
    assert number is not None
    assert (number.value, number.tolerance) == (Decimal(value), Decimal(tolerance))
    assert number.unit == unit


def test_blanks_are_numbered_in_the_prompt_and_left_alone_in_code():
    question = read(asking.BLANKS)
    assert question.prompt == "Nghề [[1]] là [[2]]; `[[mã]]` thì không."
    assert [blank.answer for blank in question.blanks] == ["khuyến công", "đúng"]
    assert [c.text for c in question.blanks[1].choices] == ["đúng", "sai", "có khi"]


def test_pairs_and_steps_and_criteria_keep_their_order():
    assert [(p.term, p.match) for p in read(asking.MATCHING).pairs] == [
        ("Đề án", "Việc có dự toán"),
        ("Nghiệm thu", "Việc cuối"),
    ]
    assert [s.text for s in read(asking.ORDER).steps] == ["Khảo sát", "Lập đề án", "Nghiệm thu"]
    assert [(c.name, c.points) for c in read(asking.ESSAY).rubric] == [
        ("Nêu đủ căn cứ", 4),
        ("Trình bày rõ", 6),
    ]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("Hỏi?", "question-answers", 10),
        ("- [x] a\n- [ ] b", "question-prompt", 10),
        ("Hỏi?\n- [ ] a\n- [ ] b", "question-right", 10),
        ("    type: one\nHỏi?\n- [x] a\n- [x] b", "question-right", 14),
        ("Hỏi?\n- [x] a", "question-answers", 12),
        ("Hỏi?\n- [x] a\n- [ ] a", "answer-twice", 13),
        ("Hỏi?\n- [x] a\n- [ ]", "answer-empty", 13),
        ("Hỏi?\n- [] a\n- [x] b\n- [ ] c", "choice-shape", 12),
        ("Hỏi?\n- [x] a\nlời\n- [ ] b", "text-between-answers", 13),
        ("    pionts: 2\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    points: không\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    points: 0\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    tags: Báo Giá\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    difficulty: dễ\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    diacritics: ignore\nHỏi?\n- [x] a\n- [ ] b", "question-option", 11),
        ("    points: 1\n    points: 2\nHỏi?\n- [x] a\n- [ ] b", "question-option", 12),
        ("    type: mutiple\nHỏi?\n- [x] a\n- [ ] b", "question-type", 11),
        ("    type: number\nHỏi?\n= 12.5", "number-shape", 13),
        ("    type: number\nHỏi?\n= 5S", "number-shape", 13),
        ("    type: number\nHỏi?\n= 5\n= 6", "number-shape", 14),
        ("Điền [[đúng / sai]]", "blank-shape", 11),
        ("Điền [[*đúng / *sai]]", "blank-shape", 11),
        ("    type: blanks\nĐiền đi", "question-answers", 10),
        ("    type: essay\nViết đi", "question-rubric", 10),
        ("    type: essay\n    rubric:\n      - hay\nViết đi", "question-rubric", 13),
        ("Nối\n- a :: b", "question-answers", 12),
        ("Nối\n- a :: b\n- a :: c", "answer-twice", 13),
        ("Xếp\n1. a", "question-answers", 12),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, code: str, line: int):
    question, problems = read_with_problems(text)
    assert question is None
    assert (code, line) in [(p.code, p.line) for p in problems]
    assert all(str(p).startswith(f"bai.md:{p.line}: ") for p in problems)


@pytest.mark.parametrize("name", ["", "Có dấu", "a b", "-a", "x" * 81])
def test_an_id_is_plain_and_short(name: str):
    question, problems = read_with_problems(asking.ONE, name)
    assert question is None
    assert [p.code for p in problems] == ["question-id"]


def test_an_unknown_option_suggests_the_one_that_was_meant():
    _, problems = read_with_problems("    pionts: 2\nHỏi?\n- [x] a\n- [ ] b")
    assert "points" in str(problems[0])


LINE = st.one_of(
    st.sampled_from(
        ["- [x] a", "- [ ] b", "= 5", "= x", "> c", "  > d", "1. e", "- f :: g", "[[h]]", "", "```"]
    ),
    st.sampled_from(["    points: 2", "    type: one", "    type: essay", "    rubric:", "///"]),
    st.text(max_size=20).map(lambda text: text.replace("\n", " ")),
)


@given(st.lists(LINE, max_size=14), st.sampled_from(["cau-1", "", "Ô"]))
def test_any_block_gives_a_question_or_says_what_is_wrong(lines: list[str], name: str):
    question, problems = read_with_problems("\n".join(lines), name)
    assert (question is None) == any(p.is_error for p in problems)
    assert all(10 <= p.line <= 11 + len(lines) for p in problems)


@given(st.lists(LINE, max_size=14))
def test_whatever_reads_survives_being_stored(lines: list[str]):
    question, _ = read_with_problems("\n".join(lines))
    if question is not None:
        assert kinds.from_json(kinds.to_json(question)) == question
