"""Questions for tests, written as an author writes them."""

from __future__ import annotations

from app.questions.grammar import read_question
from app.questions.kinds import Question
from app.questions.problems import Problem, ProblemList


def read(text: str, name: str = "du-toan-03", source: Question | None = None) -> Question:
    """The question that a block holds, which must have no problem."""
    question, problems = read_with_problems(text, name, source)
    assert problems == [], [str(p) for p in problems]
    assert question is not None
    return question


def read_with_problems(
    text: str, name: str = "du-toan-03", source: Question | None = None
) -> tuple[Question | None, list[Problem]]:
    """What a block holds whose fence stands on line 10, and what is wrong with it."""
    problems = ProblemList("bai.md")
    question = read_question(name, text.split("\n"), line=10, problems=problems, source=source)
    return question, problems.found


ONE = """    points: 1
    tags: [bao-gia]
    difficulty: easy

Khoản nào dưới đây cần căn cứ là **báo giá**?

- [x] Mua máy cắt CNC
  > Đúng. Giá thiết bị cần báo giá hợp lệ.
- [ ] Phụ cấp cộng tác viên
- [ ] Công tác phí đi khảo sát

Lời giải: mọi khoản mua sắm đều cần căn cứ về giá."""
SEVERAL = "Chọn hai việc đúng.\n\n- [x] Hỏi\n- [x] Ghi\n- [ ] Đoán\n- [ ] Bịa"
NUMBER = "Dự toán là bao nhiêu?\n\n= 12,5 ± 0,5 triệu đồng"
TEXT = "SXSH là gì?\n\n= sản xuất sạch hơn\n  > Đúng.\n= sản xuất sạch"
BLANKS = "Nghề [[khuyến công]] là [[*đúng / sai / có khi]]; `[[mã]]` thì không."
MATCHING = "Nối từ với nghĩa.\n\n- Đề án :: Việc có dự toán\n- Nghiệm thu :: Việc cuối"
ORDER = "Xếp theo thứ tự.\n\n1. Khảo sát\n2. Lập đề án\n3. Nghiệm thu"
ESSAY = """    type: essay
    rubric:
      - Nêu đủ căn cứ: 4
      - Trình bày rõ: 6

Viết một trang về cơ sở của anh/chị."""
ALL = {
    "one": ONE,
    "multiple": SEVERAL,
    "number": NUMBER,
    "text": TEXT,
    "blanks": BLANKS,
    "matching": MATCHING,
    "order": ORDER,
    "essay": ESSAY,
}
