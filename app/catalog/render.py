"""Markdown of lessons and questions to sanitised HTML, once, at publication.

A lesson becomes a sequence of parts, HTML and questions in turn, with its text for search.
What is wrong with pictures, links and formulas is found here, because here it is met.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from app.catalog.blocks import Block, Line, QuestionBlock, cut
from app.catalog.media import Medium
from app.catalog.page import Heading, Lines, Page
from app.catalog.pipeline import Pipeline
from app.catalog.plain_text import plain_text
from app.catalog.sanitise import clean
from app.kernel.words import _l
from app.questions.kinds import Question
from app.questions.problems import ProblemList

RENDERER = "1"
WORDS_A_MINUTE = 200

Part = dict[Literal["html", "question"], str]

# A text that Markdown leaves alone needs no renderer: most choices of most questions.
_PLAIN = re.compile(r"(?!\d+[.)] )(?![-+=] )[^*_`\[\]<>&$\\#|~!{}\n\r\t/@^]*(?<! )")
_PLACE = re.compile(r"(?:<p>)?\ue000(\d+)\ue000(?:</p>)?")


@dataclass(frozen=True)
class Rendered:
    """A lesson ready to be stored: parts, plain text, headings, words, media used."""

    parts: tuple[Part, ...]
    text: str
    headings: tuple[Heading, ...]
    words: int
    media: frozenset[str]

    @property
    def reading_minutes(self) -> int:
        """About how long reading takes."""
        return minutes_to_read(self.words)


def minutes_to_read(words: int) -> int:
    """About how long reading takes, at 200 words (Vietnamese: syllables) a minute."""
    return -(-words // WORDS_A_MINUTE)


class Renderer:
    """Renders the lessons and questions of one course in one language.

    `lesson_address` maps a lesson's path in the folder to where it is read.
    """

    def __init__(
        self, language: str, media: Mapping[str, Medium], lesson_address: Mapping[str, str]
    ) -> None:
        self.addresses = frozenset(m.address for m in media.values())
        self._lesson = Pipeline(Page(language, media, lesson_address, is_lesson=True))
        self._fragment = Pipeline(Page(language, media, lesson_address, is_lesson=False))

    def lesson(self, blocks: list[Block], problems: ProblemList) -> Rendered:
        """A lesson's blocks as parts; questions keep their place by id."""
        lines = Lines(blocks, problems)
        page = self._lesson.run(blocks, lines)
        parts = [part for part in self._parts(page, blocks) if part]
        text = plain_text(" ".join(part.get("html", "") for part in parts))
        return Rendered(
            tuple(parts),
            text,
            tuple(self._lesson.page.headings),
            len(text.split()),
            frozenset(self._lesson.page.used),
        )

    def question(self, question: Question, body: Iterable[str], problems: ProblemList) -> Question:
        """The question with HTML in place of Markdown; labels stay inside a line."""
        rows = [Line(text, question.line + 1 + i) for i, text in enumerate(body)]
        lines = Lines(cast(list[Block], rows), problems)

        def rendered(text: str, is_label: bool) -> str:
            return self._text(text, is_label, lines, question.line)

        return question.map_texts(rendered)

    def used_by_questions(self) -> frozenset[str]:
        """The media that the questions rendered so far have shown."""
        return frozenset(self._fragment.page.used)

    def _text(self, text: str, is_label: bool, lines: Lines, line: int) -> str:
        if _PLAIN.fullmatch(text):
            page = f"<p>{html.escape(text, quote=False)}</p>"
        else:
            quiet = ProblemList(lines.problems.file)
            blocks = cut(text, quiet)
            page = clean(self._fragment.run(blocks, lines), self.addresses).strip()
        if not is_label:
            return page
        inner = page.removeprefix("<p>").removesuffix("</p>")
        if not page.startswith("<p>") or re.search(
            r"</?(?:p|ul|ol|div|table|pre|aside|h\d)\b", inner
        ):
            lines.error(
                text.partition("\n")[0],
                "label-block",
                _l(
                    "đáp án chỉ là một đoạn chữ, có thể có hình nhỏ; danh sách, bảng và khối mã "
                    "đặt ở câu dẫn"
                ),
                line,
            )
        return inner

    def _parts(self, page: str, blocks: list[Block]) -> Iterable[Part]:
        ids = [block.id for block in blocks if isinstance(block, QuestionBlock)]
        pieces = _PLACE.split(page)
        for index, piece in enumerate(pieces):
            if index % 2:
                yield {"question": ids[int(piece)]}
            elif cleaned := clean(piece, self.addresses).strip():
                yield {"html": cleaned}
