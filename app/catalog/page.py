"""What is known of a page while it is rendered: its language, media, links and lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.catalog.blocks import Block, Callout, Line
from app.catalog.media import Medium
from app.kernel.words import Words
from app.questions.problems import ProblemList

# The words that a callout shows in the language of the lesson, which is content.
WORDS = {
    "vi": {
        "note": "Chú ý",
        "tip": "Kinh nghiệm",
        "warning": "Lưu ý",
        "law": "Căn cứ pháp lý",
        "example": "Ví dụ",
        "activity": "Thực hành",
        "summary": "Ghi nhớ",
        "details": "Xem thêm",
        "tab": "Thẻ",
        "download": "Tải về",
        "minutes": "{} phút",
        "table": "Bảng",
        "back": "Về chỗ gọi chú thích {}",
    },
    "en": {
        "note": "Note",
        "tip": "Tip",
        "warning": "Warning",
        "law": "Legal basis",
        "example": "Example",
        "activity": "Activity",
        "summary": "Key points",
        "details": "More",
        "tab": "Tab",
        "download": "Download",
        "minutes": "{} minutes",
        "table": "Table",
        "back": "Back to where note {} is cited",
    },
}


@dataclass(frozen=True)
class Heading:
    """A heading of a lesson, for its outline and for links."""

    level: int
    id: str
    text: str


class Lines:
    """The lines a text came from, to say where something stands."""

    def __init__(self, blocks: list[Block], problems: ProblemList) -> None:
        self.problems = problems
        self.lines = [(b.number, b.text) for b in blocks if isinstance(b, Line) and not b.is_code]
        self.lines += [(b.line, b.title) for b in blocks if isinstance(b, Callout)]
        self.first = min((number for number, _ in self.lines), default=1)
        self.seen: dict[str, int] = {}

    def line(self, needle: str, default: int | None = None) -> int:
        """The line that holds the needle; the next one when asked again."""
        numbers = [number for number, text in self.lines if needle in text]
        if not numbers:
            return default or self.first
        turn = self.seen.get(needle, 0)
        self.seen[needle] = turn + 1
        return numbers[min(turn, len(numbers) - 1)]

    def error(self, needle: str, code: str, message: Words, default: int | None = None) -> None:
        """Note an error where the needle stands."""
        self.problems.error(self.line(needle, default), code, message)

    def remind(self, needle: str, code: str, message: Words) -> None:
        """Note a reminder where the needle stands."""
        self.problems.remind(self.line(needle), code, message)


@dataclass
class Page:
    """A page on its way through the renderer.

    Footnotes, figures and links to headings belong to lessons; a question's texts are pages
    without them, since many stand on one screen.
    """

    language: str
    media: Mapping[str, Medium]
    lesson_address: Mapping[str, str]
    is_lesson: bool
    lines: Lines = field(default_factory=lambda: Lines([], ProblemList("")))
    callouts: list[Callout] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @property
    def words(self) -> Mapping[str, str]:
        """The fixed words of callouts and notes in the page's language."""
        return WORDS["vi" if self.language == "vi" else "en"]

    def begin(self, lines: Lines) -> None:
        """Forget the page before."""
        self.lines, self.callouts, self.headings = lines, [], []
        if self.is_lesson:
            self.used = set()
