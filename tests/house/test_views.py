"""Every view says who may call it, and every address is written down."""

from __future__ import annotations

import re

from flask import Flask

from app.kernel.web.access import ROLES
from tests.house import tree

ADDRESSES = tree.ROOT / "docs" / "using" / "addresses.md"


def test_every_view_says_who_may_call_it(plain_app: Flask):
    silent = [
        rule.rule
        for rule in plain_app.url_map.iter_rules()
        if not getattr(plain_app.view_functions[rule.endpoint], "open_to", ())
    ]
    assert silent == []


def test_every_view_is_open_to_roles_that_exist(plain_app: Flask):
    for view in plain_app.view_functions.values():
        assert set(getattr(view, "open_to", ())) <= set(ROLES)


def test_a_view_answers_reading_or_changing_but_not_both(plain_app: Flask):
    both = [
        rule.rule
        for rule in plain_app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and "GET" in (rule.methods or set())
    ]
    assert both == [], "a form's page and its POST are two views"


def _documented() -> set[str]:
    return {
        f"{method} {_plain(address)}"
        for line in ADDRESSES.read_text("utf-8").splitlines()
        if line.startswith("|")
        for method, address in re.findall(r"`(GET|POST) (/[^`]*)`", line)
    }


def _served(app: Flask) -> set[str]:
    return {
        f"{method} {_plain(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _plain(address: str) -> str:
    """An address without converters: `<int:unit_id>` and `<unit_id>` are the same promise."""
    return re.sub(r"<[^>]*>", "<>", address)


def test_every_address_is_documented(plain_app: Flask):
    assert sorted(_served(plain_app) - _documented()) == []


def test_no_document_promises_an_address_that_is_not_served(plain_app: Flask):
    assert sorted(_documented() - _served(plain_app)) == []


def test_addresses_are_vietnamese_without_diacritics(plain_app: Flask):
    wrong = [
        rule.rule
        for rule in plain_app.url_map.iter_rules()
        if not re.fullmatch(r"(/([a-z0-9.-]+|(<[^>]+>)(\.[a-z]+)?)*)+", rule.rule)
    ]
    assert wrong == []
