"""Which of the demo's people each one-click button stands for (docs/using/operating.md)."""

from __future__ import annotations

from sqlalchemy import select

from app.kernel.database import session
from app.kernel.words import _l
from app.people.models import Person

# value of the button, staff code in the demo, what the button says
BUTTONS = (
    ("hoc-vien", "MS0001", _l("Cán bộ trung tâm có quyết định công nhận thường xuyên")),
    ("hoc-vien-moi", "MS0003", _l("Cán bộ mới, chưa học khóa nào")),
    ("cong-tac-vien", "MS0101", _l("Cộng tác viên cấp xã")),
    ("giang-vien", "MS0901", _l("Giảng viên")),
    ("quan-ly", "MS0911", _l("Quản lý trung tâm")),
    ("quan-ly-so", "MS0912", _l("Quản lý của Sở")),
    ("quan-ly-bo", "MS0913", _l("Quản lý của Bộ")),
    ("quan-tri", "MS0921", _l("Quản trị hệ thống")),
)


def person_for(button: str) -> Person | None:
    """The person behind a button, or None."""
    code = next((code for value, code, _label in BUTTONS if value == button), None)
    return session().scalar(select(Person).where(Person.staff_code == code)) if code else None
