"""A walk over every page that a role can reach by links: accessible, on a phone and a desktop."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from tests.conftest import settings_for
from tests.journeys.conftest import Site, assert_accessible, assert_fits, enter_as

ROLES = ["", "hoc-vien", "hoc-vien-moi", "giang-vien", "quan-ly", "quan-ly-bo", "quan-tri"]
# One page of a kind is looked at; these kinds hold too much of a sort for one.
SEVERAL = {"learning.lesson": 3, "learning.course": 2}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, to tell which view an address belongs to."""
    from app import create_app

    folder = tmp_path_factory.mktemp("kinds")
    return create_app(settings_for(f"sqlite:///{folder / 'none.sqlite'}", folder))


def kind_of(app: Flask, address: str) -> str:
    """The view that answers a GET of this address; "" for what is no page."""
    try:
        return app.url_map.bind("localhost").match(urlsplit(address).path, method="GET")[0]
    except HTTPException:
        return ""


def links(page: Page) -> list[str]:
    """The addresses of this site that the open page leads to."""
    return page.eval_on_selector_all(
        "a[href]:not([download])",
        "all => all.map(a => a.href.split('#')[0]).filter(h => h.startsWith(location.origin))",
    )


def walk(page: Page, app: Flask, *looks: Callable[[Page], None]) -> tuple[set[str], list[str]]:
    """Visit one page of every kind that links lead to; the kinds met, and all that was found."""
    found: list[str] = []
    waiting, met, seen = ["/"], {"/"}, dict.fromkeys([""], 0)
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(app, address)
        if not kind or kind == "static" or seen.get(kind, 0) >= SEVERAL.get(kind, 1):
            continue
        answer = page.request.get(address)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert answer.status == 200, f"{address}: {answer.status}"
        page.goto(address)
        seen[kind] = seen.get(kind, 0) + 1
        for look in looks:
            try:
                look(page)
            except AssertionError as wrong:
                found.append(f"{kind} {wrong}")
        for link in links(page):
            if link not in met:
                met.add(link)
                waiting.append(link)
    return {kind for kind, times in seen.items() if times}, found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "visitor")
def test_every_page_is_accessible_and_fits(
    role: str, kinds: Flask, demo_site: Site, window: Callable[..., Page]
):
    phone = window(demo_site)
    desktop = window(demo_site, desktop=True, color_scheme="dark")
    if role:
        enter_as(phone, role)
        enter_as(desktop, role)
    kinds_met, on_a_phone = walk(phone, kinds, assert_fits, assert_accessible)
    assert len(kinds_met) >= 3
    _, on_a_desktop = walk(desktop, kinds, assert_accessible)
    wrong = sorted(set(on_a_phone + on_a_desktop))
    assert wrong == [], "\n\n".join(wrong)
