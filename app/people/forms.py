"""Forms of sign-in, passwords, persons and roles."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.validators import Optional

from app.kernel.forms import BaseForm, DayField, TidyStringField, at_most, required


class SignInForm(BaseForm):
    """Staff code, e-mail or phone, and password."""

    name = StringField(_l("Mã cán bộ, thư điện tử hoặc số điện thoại"), [required(), at_most(200)])
    password = PasswordField(_l("Mật khẩu"), [required(), at_most(200)])
    tiep = HiddenField()


class PasswordForm(BaseForm):
    """A first or new password. Shown as typed on request; one field is enough."""

    password = PasswordField(
        _l("Mật khẩu mới"),
        [required(), at_most(200)],
        description=_l("Từ 10 ký tự. Một câu dễ nhớ thì tốt hơn một từ khó."),
    )


class PasswordChangeForm(PasswordForm):
    """A new password, and the present one to prove who asks."""

    current = PasswordField(_l("Mật khẩu hiện tại"), [at_most(200)])


class FoundingForm(PasswordForm):
    """The first administrator and the first unit of an installation."""

    full_name = TidyStringField(_l("Họ và tên của anh/chị"), [required(), at_most(120)])
    email = EmailField(_l("Thư điện tử"), [required(), at_most(200)])
    unit_name = TidyStringField(
        _l("Tên đơn vị"),
        [required(), at_most(200)],
        description=_l("Ví dụ: Sở Công Thương tỉnh …, hoặc trung tâm khuyến công của tỉnh."),
    )
    unit_code = TidyStringField(
        _l("Mã đơn vị"), [required(), at_most(40)], description=_l("Ví dụ: SCT. Mã không đổi.")
    )
    unit_kind = SelectField(_l("Loại đơn vị"), validate_choice=True)


class PersonForm(BaseForm):
    """A person and the place they hold."""

    full_name = TidyStringField(_l("Họ và tên"), [required(), at_most(120)])
    staff_code = TidyStringField(
        _l("Mã cán bộ"), [at_most(30)], description=_l("Để trống thì hệ thống tự đặt mã.")
    )
    birth_date = DayField(_l("Ngày sinh"), [Optional()])
    gender = SelectField(_l("Giới tính"))
    email = EmailField(_l("Thư điện tử"), [at_most(200)])
    phone = TelField(_l("Điện thoại"), [at_most(30)])
    unit_id = SelectField(_l("Đơn vị"), coerce=int)
    kind = SelectField(_l("Loại"))
    position = TidyStringField(_l("Chức vụ"), [at_most(120)])
    starts_on = DayField(_l("Từ ngày"), [required()])


class MembershipForm(BaseForm):
    """One more place for a person."""

    unit_id = SelectField(_l("Đơn vị"), coerce=int)
    kind = SelectField(_l("Loại"))
    position = TidyStringField(_l("Chức vụ"), [at_most(120)])
    starts_on = DayField(_l("Từ ngày"), [required()])
    is_primary = BooleanField(_l("Đây là nơi công tác chính"))


class RoleForm(BaseForm):
    """A role in a unit."""

    role = SelectField(_l("Vai trò"))
    unit_id = SelectField(_l("Trong đơn vị và các đơn vị dưới"), coerce=int)
