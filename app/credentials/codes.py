"""Verification codes: ten signs such as K7QM-2F8D-XW, the last of them a check.

The signs are the letters and digits that nobody confuses on paper: no O, 0, I or 1. Nine of
them are drawn at random (45 bits, so a code cannot be guessed from another), the tenth makes
any single wrong sign, and any two neighbours exchanged, come out as "not a code" before the
database is asked. Hyphens, spaces and case do not matter to a reader.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 10
GROUPS = (4, 4, 2)

# x^5 + x^2 + 1 is primitive over GF(2): multiplying by x moves every non-zero sign, which is
# what makes the weighted sum see an exchange of neighbours.
_FIELD = 0b100101


def new_code(draw: Callable[[int], int] = secrets.randbelow) -> str:
    """A fresh code in its canonical form, such as ``K7QM-2F8D-XW``.

    ``draw(n)`` returns a number from 0 to n - 1; anything but the default is for tests.
    """
    body = "".join(ALPHABET[draw(len(ALPHABET))] for _ in range(LENGTH - 1))
    return _grouped(body + ALPHABET[_times_x(_weigh(body))])


def normalized(typed: str) -> str | None:
    """What somebody typed, in canonical form; None if it cannot be a code."""
    signs = "".join(
        sign for sign in unicodedata.normalize("NFKC", typed).upper() if not _is_separator(sign)
    )
    if len(signs) != LENGTH or any(sign not in ALPHABET for sign in signs):
        return None
    return _grouped(signs) if _weigh(signs) == 0 else None


def is_code(text: str) -> bool:
    """Whether a text is a code, in whatever spacing and case."""
    return normalized(text) is not None


def _is_separator(sign: str) -> bool:
    return unicodedata.category(sign) in {"Pd", "Zs", "Cf", "Cc"} or sign in "._/"


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _FIELD if doubled & 0b100000 else doubled


def _weigh(signs: str) -> int:
    weight = 0
    for sign in signs:
        weight = _times_x(weight) ^ ALPHABET.index(sign)
    return weight


def _grouped(signs: str) -> str:
    parts, start = [], 0
    for size in GROUPS:
        parts.append(signs[start : start + size])
        start += size
    return "-".join(parts)
