"""A walk over every page that a role can reach by links: accessible, on a phone and a desktop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from tests.conftest import settings_for
from tests.journeys.conftest import Site, assert_sound, enter_as, start

ROLES = ["", "hoc-vien", "hoc-vien-moi", "quan-ly", "quan-tri"]
# One page of a kind is looked at; these kinds hold too much of a sort for one.
SEVERAL = {"learning.lesson": 3, "learning.course": 2}
FILES = {"static", "catalog.media", "reporting.exported"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, to tell which view an address belongs to."""
    from app import create_app

    folder = tmp_path_factory.mktemp("kinds")
    return create_app(settings_for(f"sqlite:///{folder / 'none.sqlite'}", folder))


@pytest.fixture(scope="module")
def site(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One demo for all the walks: looking changes nothing."""
    folder = tmp_path_factory.mktemp("walks") / "demo"
    shutil.copytree(demo_folder, folder)
    served = start(folder)
    yield served
    served.stop()


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
        if not kind or seen.get(kind, 0) >= SEVERAL.get(kind, 1):
            continue
        if "." in urlsplit(address).path.rsplit("/", 1)[1] or kind in FILES:
            continue
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
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
    role: str, kinds: Flask, site: Site, window: Callable[..., Page]
):
    page = window(site)
    if role:
        enter_as(page, role)
    kinds_met, found = walk(page, kinds, assert_sound)
    assert len(kinds_met) >= 3
    assert found == [], "\n\n".join(found)
