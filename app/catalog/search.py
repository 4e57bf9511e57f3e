"""Words for search: the same on both databases, with and without their marks."""

from __future__ import annotations

import re
import unicodedata

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


# Best first: (columns, weights, folded, as a phrase). Marks as typed come before words without
# marks, words side by side in a title before words apart. The last finds what any other finds.
_TIERS = (
    ("title", "A", False, True),
    ("title", "A", False, False),
    ("title body", "AB", False, False),
    ("title_fold", "C", True, True),
    ("title_fold", "C", True, False),
    ("title_fold body_fold", "CD", True, False),
)


def sqlite_queries(query: str) -> list[str]:
    """The FTS5 expressions of a query, best tier first; none where it has no word."""
    found = []
    for columns, _, is_folded, is_phrase in _TIERS:
        if words := _query_words(query, is_folded=is_folded):
            joined = " ".join(words) if is_phrase else '" AND "'.join(words)
            found.append(f'{{{columns}}} : ("{joined}")')
    return found


def postgresql_queries(query: str) -> list[str]:
    """The tsquery texts of a query, best tier first; none where it has no word."""
    found = []
    for _, weights, is_folded, is_phrase in _TIERS:
        if words := _query_words(query, is_folded=is_folded):
            join = " <-> " if is_phrase else " & "
            found.append(join.join(f"'{word}':{weights}" for word in words))
    return found


def _query_words(query: str, *, is_folded: bool) -> list[str]:
    text = query[:LONGEST_QUERY]
    return folded_words_of(text) if is_folded else words_of(text)
