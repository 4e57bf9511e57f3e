"""Forms of units."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from app.kernel.forms import BaseForm, DayField, TidyStringField, at_most, required


class UnitForm(BaseForm):
    """A new unit."""

    name = TidyStringField(_l("Tên đơn vị"), [required(), at_most(200)])
    code = TidyStringField(
        _l("Mã đơn vị"),
        [required(), at_most(40)],
        description=_l("Mã không đổi và không dùng lại, kể cả khi đơn vị đổi tên."),
    )
    kind = SelectField(_l("Loại đơn vị"))
    parent_id = SelectField(_l("Đơn vị cấp trên"), coerce=int)
    opened_on = DayField(_l("Hiệu lực từ"), [required()])
    place_name = TidyStringField(
        _l("Địa danh ghi trên văn bản"),
        [at_most(60)],
        description=_l("Đứng trước ngày tháng, ví dụ: Cần Thơ."),
    )


class UnitChangeForm(BaseForm):
    """A new name, kind or parent from a day on."""

    name = TidyStringField(_l("Tên đơn vị"), [required(), at_most(200)])
    kind = SelectField(_l("Loại đơn vị"))
    parent_id = SelectField(_l("Đơn vị cấp trên"), coerce=int)
    since = DayField(_l("Hiệu lực từ"), [required()])
    decision = TidyStringField(
        _l("Theo quyết định"), [at_most(200)], description=_l("Số và ngày của văn bản.")
    )
