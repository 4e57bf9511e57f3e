"""Forms of checking, recognition, standing decisions and revocation."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from app.credentials.rules import Decision
from app.kernel.forms import BaseForm, DayField, TidyStringField, at_most, required


class CodeForm(BaseForm):
    """A code as somebody reads it from paper."""

    code = StringField(_l("Mã xác minh"), [required(), at_most(40)])


class ConfirmForm(BaseForm):
    """Words read from paper, each of them optional."""

    born = StringField(_l("Ngày sinh in trên giấy"), [at_most(20)])
    unit = TidyStringField(_l("Đơn vị công tác in trên giấy"), [at_most(300)])
    result = TidyStringField(_l("Kết quả in trên giấy"), [at_most(100)])


class DecisionForm(BaseForm):
    """A decision that recognises, and who signs."""

    unit_id = SelectField(_l("Đơn vị cấp"), [required()], coerce=int)
    number = TidyStringField(
        _l("Số quyết định"), [required(), at_most(80)], description=_l("Ví dụ: 45/QĐ-TTKC")
    )
    day = DayField(_l("Ngày quyết định"), [required()])
    signer_name = TidyStringField(_l("Người ký giấy"), [required(), at_most(120)])
    signer_title = TidyStringField(
        _l("Chức vụ người ký"), [required(), at_most(120)], description=_l("Ví dụ: Giám đốc")
    )
    signing_for = TidyStringField(
        _l("Ký thay"),
        [at_most(120)],
        description=_l("Chỉ điền khi cấp phó hoặc người được ủy quyền ký, ví dụ: KT. Giám đốc"),
    )
    confirms_validity = BooleanField(
        _l("Quyết định có ghi thời hạn: in thời hạn mà khóa học đề xuất")
    )

    def decision(self) -> Decision:
        """What was entered, as the rules take it."""
        return Decision(
            number=str(self.number.data),
            day=self.day.data or date.min,
            signer_name=str(self.signer_name.data),
            signer_title=str(self.signer_title.data),
            signing_for=str(self.signing_for.data or ""),
            confirms_validity=bool(self.confirms_validity.data),
        )


class RevokeForm(BaseForm):
    """Why a certificate is taken back, and by which decision."""

    reason = TextAreaField(
        _l("Lý do thu hồi"),
        [required(), at_most(500)],
        description=_l("Lưu trong sổ cấp; người ngoài chỉ thấy là giấy đã bị thu hồi."),
    )
    decision = TidyStringField(
        _l("Quyết định thu hồi"),
        [at_most(120)],
        description=_l("Ví dụ: số 50/QĐ-TTKC ngày 03/12/2026"),
    )
