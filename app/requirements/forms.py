"""The form of a requirement."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from app.kernel.forms import BaseForm, DayField, required


class RequirementForm(BaseForm):
    """Who must complete which course by when."""

    course_id = SelectField(_l("Khóa học"), coerce=int)
    unit_id = SelectField(_l("Đơn vị, gồm cả các đơn vị dưới"), coerce=int)
    membership_kind = SelectField(_l("Giao cho"), [])
    due_on = DayField(_l("Hạn hoàn thành"), [required()])
