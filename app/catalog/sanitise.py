"""What HTML a course may hold: an allowlist, applied once, at publication."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import nh3
from pygments.token import STANDARD_TYPES

CALLOUT_CLASSES = {
    "note",
    "tip",
    "warning",
    "law",
    "example",
    "activity",
    "summary",
    "details",
    "download",
}

_MATH = {
    "math",
    "semantics",
    "annotation",
    "mrow",
    "mi",
    "mn",
    "mo",
    "mtext",
    "mspace",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mtable",
    "mtr",
    "mtd",
    "mstyle",
    "mpadded",
    "mphantom",
    "menclose",
    "mmultiscripts",
    "mprescripts",
}
_TEXT = {
    "p",
    "br",
    "hr",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "s",
    "del",
    "ins",
    "sub",
    "sup",
    "kbd",
    "mark",
    "small",
    "abbr",
    "q",
    "cite",
    "span",
    "div",
    "a",
    "img",
    "figure",
    "figcaption",
    "audio",
    "video",
    "track",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "aside",
    "section",
    "details",
    "summary",
    "dl",
    "dt",
    "dd",
}
_ATTRIBUTES = {
    "a": {"href", "title", "rel", "id", "download", "aria-label"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height", "loading", "decoding"},
    "audio": {"src", "controls", "preload", "aria-label"},
    "video": {"src", "controls", "preload", "aria-label", "playsinline"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "ol": {"start"},
    "li": {"id"},
    "sup": {"id"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "div": {"tabindex", "role", "aria-label"},
    "pre": {"tabindex"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "h5": {"id"},
    "h6": {"id"},
    "math": {"display", "alttext"},
    "annotation": {"encoding"},
    "mi": {"mathvariant"},
    "mn": {"mathvariant"},
    "mtext": {"mathvariant"},
    "mo": {
        "stretchy",
        "fence",
        "separator",
        "form",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
        "largeop",
        "movablelimits",
        "accent",
        "symmetric",
        "mathvariant",
    },
    "mspace": {"width", "height", "depth", "linebreak"},
    "mfrac": {"linethickness", "displaystyle"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mtable": {
        "columnalign",
        "rowalign",
        "columnspacing",
        "rowspacing",
        "columnlines",
        "rowlines",
        "frame",
        "displaystyle",
    },
    "mtr": {"columnalign"},
    "mtd": {"columnalign", "columnspan"},
    "mstyle": {"displaystyle", "scriptlevel", "mathvariant"},
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "menclose": {"notation"},
}
_CODE_CLASSES = {name for name in STANDARD_TYPES.values() if name}
_CLASSES = {
    "aside": CALLOUT_CLASSES,
    "details": CALLOUT_CLASSES,
    "section": {"tab"},
    "div": {"scroll", "tabs", "highlight", "footnote"},
    "p": {"note-title", "formula", "file"},
    "span": _CODE_CLASSES | {"meta", "note-kind"},
    "img": {"decoration", "paper-drawing"},
    "ul": {"task-list"},
    "th": {"num", "center"},
    "td": {"num", "center"},
    "a": {"footnote-ref", "footnote-backref", "download-file"},
}
_CLEAN_WITH_CONTENT = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "noscript",
    "template",
    "textarea",
    "title",
    "xmp",
    "noembed",
    "noframes",
    "select",
    "svg",
}

_ID = re.compile(r"muc-[\w-]+|fn(?:ref\d*)?:[\w-]+")
_FIXED = {
    "tabindex": {"0"},
    "role": {"region"},
    "kind": {"captions"},
    "preload": {"none", "metadata"},
    "loading": {"lazy"},
    "decoding": {"async"},
    "rel": {"noopener"},
    "encoding": {"application/x-tex"},
    "scope": {"col", "row"},
}


def clean(html: str, addresses: Collection[str]) -> str:
    """HTML with nothing but what the allowlist names.

    Pictures, sounds and films may come from `addresses` alone; no style, no script, no id
    that could stand for one of the page's own.
    """
    cleaned = nh3.clean(
        html,
        tags=_TEXT | _MATH,
        clean_content_tags=_CLEAN_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_filter(addresses),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    return _SOURCELESS.sub("", cleaned)


_SOURCELESS = re.compile(r"<(?:img|track)(?![^>]*\ssrc=)[^>]*>")


def _filter(addresses: Collection[str]) -> Callable[[str, str, str], str | None]:
    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return value if value in addresses else None
        if attribute == "id":
            return value if _ID.fullmatch(value) else None
        if attribute in _FIXED:
            return value if value in _FIXED[attribute] else None
        return value

    return kept
