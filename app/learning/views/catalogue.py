"""The catalogue: search and facets."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from app.catalog import queries as catalog
from app.catalog.words import LEVEL_NAMES, THEME_NAMES
from app.kernel.web import open_to, page, signed_in
from app.learning import queries
from app.learning.forms import CatalogueForm
from app.learning.views import pages

PAGE_SIZE = 24


@pages.get("/khoa-hoc")
@open_to("public")
def catalogue() -> Any:
    form = CatalogueForm(request.args).tidy()
    found = catalog.catalogue(
        query=form.q.data or "",
        theme=form.theme.data,
        level=form.level.data,
        length=form.length.data,
    )
    who = signed_in()
    first = _first()
    return page(
        "learning/catalogue.html",
        form=form,
        courses=found.courses[first : first + PAGE_SIZE],
        count=len(found.courses),
        ways=queries.progress_of(who.person.id) if who else {},
        themes=THEME_NAMES,
        levels=LEVEL_NAMES,
        following=_page_at(form, first + PAGE_SIZE, len(found.courses)),
        previous=_page_at(form, first - PAGE_SIZE, len(found.courses)),
    )


def _first() -> int:
    text = request.args.get("tu", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return number - number % PAGE_SIZE


def _page_at(form: CatalogueForm, first: int, count: int) -> str | None:
    """The address of the page of this search that begins there; None when there is none."""
    if not 0 <= first < count:
        return None
    asked: dict[str, Any] = {field.name: field.data for field in form if field.data}
    if first:
        asked["tu"] = first
    return url_for(".catalogue", **asked)
