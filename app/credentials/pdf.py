"""A certificate as PDF: one page set by Typst from frozen words.

The file is tagged and archival (PDF/A-2a and PDF/UA-1 by Typst's own check), and made of
nothing but its words: the same words give the same bytes, so a reprint can be told from a
forgery by its hash. Fonts come from ``fonts/`` beside this file and from nowhere else.
"""

from __future__ import annotations

import io
import json
import logging
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from unicodedata import combining

import segno

from app.credentials.wording import DRAFT, ILLUSTRATION, UNSIGNED, Wording
from app.kernel.refusals import Refusal
from app.kernel.words import _l

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_FONTS = _HERE / "fonts"
_TEMPLATE = _HERE / "typst" / "certificate.typ"

# The name is set in small capitals of the display face, or, where that lacks a letter
# (ƀ of the Ê Đê and Gia Rai), wholly in the text face rather than in a mixture.
_DISPLAY = "PlayfairDisplay-Bold.ttf"
_TEXT = ("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf", "NotoSerif-Italic.ttf")
_SPARE = "Tinos-Bold.ttf"

DOCUMENTS_REMEMBERED = 11
"""After how many more documents Typst forgets what it needed for one (typst-py evicts at 10)."""

TOO_LONG = "too long for one page"
"""What the template says when even its smallest size does not fit."""

_LABELS = {
    "born": "Ngày sinh",
    "unit": "Đơn vị công tác",
    "course": "Đã hoàn thành khóa",
    "time": "Thời gian",
    "periods": "Thời lượng",
    "result": "Kết quả",
    "decision": "Theo Quyết định",
    "expires": "Có giá trị đến",
    "register_number": "Số vào sổ cấp",
    "code": "Mã xác minh",
    "address": "Tra cứu tại",
}


class CannotTypeset(Refusal):
    """The page cannot be made here; the text says what an operator can do."""

    text = _l("Chưa dàn được trang in của giấy chứng nhận này; hãy báo người vận hành.")


class TypesetterMissing(CannotTypeset):
    """The package that sets pages is not installed."""

    text = _l(
        "Máy chủ chưa cài bộ dàn trang (gói typst trong requirements.txt) nên chưa in được giấy."
    )


class TooLong(CannotTypeset):
    """The words do not fit on one page, however small."""

    text = _l("Nội dung quá dài, không in vừa một trang giấy.")


class LettersMissing(CannotTypeset):
    """A text has letters that no bundled font can draw. `letters` holds them."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in letters)
        super().__init__(_l("Không có phông chữ để in: %(letters)s.", letters=named))


def certificate_pdf(words: Wording, *, issued_on: date, is_draft: bool = False) -> bytes:
    """The page of a certificate. The same words and date give the same bytes.

    A draft, shown before anything is issued, says all over that it is one.

    Raises LettersMissing before a box is printed for a letter, TypesetterMissing and TooLong.
    """
    missing = "".join(dict.fromkeys("".join(missing_letters(text) for text in words.texts())))
    if missing:
        raise LettersMissing(missing)
    data = json.dumps(_page_data(words, is_draft=is_draft), ensure_ascii=False)
    return _typesetter().set(data, issued_on)


class _Typesetter:
    """The compiler of this process and the one thread that it works in.

    Reading fonts costs more than setting a page, so there is one, and it serves one thread at a
    time. If every thread of the server took its turn, each would keep memory of its own for it:
    eight held 100 MB where one holds 25.
    """

    def __init__(self) -> None:
        try:
            import typst
        except ImportError as error:
            raise TypesetterMissing from error
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)]
        )
        self._compiler = typst.Compiler(
            input=str(_TEMPLATE),
            root=str(_TEMPLATE.parent),
            font_paths=fonts,
            ignore_system_fonts=True,
        )
        self._failure: type[Exception] = typst.TypstError
        self._thread = ThreadPoolExecutor(1, "typesetter")
        self._remembers = False

    def set(self, data: str, issued_on: date) -> bytes:
        """The page of some data, when its turn has come."""
        return self._thread.submit(self._set, data, issued_on).result()

    def _set(self, data: str, issued_on: date) -> bytes:
        self._forget()
        self._remembers = True
        try:
            page = self._compiler.compile(
                input=str(_TEMPLATE),
                format="pdf",
                sys_inputs={"data": data},
                pdf_standards=["a-2a", "ua-1"],
                timestamp=datetime(issued_on.year, issued_on.month, issued_on.day, tzinfo=UTC),
            )
        except self._failure as error:
            if TOO_LONG in str(error):
                raise TooLong from error
            log.exception("Typst refused a certificate")
            raise CannotTypeset from error
        finally:
            # Whoever waits has the page by then.
            self._thread.submit(self._forget)
        if not isinstance(page, bytes):
            raise TooLong
        return page

    def _forget(self) -> None:
        """Let go of what was worked out for the last page: no other page has its words.

        Typst keeps that until eleven documents later, 4 MB of each; empty ones take 0.1 ms.
        """
        if self._remembers:
            self._remembers = False
            for _ in range(DOCUMENTS_REMEMBERED):
                self._compiler.compile(input=b"", format="pdf")


@cache
def _typesetter() -> _Typesetter:
    return _Typesetter()


def missing_letters(text: str) -> str:
    """The letters of a text that no bundled font can draw, each once, in order."""
    drawable = _drawable()
    return "".join(
        dict.fromkeys(sign for sign in text if not sign.isspace() and ord(sign) not in drawable)
    )


def _page_data(words: Wording, *, is_draft: bool) -> dict[str, object]:
    days = f"từ ngày {words.starts} đến ngày {words.ends}" if words.starts else words.ends
    return {
        "words": asdict(words),
        "labels": _LABELS,
        "title": f"{words.heading} số {words.register_number}: {words.name}, {words.course}",
        "time": f"{days} ({words.mode})" if words.mode else days,
        "periods": f"{words.periods} tiết" if words.periods else "",
        "display": _suits_display(words.name),
        "qr": _qr_svg(words.address),
        "qr_alt": f"Mã QR dẫn tới {words.address}",
        "address": words.address.split("://", 1)[-1].rsplit("/", 1)[0],
        "unsigned": UNSIGNED,
        "mark": DRAFT if is_draft else ILLUSTRATION if words.illustration else "",
    }


def _suits_display(name: str) -> bool:
    drawable = _coverage(_DISPLAY)
    return all(ord(sign) in drawable and not combining(sign) for sign in name)


def _qr_svg(address: str) -> str:
    picture = io.BytesIO()
    # Level M still reads with a seventh of it smudged; Q would shrink the squares.
    segno.make_qr(address, error="m").save(
        picture, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None
    )
    return picture.getvalue().decode("utf-8")


@cache
def _drawable() -> frozenset[int]:
    """What can be printed anywhere: the spare face steps in where a text face lacks a letter."""
    regular, *others = (_coverage(font) for font in _TEXT)
    return regular.intersection(*others) | _coverage(_SPARE)


@cache
def _coverage(font: str) -> frozenset[int]:
    """The code points that a bundled font maps to a glyph: tables 4 and 12 of its ``cmap``."""
    data = (_FONTS / font).read_bytes()
    count = struct.unpack_from(">H", data, 4)[0]
    tables = {}
    for record in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * record)
        tables[tag] = offset
    cmap = tables[b"cmap"]
    found: set[int] = set()
    for record in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">I", data, cmap + 4 + 8 * record + 4)[0]
        kind = struct.unpack_from(">H", data, start)[0]
        if kind == 4:
            found |= _segments(data, start)
        elif kind == 12:
            found |= _groups(data, start)
    return frozenset(found)


def _segments(data: bytes, start: int) -> set[int]:
    size = struct.unpack_from(">H", data, start + 6)[0] // 2
    ends = struct.unpack_from(f">{size}H", data, start + 14)
    firsts = struct.unpack_from(f">{size}H", data, start + 16 + 2 * size)
    deltas = struct.unpack_from(f">{size}h", data, start + 16 + 4 * size)
    offsets_at = start + 16 + 6 * size
    offsets = struct.unpack_from(f">{size}H", data, offsets_at)
    found = set()
    for index in range(size):
        for point in range(firsts[index], min(ends[index], 0xFFFE) + 1):
            glyph = point
            if offsets[index]:
                at = offsets_at + 2 * index + offsets[index] + 2 * (point - firsts[index])
                glyph = struct.unpack_from(">H", data, at)[0]
                if glyph == 0:
                    continue
            if (glyph + deltas[index]) & 0xFFFF:
                found.add(point)
    return found


def _groups(data: bytes, start: int) -> set[int]:
    found: set[int] = set()
    for group in range(struct.unpack_from(">I", data, start + 12)[0]):
        first, last, _ = struct.unpack_from(">III", data, start + 16 + 12 * group)
        found.update(range(first, last + 1))
    return found
