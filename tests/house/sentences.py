"""Every sentence that a person may read: collected from the source as translators get them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from tests.house import tree

ENGLISH = tree.ROOT / "app" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


@cache
def collected() -> Catalog:
    """The sentences of the source, with the places where they stand."""
    with (tree.ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    catalog = Catalog()
    for file, line, message, _comments, context in extract_from_dir(
        tree.ROOT, methods, options, KEYWORDS
    ):
        catalog.add(message, None, [(Path(file).as_posix(), line)], context=context)
    return catalog


@cache
def english() -> Catalog:
    """The English translation as it is kept."""
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")
