"""Words for search: the same on both databases, with and without their marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from app.kernel.words import fold

LONGEST_QUERY = 200
LONGEST_WORD = 60
MOST_PLACES = 30  # of one word in one text: ranking needs no more

_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case and one Unicode form."""
    normal = unicodedata.normalize("NFC", text).lower()
    return [word[:LONGEST_WORD] for word in _WORD.findall(normal)]


def folded_words_of(text: str) -> list[str]:
    """The words as people type them in a hurry: without marks, đ as d."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def weighted_words(title: str, body: str) -> str:
    """A PostgreSQL tsvector: A and B for a title's and a body's words, C and D folded.

    Written out by us, so that no parser or dictionary of the server decides what a word is.
    """
    places: dict[str, list[str]] = {}
    position = 0
    for words, weight in (
        (words_of(title), "A"),
        (folded_words_of(title), "C"),
        (words_of(body), "B"),
        (folded_words_of(body), "D"),
    ):
        for word in words:
            position = min(position + 1, 16_383)
            of_word = places.setdefault(word, [])
            if sum(place.endswith(weight) for place in of_word) < MOST_PLACES:
                of_word.append(f"{position}{weight}")
    return " ".join(f"'{word}':{','.join(of_word)}" for word, of_word in places.items())


# Best first: exact in the title, exact anywhere, folded in the title, folded anywhere. The
# last finds whatever the others find.
_TIERS = (
    ("title", "A", False),
    ("title body", "AB", False),
    ("title_fold", "C", True),
    ("title_fold body_fold", "CD", True),
)


def sqlite_queries(query: str) -> list[str]:
    """The four FTS5 expressions of a query, best tier first; none where it has no word."""
    return [
        f"{{{columns}}} : ({' AND '.join(_quoted(words))})"
        for columns, _, is_folded in _TIERS
        if (words := _query_words(query, is_folded=is_folded))
    ]


def postgresql_queries(query: str) -> list[str]:
    """The four tsquery texts of a query, best tier first; none where it has no word."""
    return [
        " & ".join(f"'{word}':{weights}" for word in words)
        for _, weights, is_folded in _TIERS
        if (words := _query_words(query, is_folded=is_folded))
    ]


def _query_words(query: str, *, is_folded: bool) -> list[str]:
    text = query[:LONGEST_QUERY]
    return folded_words_of(text) if is_folded else words_of(text)


def _quoted(words: Iterable[str]) -> list[str]:
    return [f'"{word}"' for word in words]
