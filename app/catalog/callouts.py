"""Callouts as HTML, taught to Python-Markdown through pymdown's blocks."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import markdown
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block as PymdownBlock

from app.catalog.blocks import Callout
from app.catalog.media import file_size
from app.catalog.page import Page
from app.kernel.words import _l, fold


class Callouts(BlocksExtension):  # type: ignore[misc]
    """Teaches Python-Markdown the product's callouts through pymdown's blocks."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def extendMarkdownBlocks(self, md: markdown.Markdown, block_mgr: Any) -> None:  # noqa: N802
        page = self.page

        class CalloutBlock(PymdownBlock):  # type: ignore[misc]
            NAME = "callout"
            ARGUMENT = True

            def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
                return _callout(page, parent, page.callouts[int(self.argument)])

            def on_end(self, block: ElementTree.Element) -> None:
                _close_callout(page, block)

        block_mgr.register(CalloutBlock, self.getConfigs())


def _callout(page: Page, parent: ElementTree.Element, callout: Callout) -> ElementTree.Element:
    words = page.words
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


def _close_callout(page: Page, element: ElementTree.Element) -> None:
    path = element.attrib.pop("data-file", None)
    line = int(element.attrib.pop("data-line", 0))
    if path is None:
        return
    medium = page.media.get(path)
    if medium is None:
        page.lines.problems.error(
            line,
            "download-missing",
            _l("không có tệp “%(path)s”; viết /// download | media/ten-tep", path=path),
        )
        return
    page.used.add(path)
    name = path.rpartition("/")[2]
    holder = ElementTree.SubElement(element, "p", {"class": "file"})
    link = ElementTree.SubElement(
        holder, "a", {"class": "download-file", "href": medium.address, "download": name}
    )
    link.text = markdown.util.AtomicString(name)
    size = ElementTree.SubElement(holder, "span", {"class": "meta"})
    link.tail = " "
    kind = name.rpartition(".")[2].upper()
    size.text = f"{kind}, {file_size(medium.size, page.language)}"
