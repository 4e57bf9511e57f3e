"""Headings, pictures, sounds, films, links, tables and task lists in the product's form."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import markdown
from markdown.treeprocessors import Treeprocessor

from app.catalog.bundle import CAPTIONS, FILMS, PICTURES, SOUNDS
from app.catalog.media import Medium
from app.catalog.page import Heading, Page
from app.kernel.words import _l, fold

HEADING_PREFIX = "muc-"


_DECORATION = re.compile(r"\{:? ?\.decoration ?\}")
_TASK = re.compile(r"\[([ xX])\]\s+")


class Tasks(Treeprocessor):
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


class Finish(Treeprocessor):
    """Headings, pictures, sounds, films, links and tables in the product's form."""

    def __init__(self, md: markdown.Markdown, page: Page) -> None:
        super().__init__(md)
        self.page = page

    def run(self, root: ElementTree.Element) -> None:
        self._headings(root)
        self._tables(root)
        self._media(root)
        self._links(root)

    # Headings

    def _headings(self, root: ElementTree.Element) -> None:
        found = [e for e in root.iter() if re.fullmatch(r"h[1-6]", str(e.tag))]
        if not self.page.is_lesson:
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
                self.page.lines.remind(
                    text,
                    "heading-first",
                    _l("tên bài đã là tiêu đề cấp một; trong bài bắt đầu từ ##"),
                )
            elif level > above + 1:
                self.page.lines.remind(
                    text, "heading-jump", _l("tiêu đề “%(text)s” nhảy qua một cấp", text=text)
                )
            above = level
            element.tag = f"h{level}"
            anchor = heading_id(text)
            while anchor in taken:
                anchor += "-"
            taken.add(anchor)
            element.set("id", anchor)
            self.page.headings.append(Heading(level, anchor, text))

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
                    if cell.tag == "th" and not "".join(cell.itertext()).strip():
                        cell.tag = "td"  # an empty corner heads nothing
                    if cell.tag == "th":
                        cell.set("scope", "col")
                # A wide table scrolls by itself, by keyboard too.
                box = ElementTree.Element(
                    "div",
                    {
                        "class": "scroll",
                        "tabindex": "0",
                        "role": "region",
                        "aria-label": f"{self.page.words['table']} {number}",
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
        if self.page.is_lesson:
            self._figures(root)

    def _medium(self, element: ElementTree.Element) -> ElementTree.Element:
        path, alt = element.get("src", ""), (element.get("alt") or "").strip()
        is_decoration = bool(_DECORATION.match((element.tail or "").lstrip(" ")))
        if is_decoration:
            element.set("class", "decoration")
            element.tail = (element.tail or "").lstrip(" ")
        medium = self.page.media.get(path)
        kind = path.rpartition(".")[2].lower()
        if medium is None:
            self._missing(path)
            return ElementTree.Element("span")
        self.page.used.add(path)
        if not alt and not is_decoration:
            self.page.lines.error(
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
            self.page.lines.error(
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
        classes = ["decoration"] * is_decoration + ["paper-drawing"] * medium.is_for_paper
        if classes:
            picture.set("class", " ".join(classes))
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
            if captions := self.page.media.get(f"{stem}.{ending}"):
                self.page.used.add(captions.path)
                ElementTree.SubElement(
                    player,
                    "track",
                    {
                        "src": captions.address,
                        "kind": "captions",
                        "srclang": self.page.language,
                        "label": self.page.language,
                    },
                )
        return player

    def _missing(self, path: str) -> None:
        if re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", path):
            self.page.lines.error(
                f"]({path}",
                "media-outside",
                _l("hình, tiếng và phim phải nằm trong media/, không lấy từ nơi khác"),
            )
        else:
            self.page.lines.error(
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
                    or "decoration" in m.get("class", "").split()
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
        anchors = {heading.id for heading in self.page.headings}
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
                if self.page.is_lesson and target not in anchors:
                    self._broken(href)
            elif not re.match(r"(?i)(?:mailto|tel):|/", href):
                self._lesson_link(link, href)

    def _media_link(self, link: ElementTree.Element, href: str) -> None:
        medium = self.page.media.get(href)
        if medium is None:
            self.page.lines.error(
                f"]({href}", "media-missing", _l("không có tệp “%(path)s”", path=href)
            )
            return
        self.page.used.add(href)
        link.set("href", medium.address)

    def _lesson_link(self, link: ElementTree.Element, href: str) -> None:
        path, _, anchor = href.partition("#")
        address = self.page.lesson_address.get(path.removeprefix("./"))
        if address is None:
            self._broken(href)
            return
        link.set("href", f"{address}#{heading_id(anchor)}" if anchor else address)

    def _broken(self, href: str) -> None:
        self.page.lines.remind(
            f"]({href}",
            "link-broken",
            _l("liên kết “%(href)s” không dẫn tới đâu trong khóa học", href=href),
        )


def heading_id(text: str) -> str:
    """The id of a heading, from its words; a prefix keeps it apart from the page's own ids."""
    words = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    return HEADING_PREFIX + (words.removeprefix(HEADING_PREFIX) or "khac")
