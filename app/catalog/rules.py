"""How long a course is called, and why a publication is refused."""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.refusals import Refusal
from app.kernel.words import _l

SHORT_PERIODS = 4
MEDIUM_PERIODS = 8
LENGTHS = ("short", "medium", "long")


class CourseHasErrors(Refusal):
    """A course with an error is never published, not even in part."""

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            _l("Khóa học có %(count)s lỗi nên chưa phát hành.", count=len(self.problems))
        )


class NoSuchVersion(Refusal):
    """A course or a version that was never published here."""

    text = _l("Không có khóa học hoặc phiên bản này.")


def length_of(periods: int) -> str:
    """short (up to 4 periods: half a day), medium (up to 8: a day) or long."""
    if periods <= SHORT_PERIODS:
        return "short"
    return "medium" if periods <= MEDIUM_PERIODS else "long"
