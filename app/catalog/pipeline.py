"""Blocks of a lesson through Python-Markdown, which is told what it would misread."""

from __future__ import annotations

import re
from typing import Any

import markdown

from app.catalog.blocks import Block, Callout, Close, Line, QuestionBlock
from app.catalog.callouts import Callouts
from app.catalog.elements import Finish, Tasks
from app.catalog.formulas import with_formulas
from app.catalog.lists import regular_lists
from app.catalog.page import Lines, Page
from app.kernel.words import _l

_RAW_TAG = re.compile(
    r"<(script|style|iframe|object|embed|form|input|button|img|audio|video|svg|link|meta)\b",
    re.IGNORECASE,
)
_CODE_SPAN = re.compile(r"(`+).+?\1")


class Pipeline:
    """One Markdown instance with what it needs to know of the text at hand."""

    def __init__(self, page: Page) -> None:
        self.page = page
        extensions: list[Any] = [
            "tables",
            "sane_lists",
            "pymdownx.superfences",
            "pymdownx.highlight",
            "pymdownx.arithmatex",
            "pymdownx.tilde",
            "pymdownx.magiclink",
            Callouts(page),
        ]
        self.markdown = markdown.Markdown(
            extensions=extensions + (["footnotes"] if page.is_lesson else []),
            extension_configs={
                "tables": {"use_align_attribute": True},
                "pymdownx.highlight": {"guess_lang": False},
                "pymdownx.arithmatex": {
                    "generic": True,
                    "inline_syntax": ["dollar"],
                    "block_syntax": ["dollar"],
                },
                "pymdownx.tilde": {"subscript": False},
                "footnotes": {"BACKLINK_TITLE": page.words["back"]},
            },
            output_format="html",
        )
        # Raw blocks would keep Markdown inside them unread; inline tags go to the sanitiser.
        self.markdown.preprocessors.deregister("html_block")
        self.markdown.treeprocessors.register(Tasks(self.markdown), "course-tasks", 26)
        self.markdown.treeprocessors.register(Finish(self.markdown, page), "course", 12)

    def run(self, blocks: list[Block], lines: Lines) -> str:
        """The blocks as HTML, not sanitised yet; each question is a place to be filled."""
        self.page.begin(lines)
        text = self._text(blocks)
        self.markdown.reset()
        html = self.markdown.convert(text)
        # A wide block of code scrolls by itself, by keyboard too.
        html = html.replace("<pre><span></span>", '<pre tabindex="0">')
        return with_formulas(html, lines)

    def _text(self, blocks: list[Block]) -> str:
        """The blocks as Markdown that Python-Markdown reads as it was meant."""
        out: list[str] = []
        run: list[tuple[str, bool]] = []
        questions = 0
        depth = 0

        def flush() -> None:
            out.extend(regular_lists(run))
            run.clear()

        for block in blocks:
            if isinstance(block, Line):
                if not block.is_code:
                    self._raw_tags(block)
                run.append((block.text, block.is_code))
                continue
            flush()
            if isinstance(block, QuestionBlock):
                out += ["", f"\ue000{questions}\ue000", ""]
                questions += 1
            elif isinstance(block, Callout):
                # Python-Markdown ends a block at the first fence of its length: outer ones
                # are longer.
                out += ["", f"{'/' * (12 - depth)} callout | {len(self.page.callouts)}", ""]
                self.page.callouts.append(block)
                depth += 1
            elif isinstance(block, Close):
                depth -= 1
                out += ["", "/" * (12 - depth), ""]
        flush()
        return "\n".join(out)

    def _raw_tags(self, line: Line) -> None:
        if match := _RAW_TAG.search(_CODE_SPAN.sub("", line.text)):
            self.page.lines.problems.remind(
                line.number,
                "raw-html",
                _l(
                    "thẻ <%(tag)s> sẽ bị bỏ; hình, tệp và khối có cách viết riêng",
                    tag=match[1].lower(),
                ),
            )
