"""Forms: WTForms with Vietnamese messages, Vietnamese dates, tidy text and a UUID of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import DateField, Field, Form, HiddenField, StringField, validators
from wtforms.widgets import TextInput

from app.kernel.envelope import new_uuid
from app.kernel.words import nfc, read_date, show_date

# WTForms ships no Vietnamese: its English sentences are the keys, ours the answers.
_MESSAGES = {
    "This field is required.": lazy_gettext("Anh/chị chưa điền mục này."),
    "Not a valid choice.": lazy_gettext("Lựa chọn này không có trong danh sách."),
    "Not a valid choice": lazy_gettext("Lựa chọn này không có trong danh sách."),
    "Invalid Choice: could not coerce.": lazy_gettext("Lựa chọn này không có trong danh sách."),
    "Not a valid integer value.": lazy_gettext("Hãy nhập một số nguyên."),
    "Not a valid decimal value.": lazy_gettext("Hãy nhập một số."),
    "Not a valid date value.": lazy_gettext("Hãy nhập ngày dạng 23/11/2026."),
    "Invalid email address.": lazy_gettext("Địa chỉ thư điện tử này chưa đúng."),
    "Invalid input.": lazy_gettext("Mục này chưa đúng."),
}


class _Vietnamese:
    def gettext(self, text: str) -> str:
        return str(_MESSAGES.get(text, text))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        if "longer than" in plural:
            return gettext("Mục này dài quá %(max)s ký tự.", max="%(max)d")
        if "at least" in plural:
            return gettext("Mục này cần ít nhất %(min)s ký tự.", min="%(min)d")
        return ngettext(singular, plural, n)


class BaseForm(Form):
    """Base of every form. `uuid` is one made when the form is shown (see submissions)."""

    class Meta:
        def get_translations(self, _form: Form) -> _Vietnamese:
            return _Vietnamese()

    uuid = HiddenField(default=new_uuid)

    @classmethod
    def sent(cls, **kwargs: Any) -> Any:
        """The form as the request filled it (use in POST views)."""
        return cls(request.form, **kwargs)

    def explain(self, errors: Mapping[str, Any]) -> None:
        """Put errors that a rule found beside their fields."""
        for name, text in errors.items():
            field = self._fields[name]
            field.errors = [*field.errors, str(text)]


class TidyStringField(StringField):
    """One line of text in NFC, without stray or double spaces."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = nfc(valuelist[0]) if valuelist else ""


class DayField(DateField):
    """A day as Vietnamese type it: 23/11/2026; a browser's 2026-11-23 is understood too."""

    # A date box would show the day in the browser's order and drop what it cannot read.
    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return show_date(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = " ".join(valuelist).strip()
        self.data: date | None = None
        if not text:
            return
        self.data = read_date(text)
        if self.data is None:
            raise ValueError(gettext("Hãy nhập ngày dạng 23/11/2026."))


class _Filled(validators.InputRequired):
    """Spaces alone fill nothing."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data.strip():
            raise validators.StopValidation(field.gettext("This field is required."))


def required() -> validators.InputRequired:
    """The field must be filled."""
    return _Filled()


def at_most(characters: int) -> validators.Length:
    """The field holds at most so many characters."""
    return validators.Length(max=characters)


__all__ = ["BaseForm", "DayField", "Field", "TidyStringField", "at_most", "required"]
