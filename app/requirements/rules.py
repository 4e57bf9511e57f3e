"""What may be required."""

from __future__ import annotations

from datetime import date

from app.kernel.acts import Act
from app.kernel.refusals import Refusal
from app.kernel.words import _l


class DueInThePast(Refusal):
    """Nobody can be asked to have done something by yesterday."""

    text = _l("Hạn hoàn thành phải từ hôm nay trở đi.")


class AlreadyRequired(Refusal):
    """One requirement a unit, course and kind of member."""

    text = _l("Đơn vị này đã giao khóa học đó cho cùng nhóm người. Hãy rút yêu cầu cũ trước.")


def check_due(due_on: date, today: date) -> None:
    """Raise DueInThePast."""
    if due_on < today:
        raise DueInThePast


ACTS = {
    "requirement.make": Act(
        group="requirement", sentence=_l("giao khóa học %(course)s, hạn %(due_on)s")
    ),
    "requirement.withdraw": Act(group="requirement", sentence=_l("rút một yêu cầu học")),
}
