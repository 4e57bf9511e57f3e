"""What the catalogue may be asked for."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from wtforms import Form, SelectField
from wtforms.fields import SearchField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.widgets import Select

from app.catalog.search import LONGEST_QUERY
from app.catalog.words import LEVEL_NAMES, THEME_NAMES

LENGTH_NAMES = {
    "short": _l("Đến 4 tiết"),
    "medium": _l("Từ 5 đến 8 tiết"),
    "long": _l("Trên 8 tiết"),
}


class _Box(Select):
    """A select box of plain options, without WTForms' way of writing each one's attributes."""

    @classmethod
    def render_option(cls, choice: Any, **_more: Any) -> Markup:  # type: ignore[override]
        """One option."""
        selected = " selected" if choice.selected else ""
        value, label = escape(choice.value), escape(choice.label)
        return Markup(f'<option{selected} value="{value}">{label}</option>')  # noqa: S704


def _choices(every: Any, names: Any) -> list[Any]:
    return [SelectChoice("", every), *(SelectChoice(key, name) for key, name in names.items())]


class CatalogueForm(Form):
    """Search and facets; a GET form, so that a result can be sent to a colleague."""

    q = SearchField(_l("Tìm khóa học"))
    theme = SelectField(
        _l("Chủ đề"), choices=_choices(_l("Mọi chủ đề"), THEME_NAMES), widget=_Box()
    )
    level = SelectField(
        _l("Trình độ"), choices=_choices(_l("Mọi trình độ"), LEVEL_NAMES), widget=_Box()
    )
    length = SelectField(
        _l("Độ dài"), choices=_choices(_l("Mọi độ dài"), LENGTH_NAMES), widget=_Box()
    )

    @property
    def asks(self) -> bool:
        """Whether anything narrows the catalogue."""
        return any(field.data for field in self)

    def tidy(self) -> CatalogueForm:
        """The form without what it does not know: an old address still shows something."""
        self.q.data = (self.q.data or "").strip()[:LONGEST_QUERY]
        for field, known in (
            (self.theme, THEME_NAMES),
            (self.level, LEVEL_NAMES),
            (self.length, LENGTH_NAMES),
        ):
            if field.data not in known:
                field.data = ""
        return self
