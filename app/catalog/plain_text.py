"""The words of stored HTML."""

from __future__ import annotations

from html.parser import HTMLParser


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
