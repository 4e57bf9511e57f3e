"""Markdown of lessons and questions to sanitised HTML, once, at publication.

A lesson becomes a sequence of parts, HTML and questions in turn, with its text for search.
What is wrong with pictures, links and formulas is found here, because here it is met.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal, cast
from xml.etree import ElementTree

import markdown
from latex2mathml.converter import convert as mathml
from markdown.treeprocessors import Treeprocessor
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import (
    Block as PymdownBlock,
)

from app.catalog.blocks import Block, Callout, Close, Line, QuestionBlock, cut
from app.catalog.bundle import CAPTIONS, FILMS, PICTURES, SOUNDS, Bundle
from app.catalog.lists import regular_lists
from app.catalog.pictures import UnsafePicture, size_of
from app.catalog.sanitise import clean
from app.kernel.words import _l, fold
from app.questions.kinds import Question
from app.questions.problems import ProblemList

RENDERER = "1"
WORDS_A_MINUTE = 200
HEADING_PREFIX = "muc-"
LONGEST_FORMULA = 2_000

Part = dict[Literal["html", "question"], str]

# The words that a callout shows in the language of the lesson, which is content.
_KIND_WORDS = {
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
class Medium:
    """A media file as a page needs it: address, size in bytes, width and height if known."""

    path: str
    address: str
    size: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Heading:
    """A heading of a lesson, for its outline and for links."""

    level: int
    id: str
    text: str


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
        """About how long reading takes, at 200 words (Vietnamese: syllables) a minute."""
        return -(-self.words // WORDS_A_MINUTE)


def media_of(bundle: Bundle, media_address: Callable[[str], str]) -> dict[str, Medium]:
    """The media of a bundle by path; `media_address` tells where each will be served."""
    found = {}
    for path, data in bundle.files.items():
        if path.startswith("media/"):
            try:
                size = size_of(path, data)
            except UnsafePicture:
                size = None
            width, height = size or (None, None)
            found[path] = Medium(path, media_address(path), len(data), width, height)
    return found


class Renderer:
    """Renders the lessons and questions of one course in one language.

    `lesson_address` maps a lesson's path in the folder to where it is read.
    """

    def __init__(
        self, language: str, media: Mapping[str, Medium], lesson_address: Mapping[str, str]
    ) -> None:
        self.words = _KIND_WORDS["vi" if language == "vi" else "en"]
        self.language = language
        self.media = media
        self.addresses = frozenset(m.address for m in media.values())
        self.lesson_address = lesson_address
        self._lesson = _Pipeline(self, has_footnotes=True)
        self._fragment = _Pipeline(self, has_footnotes=False)

    def lesson(self, blocks: list[Block], problems: ProblemList) -> Rendered:
        """A lesson's blocks as parts; questions keep their place by id."""
        source = _Source(blocks, problems)
        page = self._lesson.run(blocks, source)
        parts = [part for part in self._parts(page, blocks) if part]
        text = plain_text(" ".join(part.get("html", "") for part in parts))
        return Rendered(
            tuple(parts),
            text,
            tuple(self._lesson.headings),
            len(text.split()),
            frozenset(self._lesson.used),
        )

    def question(self, question: Question, body: Iterable[str], problems: ProblemList) -> Question:
        """The question with HTML in place of Markdown; labels stay inside a line."""
        lines = [Line(text, question.line + 1 + i) for i, text in enumerate(body)]
        source = _Source(cast(list[Block], lines), problems)

        def rendered(text: str, is_label: bool) -> str:
            return self._text(text, is_label, source, question.line)

        return question.map_texts(rendered)

    def used_by_questions(self) -> frozenset[str]:
        """The media that the questions rendered so far have shown."""
        return frozenset(self._fragment.used)

    def _text(self, text: str, is_label: bool, source: _Source, line: int) -> str:
        if _PLAIN.fullmatch(text):
            page = f"<p>{html.escape(text, quote=False)}</p>"
        else:
            quiet = ProblemList(source.problems.file)
            blocks = cut(text, quiet)
            page = clean(self._fragment.run(blocks, source), self.addresses).strip()
        if not is_label:
            return page
        inner = page.removeprefix("<p>").removesuffix("</p>")
        if not page.startswith("<p>") or re.search(
            r"</?(?:p|ul|ol|div|table|pre|aside|h\d)\b", inner
        ):
            source.error(
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


# A text that Markdown leaves alone needs no renderer: most choices of most questions.
_PLAIN = re.compile(r"(?!\d+[.)] )(?![-+=] )[^*_`\[\]<>&$\\#|~!{}\n\r\t/@^]*(?<! )")
_PLACE = re.compile(r"(?:<p>)?\ue000(\d+)\ue000(?:</p>)?")
_FORMULA = re.compile(r"<(span|div) class=\"arithmatex\">\\[(\[](.*?)\\[)\]]</\1>", re.DOTALL)
_DECORATION = re.compile(r"\{:? ?\.decoration ?\}")
_TASK = re.compile(r"\[([ xX])\]\s+")
_RAW_TAG = re.compile(
    r"<(script|style|iframe|object|embed|form|input|button|img|audio|video|svg|link|meta)\b",
    re.IGNORECASE,
)
_CODE_SPAN = re.compile(r"(`+).+?\1")


class _Source:
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

    def error(self, needle: str, code: str, message: Any, default: int | None = None) -> None:
        self.problems.error(self.line(needle, default), code, message)

    def remind(self, needle: str, code: str, message: Any) -> None:
        self.problems.remind(self.line(needle), code, message)


class _Pipeline:
    """One Markdown instance with what it needs to know of the text at hand."""

    def __init__(self, renderer: Renderer, *, has_footnotes: bool) -> None:
        self.renderer = renderer
        self.is_lesson = has_footnotes
        self.callouts: list[Callout] = []
        self.headings: list[Heading] = []
        self.used: set[str] = set()
        self.source = _Source([], ProblemList(""))
        extensions: list[Any] = [
            "tables",
            "sane_lists",
            "pymdownx.superfences",
            "pymdownx.highlight",
            "pymdownx.arithmatex",
            "pymdownx.tilde",
            "pymdownx.magiclink",
            _Callouts(self),
        ]
        self.markdown = markdown.Markdown(
            extensions=extensions + (["footnotes"] if has_footnotes else []),
            extension_configs={
                "tables": {"use_align_attribute": True},
                "pymdownx.highlight": {"guess_lang": False},
                "pymdownx.arithmatex": {
                    "generic": True,
                    "inline_syntax": ["dollar"],
                    "block_syntax": ["dollar"],
                },
                "pymdownx.tilde": {"subscript": False},
                "footnotes": {"BACKLINK_TITLE": renderer.words["back"]},
            },
            output_format="html",
        )
        # Raw blocks would keep Markdown inside them unread; inline tags go to the sanitiser.
        self.markdown.preprocessors.deregister("html_block")
        self.markdown.treeprocessors.register(_Tasks(self.markdown), "course-tasks", 26)
        self.markdown.treeprocessors.register(_Finish(self.markdown, self), "course", 12)

    def run(self, blocks: list[Block], source: _Source) -> str:
        self.source = source
        self.callouts = []
        self.headings = []
        if self.is_lesson:
            self.used = set()
        text = self._text(blocks)
        self.markdown.reset()
        page = self.markdown.convert(text)
        # A wide block of code scrolls by itself, by keyboard too.
        page = page.replace("<pre><span></span>", '<pre tabindex="0">')
        return _FORMULA.sub(self._formula, page)

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
                out += ["", f"{'/' * (12 - depth)} callout | {len(self.callouts)}", ""]
                self.callouts.append(block)
                depth += 1
            elif isinstance(block, Close):
                depth -= 1
                out += ["", "/" * (12 - depth), ""]
        flush()
        return "\n".join(out)

    def _raw_tags(self, line: Line) -> None:
        if match := _RAW_TAG.search(_CODE_SPAN.sub("", line.text)):
            self.source.problems.remind(
                line.number,
                "raw-html",
                _l(
                    "thẻ <%(tag)s> sẽ bị bỏ; hình, tệp và khối có cách viết riêng",
                    tag=match[1].lower(),
                ),
            )

    def _formula(self, match: re.Match[str]) -> str:
        tex = html.unescape(match[2]).strip()
        is_block = match[1] == "div"
        if not is_block and _WORDS_OF_A_SENTENCE.search(_TEXT_IN_TEX.sub("", tex)):
            # Two sums of dollars in one sentence, not a formula.
            return html.escape(f"${html.unescape(match[2])}$", quote=False)
        try:
            return _drawn(tex, is_block=is_block)
        except Exception:  # latex2mathml fails in many ways on wrong TeX
            self.source.error(
                tex.partition("\n")[0],
                "formula",
                _l("không đọc được công thức “%(tex)s”", tex=tex[:60]),
            )
            return html.escape(tex)


_WORDS_OF_A_SENTENCE = re.compile(r"[^\W\d_a-zA-Zα-ωΑ-Ω]")
_TEXT_IN_TEX = re.compile(r"\\(?:text|mathrm|textbf|textit)\{[^{}]*\}")


def _drawn(tex: str, *, is_block: bool) -> str:
    """TeX as MathML. Raises an exception of any kind for TeX that cannot be read whole."""
    bare = re.sub(r"\\.", "", tex)
    if len(tex) > LONGEST_FORMULA or bare.count("{") != bare.count("}"):
        raise ValueError(tex)
    drawn = mathml(tex, display="block" if is_block else "inline")
    tree = ElementTree.fromstring(drawn)
    for element in tree.iter():
        name = str(element.tag).rpartition("}")[2]
        if (element.text or "").startswith("\\") or (name == "mfrac" and len(element) != 2):
            raise ValueError(tex)
    page = _annotated(tree, tex)
    return f'<p class="formula">{page}</p>' if is_block else page


def _annotated(tree: ElementTree.Element, tex: str) -> str:
    """MathML without a namespace prefix, the TeX kept for copying and for readers aloud."""
    for element in tree.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    tree.set("alttext", tex)
    inner = ElementTree.Element("semantics")
    row = list(tree)
    body = row[0] if len(row) == 1 else ElementTree.Element("mrow")
    if len(row) != 1:
        body.extend(row)
    for child in row:
        tree.remove(child)
    inner.append(body)
    note = ElementTree.SubElement(inner, "annotation", {"encoding": "application/x-tex"})
    note.text = tex
    tree.append(inner)
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


class _Callouts(BlocksExtension):  # type: ignore[misc]
    """Teaches Python-Markdown the product's callouts through pymdown's blocks."""

    def __init__(self, pipeline: _Pipeline) -> None:
        super().__init__()
        self.pipeline = pipeline

    def extendMarkdownBlocks(self, md: markdown.Markdown, block_mgr: Any) -> None:  # noqa: N802
        pipeline = self.pipeline

        class CalloutBlock(PymdownBlock):  # type: ignore[misc]
            NAME = "callout"
            ARGUMENT = True

            def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
                return _callout(pipeline, parent, pipeline.callouts[int(self.argument)])

            def on_end(self, block: ElementTree.Element) -> None:
                _close_callout(pipeline, block)

        block_mgr.register(CalloutBlock, self.getConfigs())


def _callout(
    pipeline: _Pipeline, parent: ElementTree.Element, callout: Callout
) -> ElementTree.Element:
    words = pipeline.renderer.words
    kind = words[callout.name]
    if callout.name == "tab":
        last = parent[-1] if len(parent) else None
        is_next = last is not None and last.get("class") == "tabs" and not (last.tail or "").strip()
        tabs = last if is_next else ElementTree.SubElement(parent, "div", {"class": "tabs"})
        assert tabs is not None
        element = ElementTree.SubElement(tabs, "section", {"class": "tab"})
        ElementTree.SubElement(element, "p", {"class": "note-title"}).text = callout.title or kind
        return element
    if callout.name == "details":
        element = ElementTree.SubElement(parent, "details", {"class": "note details"})
        ElementTree.SubElement(element, "summary").text = callout.title or kind
        return element
    element = ElementTree.SubElement(parent, "aside", {"class": f"note {callout.name}"})
    title = ElementTree.SubElement(element, "p", {"class": "note-title"})
    own = "" if callout.name == "download" else callout.title
    if own and fold(own).startswith(fold(kind)):
        title.text = own
    else:
        ElementTree.SubElement(title, "span", {"class": "note-kind"}).text = kind
        if own:
            title[0].tail = f" · {own}"
    if callout.minutes:
        ElementTree.SubElement(title, "span", {"class": "meta"}).text = words["minutes"].format(
            callout.minutes
        )
        title[-1].tail = ""
        before = title[-2] if len(title) > 1 else None
        if before is not None:
            before.tail = (before.tail or "") + " "
        else:
            title.text = f"{title.text} "
    if callout.name == "download":
        element.set("data-line", str(callout.line))
        element.set("data-file", callout.title)
    return element


def _close_callout(pipeline: _Pipeline, element: ElementTree.Element) -> None:
    path = element.attrib.pop("data-file", None)
    line = int(element.attrib.pop("data-line", 0))
    if path is None:
        return
    medium = pipeline.renderer.media.get(path)
    if medium is None:
        pipeline.source.problems.error(
            line,
            "download-missing",
            _l("không có tệp “%(path)s”; viết /// download | media/ten-tep", path=path),
        )
        return
    pipeline.used.add(path)
    name = path.rpartition("/")[2]
    holder = ElementTree.SubElement(element, "p", {"class": "file"})
    link = ElementTree.SubElement(
        holder, "a", {"class": "download-file", "href": medium.address, "download": name}
    )
    link.text = markdown.util.AtomicString(name)
    size = ElementTree.SubElement(holder, "span", {"class": "meta"})
    link.tail = " "
    kind = name.rpartition(".")[2].upper()
    size.text = f"{kind}, {file_size(medium.size, pipeline.renderer.language)}"


def file_size(size: int, language: str) -> str:
    """A file's size for people: 24 KB; 1,2 MB (in English 1.2 MB)."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    text = f"{size / 1024**2:.1f} MB"
    return text.replace(".", ",") if language == "vi" else text


class _Tasks(Treeprocessor):
    """Task lists as signs: a check box without a label would be a control that does nothing."""

    def run(self, root: ElementTree.Element) -> None:
        for item_list in root.iter("ul"):
            for item in item_list:
                holder = item[0] if not (item.text or "").strip() and len(item) else item
                match = _TASK.match(holder.text or "") if holder.tag in ("li", "p") else None
                if match and holder.text:
                    sign = "☐" if match[1] == " " else "☑"
                    holder.text = f"{sign} {holder.text[match.end() :]}"
                    item_list.set("class", "task-list")


class _Finish(Treeprocessor):
    """Headings, pictures, sounds, films, links and tables in the product's form."""

    def __init__(self, md: markdown.Markdown, pipeline: _Pipeline) -> None:
        super().__init__(md)
        self.pipeline = pipeline
        self.renderer = pipeline.renderer

    def run(self, root: ElementTree.Element) -> None:
        self._headings(root)
        self._tables(root)
        self._media(root)
        self._links(root)

    # Headings

    def _headings(self, root: ElementTree.Element) -> None:
        found = [e for e in root.iter() if re.fullmatch(r"h[1-6]", str(e.tag))]
        if not self.pipeline.is_lesson:
            for element in found:
                element.tag = f"h{min(6, int(element.tag[1]) + 2)}"
            return
        # The page's own title is the one heading of level 1.
        shift = 1 if any(e.tag == "h1" for e in found) else 0
        taken: set[str] = set()
        above = 1
        for element in found:
            text = " ".join("".join(element.itertext()).split())
            level = min(6, int(element.tag[1]) + shift)
            if element.tag == "h1":
                self._source.remind(
                    text,
                    "heading-first",
                    _l("tên bài đã là tiêu đề cấp một; trong bài bắt đầu từ ##"),
                )
            elif level > above + 1:
                self._source.remind(
                    text, "heading-jump", _l("tiêu đề “%(text)s” nhảy qua một cấp", text=text)
                )
            above = level
            element.tag = f"h{level}"
            anchor = heading_id(text)
            while anchor in taken:
                anchor += "-"
            taken.add(anchor)
            element.set("id", anchor)
            self.pipeline.headings.append(Heading(level, anchor, text))

    # Tables

    def _tables(self, root: ElementTree.Element) -> None:
        number = 0
        for parent in list(root.iter()):
            for index, child in enumerate(list(parent)):
                if child.tag != "table":
                    continue
                number += 1
                for cell in child.iter():
                    align = cell.attrib.pop("align", None)
                    if align in ("right", "center"):
                        cell.set("class", "num" if align == "right" else "center")
                    if cell.tag == "th":
                        cell.set("scope", "col")
                # A wide table scrolls by itself, by keyboard too.
                box = ElementTree.Element(
                    "div",
                    {
                        "class": "scroll",
                        "tabindex": "0",
                        "role": "region",
                        "aria-label": f"{self.renderer.words['table']} {number}",
                    },
                )
                box.tail, child.tail = child.tail, None
                box.append(child)
                parent[index] = box

    # Pictures, sounds, films

    def _media(self, root: ElementTree.Element) -> None:
        for parent in list(root.iter()):
            for index, child in enumerate(list(parent)):
                if child.tag == "img":
                    new = self._medium(child)
                    new.tail = child.tail
                    if child.get("class") == "decoration":
                        new.tail = _DECORATION.sub("", child.tail or "", count=1)
                    parent[index] = new
        if self.pipeline.is_lesson:
            self._figures(root)

    def _medium(self, element: ElementTree.Element) -> ElementTree.Element:
        path, alt = element.get("src", ""), (element.get("alt") or "").strip()
        is_decoration = bool(_DECORATION.match((element.tail or "").lstrip(" ")))
        if is_decoration:
            element.set("class", "decoration")
            element.tail = (element.tail or "").lstrip(" ")
        medium = self.renderer.media.get(path)
        kind = path.rpartition(".")[2].lower()
        if medium is None:
            self._missing(path)
            return ElementTree.Element("span")
        self.pipeline.used.add(path)
        if not alt and not is_decoration:
            self._source.error(
                f"![]({path}",
                "picture-alt",
                _l(
                    "“%(path)s” thiếu lời mô tả: ![mô tả](…), hoặc {.decoration} nếu chỉ để "
                    "trang trí",
                    path=path,
                ),
            )
        if kind in SOUNDS or kind in FILMS:
            return self._titled(self._player(medium, alt, kind), element)
        if kind not in PICTURES:
            self._source.error(
                f"]({path}",
                "media-kind",
                _l("“%(path)s” không phải hình, tiếng hay phim; dùng /// download", path=path),
            )
            return ElementTree.Element("span")
        picture = ElementTree.Element(
            "img",
            {
                "src": medium.address,
                "alt": "" if is_decoration else alt,
                "loading": "lazy",
                "decoding": "async",
            },
        )
        if is_decoration:
            picture.set("class", "decoration")
        if medium.width and medium.height:
            picture.set("width", str(medium.width))
            picture.set("height", str(medium.height))
        return self._titled(picture, element)

    def _titled(
        self, medium: ElementTree.Element, element: ElementTree.Element
    ) -> ElementTree.Element:
        if caption := element.get("title"):
            medium.set("title", caption)
        return medium

    def _player(self, medium: Medium, alt: str, kind: str) -> ElementTree.Element:
        tag = "audio" if kind in SOUNDS else "video"
        player = ElementTree.Element(
            tag,
            {
                "src": medium.address,
                "controls": "",
                "preload": "none",
                "aria-label": alt,
            },
        )
        stem = medium.path.rpartition(".")[0]
        for ending in CAPTIONS:
            if captions := self.renderer.media.get(f"{stem}.{ending}"):
                self.pipeline.used.add(captions.path)
                ElementTree.SubElement(
                    player,
                    "track",
                    {
                        "src": captions.address,
                        "kind": "captions",
                        "srclang": self.renderer.language,
                        "label": self.renderer.language,
                    },
                )
        return player

    def _missing(self, path: str) -> None:
        if re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", path):
            self._source.error(
                f"]({path}",
                "media-outside",
                _l("hình, tiếng và phim phải nằm trong media/, không lấy từ nơi khác"),
            )
        else:
            self._source.error(
                f"]({path}", "media-missing", _l("không có tệp “%(path)s”", path=path)
            )

    def _figures(self, root: ElementTree.Element) -> None:
        """A paragraph of nothing but pictures, sounds or films becomes figures with captions."""
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag != "p" or not len(child) or (child.text or "").strip():
                    continue
                if any(
                    m.tag not in ("img", "audio", "video")
                    or (m.tail or "").strip()
                    or m.get("class") == "decoration"
                    for m in child
                ):
                    continue
                index = list(parent).index(child)
                parent.remove(child)
                for medium in reversed(list(child)):
                    parent.insert(index, self._figure(medium))

    def _figure(self, medium: ElementTree.Element) -> ElementTree.Element:
        caption = medium.attrib.pop("title", "")
        figure = ElementTree.Element("figure")
        figure.append(medium)
        figure.tail, medium.tail = "\n", None
        if caption:
            ElementTree.SubElement(figure, "figcaption").text = caption
        return figure

    # Links

    def _links(self, root: ElementTree.Element) -> None:
        anchors = {heading.id for heading in self.pipeline.headings}
        for link in root.iter("a"):
            href = link.get("href", "")
            if link.get("class") == "footnote-backref":
                link.set("aria-label", link.attrib.pop("title", ""))
            elif link.get("class") == "footnote-ref":
                continue
            elif re.match(r"(?i)https?:|//", href):
                link.set("rel", "noopener")
            elif href.startswith("media/"):
                self._media_link(link, href)
            elif href.startswith("#"):
                target = heading_id(href[1:])
                link.set("href", f"#{target}")
                if self.pipeline.is_lesson and target not in anchors:
                    self._broken(href)
            elif not re.match(r"(?i)(?:mailto|tel):|/", href):
                self._lesson_link(link, href)

    def _media_link(self, link: ElementTree.Element, href: str) -> None:
        medium = self.renderer.media.get(href)
        if medium is None:
            self._source.error(
                f"]({href}", "media-missing", _l("không có tệp “%(path)s”", path=href)
            )
            return
        self.pipeline.used.add(href)
        link.set("href", medium.address)

    def _lesson_link(self, link: ElementTree.Element, href: str) -> None:
        path, _, anchor = href.partition("#")
        address = self.renderer.lesson_address.get(path.removeprefix("./"))
        if address is None:
            self._broken(href)
            return
        link.set("href", f"{address}#{heading_id(anchor)}" if anchor else address)

    def _broken(self, href: str) -> None:
        self._source.remind(
            f"]({href}",
            "link-broken",
            _l("liên kết “%(href)s” không dẫn tới đâu trong khóa học", href=href),
        )

    @property
    def _source(self) -> _Source:
        return self.pipeline.source


def heading_id(text: str) -> str:
    """The id of a heading, from its words; a prefix keeps it apart from the page's own ids."""
    words = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    return HEADING_PREFIX + (words.removeprefix(HEADING_PREFIX) or "khac")


class _TextReader(HTMLParser):
    _BLOCKS = {
        "p",
        "li",
        "td",
        "th",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "figcaption",
        "summary",
        "pre",
        "br",
        "blockquote",
        "aside",
        "div",
        "section",
        "tr",
    }

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "annotation" or dict(attrs).get("class") == "footnote-backref":
            self.hidden += 1
        if tag in self._BLOCKS:
            self.pieces.append(" ")
        if tag == "img":
            self.pieces.append(f" {dict(attrs).get('alt') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag in ("annotation", "a"):
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)


def plain_text(page: str) -> str:
    """The words of stored HTML, for search and for counting."""
    reader = _TextReader()
    reader.feed(page)
    reader.close()
    return " ".join("".join(reader.pieces).split())
