"""The place of a row in a list that is turned by key: id~sort key."""

from __future__ import annotations


def page_key(text: str) -> tuple[str, int] | None:
    """The place in a list that an address names as id~sort key; None for the beginning."""
    number, found, sort = text.partition("~")
    is_key = found and number.isascii() and number.isdigit() and len(number) < 19
    return (sort, int(number)) if is_key else None
