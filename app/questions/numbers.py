"""Numbers as Vietnamese write them: 1.500 is one thousand five hundred, 12,5 twelve and a half.

Source: domain.md section 6.2 (a dot between thousands, a comma before decimals).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from app.kernel.words import Words, _l, fold

LONGEST = 60

_WHOLE = re.compile(r"\d+")
_GROUPED = re.compile(r"\d{1,3}(?:([. ])\d{3})(?:\1\d{3})*")
_START = re.compile(r"[+-]?\s*\d[\d.,]*(?: \d{3}(?!\d)[\d.,]*)*")

# A thousand and its fellows, folded; "tr" and "k" as people type them in a hurry.
_SCALES = {
    "nghin": 10**3,
    "ngan": 10**3,
    "k": 10**3,
    "thousand": 10**3,
    "trieu": 10**6,
    "tr": 10**6,
    "million": 10**6,
    "ty": 10**9,
    "ti": 10**9,
    "billion": 10**9,
}

# Units that are one unit under several names, folded.
_UNIT_NAMES = {
    "d": "dong",
    "vnd": "dong",
    "vn dong": "dong",
    "₫": "dong",
    "phan tram": "%",
    "per cent": "%",
    "percent": "%",
    "h": "gio",
    "hour": "gio",
    "hours": "gio",
    "minute": "phut",
    "minutes": "phut",
    "day": "ngay",
    "days": "ngay",
    "month": "thang",
    "months": "thang",
    "year": "nam",
    "years": "nam",
}


class UnreadableNumber(ValueError):
    """A text that is no number, with the sentence that says how to write one."""

    def __init__(self, message: Words) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Quantity:
    """A number with what follows it: `12,5 triệu đồng` is 12.5, a million, "dong".

    `unit` is the unit in a comparable form (see `unit_key`), empty where none was written.
    """

    number: Decimal
    scale: int
    unit: str

    @property
    def value(self) -> Decimal:
        """The number in its base unit: 12,5 triệu đồng is 12.500.000."""
        return self.number * self.scale


def read_number(text: str) -> Decimal:
    """Read `1.500`, `1 500`, `12,5`, `1.234,5`, `-3`.

    Raises UnreadableNumber for a shape that two readers would read differently (`12.5`).
    """
    text = _plain(text)
    sign, body = (text[0], text[1:].strip()) if text[:1] in ("+", "-") else ("", text)
    whole, comma, decimals = body.partition(",")
    if not body:
        raise UnreadableNumber(_l("chưa có số"))
    if "," in decimals or (comma and not _WHOLE.fullmatch(decimals)):
        raise UnreadableNumber(
            _l(
                "không đọc được số “%(text)s”: chỉ một dấu phẩy, trước phần lẻ, ví dụ 12,5",
                text=text,
            )
        )
    if _GROUPED.fullmatch(whole) and not whole.startswith("0"):
        whole = whole.replace(".", "").replace(" ", "")
    elif not _WHOLE.fullmatch(whole):
        raise UnreadableNumber(
            _l(
                "không đọc được số “%(text)s”: dấu phẩy trước phần lẻ (12,5), "
                "dấu chấm giữa các hàng nghìn (1.500)",
                text=text,
            )
        )
    number = Decimal(f"{whole}.{decimals}" if comma else whole)
    return -number if sign == "-" else number


def read_quantity(text: str) -> Quantity:
    """Read a number, a scale word and a unit: `200 triệu`, `12,5%`, `3 bước`.

    Raises UnreadableNumber where it does not begin with a number that can be read.
    """
    text = _plain(text)
    match = _START.match(text)
    if not match:
        raise UnreadableNumber(_l("không đọc được số “%(text)s”", text=text))
    number = read_number(match.group().rstrip(" ."))
    rest = text[match.end() :]
    scale = 1
    words = unit_key(rest).split()
    while words and words[0] in _SCALES:
        scale *= _SCALES[words.pop(0)]
    return Quantity(number, scale, unit_key(" ".join(words)))


def has_unit_shape(text: str) -> bool:
    """Whether words after a number look like a unit: few, no number inside, set apart."""
    if not text.strip():
        return True
    attached = text[0] not in " %°"
    words = _plain(text).split()
    return (
        not attached
        and len(words) <= 4
        and all(
            re.fullmatch(r"[%°]|[^\W\d_]+[23]?(?:/[^\W\d_]+[23]?)*|°[CF]", word) for word in words
        )
    )


def unit_key(text: str) -> str:
    """A unit in the form in which two spellings of it are equal (đồng, đ, VND)."""
    folded = fold(_plain(text)).strip(" .")
    return _UNIT_NAMES.get(folded, folded)


def _plain(text: str) -> str:
    """Digits and signs in their simplest form, single spaces."""
    text = unicodedata.normalize("NFKC", text)
    if len(text) > LONGEST:
        raise UnreadableNumber(_l("số quá dài"))
    text = text.translate({0x2212: "-", 0x2013: "-", 0x2011: "-"})
    text = "".join(" " if c.isspace() else c for c in text)
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    return " ".join(text.split())
