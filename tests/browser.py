"""The test client: it behaves like a browser, and holds every page it meets to the house rules.

A test drives it as a person would (`get`, `sign_in`, `submit`), never with fields a page does
not offer. Every answer is examined on the way: strict HTML, one heading, a language, labels,
ids, no inline style or script, headers, cookies, the number of statements and the weight.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.test import TestResponse

LEARNER_STATEMENTS = 8
MANAGER_STATEMENTS = 12
MANAGER_ADDRESSES = ("/quan-ly", "/quan-tri", "/bien-soan", "/khen-thuong")
LEARNER_KILOBYTES = 15
MANAGER_KILOBYTES = 30

# Machinery of a transaction, not questions to the database.
_MACHINERY = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET ")

_BUTTON_TYPES = {"submit", "image", "reset", "button"}
_INLINE = {"a", "abbr", "b", "bdi", "cite", "code", "em", "i", "kbd", "mark", "q", "s"}
_INLINE |= {"small", "span", "strong", "sub", "sup", "time", "u"}
_SILENT = {"script", "style", "template", "title", "head"}
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form")
_LEFTOVERS = re.compile(r"%\(\w+\)[sd]|\{\{|\}\}|\{%|<Undefined|\bNone\b|object at 0x")


class BrokenRule(AssertionError):
    """A page does not keep a rule of the house."""


class WrongField(AssertionError):
    """A test fills in something that the form on the page does not have."""


class Statements:
    """Every statement that reaches a database while it is counting."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def _note(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_MACHINERY):
            self.seen.append(statement)

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """Collect the statements of the block, in order, into the list given."""
        self.seen = []
        event.listen(Engine, "before_cursor_execute", self._note)
        try:
            yield self.seen
        finally:
            event.remove(Engine, "before_cursor_execute", self._note)


@dataclass
class Page:
    """One answer of the server, parsed when it is HTML."""

    method: str
    address: str
    status: int
    headers: Headers
    body: bytes
    statements: list[str]
    document: Element | None = None
    _parents: dict[Element, Element] = field(default_factory=dict)

    @property
    def html(self) -> str:
        """The body as it came, as text."""
        return self.body.decode("utf-8")

    @property
    def root(self) -> Element:
        """The `<html>` element; an error if the answer is no HTML."""
        assert self.document is not None, f"{self.address} is {self.headers.get('Content-Type')}"
        return self.document

    @property
    def language(self) -> str:
        """What `<html lang>` says."""
        return self.root.get("lang", "")

    @property
    def title(self) -> str:
        """The text of `<title>`."""
        return words(self.one(".//title"))

    @property
    def heading(self) -> str:
        """The text of the page's only `<h1>`."""
        return words(self.one(".//h1"))

    @property
    def text(self) -> str:
        """What a reader sees in `<body>`, white space collapsed."""
        return words(self.one(".//body"))

    @property
    def main(self) -> str:
        """What a reader sees in `<main>`, white space collapsed."""
        return words(self.one(".//main"))

    def __contains__(self, sentence: str) -> bool:
        return sentence in self.text

    def all(self, path: str) -> list[Element]:
        """Elements on an ElementTree path, such as `.//a[@data-certificate]`."""
        return self.root.findall(path)

    def one(self, path: str) -> Element:
        """The only element on a path; none or several is an error."""
        found = self.all(path)
        assert len(found) == 1, f"{self.address}: {len(found)} elements at {path}"
        return found[0]

    def parent(self, element: Element) -> Element | None:
        """The element around this one."""
        if not self._parents:
            self._parents.update({child: outer for outer in self.root.iter() for child in outer})
        return self._parents.get(element)

    def has_action(self, action: str) -> bool:
        """Whether the page offers a button with this `data-action`."""
        return bool(self.buttons(action))

    def buttons(self, action: str) -> list[Element]:
        """The buttons with this `data-action`, in the order of the page."""
        return [e for e in self.root.iter() if e.get("data-action") == action]

    def listed(self, name: str) -> dict[str, dict[str, str]]:
        """The rows of a list: row id to its values by heading, also those set beneath others."""
        heads = {
            part.get("data-column"): _own_words(part)
            for part in self.all(f".//*[@data-table='{name}']//thead//*[@data-column]")
        }
        return {
            row.get("data-row", ""): dict.fromkeys(heads.values(), "")
            | {
                heads[part.get("data-column")]: _own_words(part)
                for part in row.iter()
                if part.get("data-column")
            }
            for row in self.all(f".//*[@data-table='{name}']//*[@data-row]")
        }

    def table(self, name: str) -> dict[str, list[str]]:
        """The rows of `data-table="name"`: row id to the text of its cells, in order."""
        rows = self.one(f".//*[@data-table='{name}']").iter()
        return {
            row.get("data-row", ""): [words(cell) for cell in row if cell.tag in ("td", "th")]
            for row in rows
            if row.get("data-row") is not None
        }

    def link(self, text: str) -> str:
        """The address of the first link with this text."""
        for anchor in self.all(".//a[@href]"):
            if words(anchor) == text:
                return urljoin(self.address, anchor.get("href", ""))
        raise AssertionError(f"{self.address} has no link {text!r}")

    def form_of(self, control: Element) -> Element:
        """The form that a control belongs to, by nesting or by its `form` attribute."""
        if name := control.get("form"):
            return self.one(f".//form[@id='{name}']")
        outer: Element | None = control
        while outer is not None and outer.tag != "form":
            outer = self.parent(outer)
        assert outer is not None, f"{self.address}: a control stands in no form"
        return outer

    def controls(self, form: Element) -> list[Element]:
        """The controls of a form, those outside that name it included."""
        kinds = ("input", "select", "textarea", "button")
        inside = [e for e in form.iter() if e.tag in kinds and not e.get("form")]
        named = [
            e for e in self.root.iter() if e.tag in kinds and e.get("form") == form.get("id", "-")
        ]
        return inside + named

    def errors(self) -> list[str]:
        """The messages that the page shows beside its fields or above them."""
        return [words(e) for e in self.root.iter() if "error" in e.get("class", "").split()]


def _own_words(element: Element) -> str:
    """What an element says itself, without the arrow of sorting and what is set beneath."""
    beneath = [child for child in element if child.tag == "small" and child.get("data-column")]
    whole, rest = words(element), [words(child) for child in beneath]
    for part in reversed(rest):
        whole = whole.removesuffix(part).rstrip()
    return whole.rstrip(" ↑↓")


def words(element: Element) -> str:
    """The text a reader sees in an element, white space collapsed."""

    def pieces(e: Element) -> Iterator[str]:
        if e.tag in _SILENT and e is not element:
            return
        yield e.text or ""
        for child in e:
            if isinstance(child.tag, str):
                apart = "" if child.tag in _INLINE else " "
                yield apart
                yield from pieces(child)
                yield apart
            yield child.tail or ""

    return " ".join("".join(pieces(element)).split())


class Browser:
    """One person's browser: cookies, the page that is open, and the rules it watches."""

    def __init__(self, app: Flask, *, language: str | None = None) -> None:
        self.app = app
        self.client = app.test_client()
        self.language = language
        self.page: Page | None = None
        self._statements = Statements()

    # Going to places

    def get(self, address: str, *, status: int | None = 200, follow: bool = True) -> Page:
        """Open an address; `status` is what the last answer must be, None for whatever comes."""
        return self._finish(self._request("GET", address, fetch_site="none"), status, follow)

    def post(
        self,
        address: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int | None = 200,
        follow: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form without looking at a page: for what a browser would not do by itself."""
        answer = self._request("POST", address, data=_multi(data or {}), headers=headers)
        return self._finish(answer, status, follow)

    def follow(self, text: str, *, status: int | None = 200) -> Page:
        """Click the link with this text on the open page."""
        return self.get(self._open().link(text), status=status)

    def submit(
        self,
        data_action: str,
        values: Mapping[str, Any] | None = None,
        *,
        at: int | None = None,
        within: str | None = None,
        status: int | None = 200,
        follow: bool = True,
        **fields: Any,
    ) -> Page:
        """Fill in the form whose button carries `data-action` and press that button.

        Sends what a browser would: everything already in the form, changed by `values` and
        `fields`. A field, a choice or a button that the page does not have is an error. Where
        several buttons carry the action, `within` (an ElementTree path) or `at` picks one.
        """
        page = self._open()
        button = self._button(page, data_action, at=at, within=within)
        form = page.form_of(button)
        data = _filled(page, form, button, {**(values or {}), **fields})
        method = (button.get("formmethod") or form.get("method") or "get").upper()
        target = button.get("formaction") or form.get("action") or page.address
        address = urljoin(page.address, target)
        if method == "GET":
            pairs = [(name, value) for name, value in data.items(multi=True)]
            address = address.split("?")[0] + "?" + urlencode(pairs)
            return self._finish(self._request("GET", address), status, follow)
        has_file = any(isinstance(value, FileStorage) for value in data.values())
        if has_file and form.get("enctype") != "multipart/form-data":
            raise BrokenRule(f"{page.address}: a form with a file lacks multipart/form-data")
        return self._finish(self._request("POST", address, data=data), status, follow)

    # Who

    def sign_in(self, person: Any) -> None:
        """Sign a person in on this browser, as if they had just given their password.

        No page opens; a test about the sign-in page itself fills in its form.
        """
        from app.kernel import clock
        from app.people import actions, queries

        with self.app.extensions["database"].unit_of_work():
            account = queries.account_of(person.id)
            assert account is not None, f"{person.full_name} has no account"
            token = actions.start_session(account, agent="tests", now=clock.now())
        with self.client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"], cookie["_permanent"] = token, True, True

    def sign_out(self) -> Page:
        """Press the sign-out button of the open page."""
        return self.submit("sign-out")

    # Inside

    def _open(self) -> Page:
        assert self.page is not None, "no page is open yet"
        return self.page

    def _button(self, page: Page, action: str, *, at: int | None, within: str | None) -> Element:
        found = page.buttons(action)
        if within is not None:
            inside = {id(e) for outer in page.all(within) for e in outer.iter()}
            found = [button for button in found if id(button) in inside]
        if at is not None:
            found = found[at : at + 1] if at >= 0 else found[at:][:1]
        if len(found) != 1:
            offered = sorted({a for e in page.root.iter() if (a := e.get("data-action"))})
            raise WrongField(
                f"{page.address}: {len(found)} buttons {action!r}; the page has {offered}"
            )
        if found[0].get("disabled") is not None:
            raise WrongField(f"{page.address}: the button {action!r} is disabled")
        return found[0]

    def _request(
        self,
        method: str,
        address: str,
        *,
        data: MultiDict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        fetch_site: str = "same-origin",
    ) -> Page:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {
            "Sec-Fetch-Site": fetch_site if method == "GET" else "same-origin",
            "Sec-Fetch-Mode": "navigate",
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        }
        if self.language:
            sent["Accept-Language"] = self.language
        sent.update(headers or {})
        with self._statements.counting() as statements:
            answer = self.client.open(path, method=method, data=data, headers=sent)
            body = answer.get_data()
        page = _page(method, path, answer, body, list(statements))
        examine(page)
        return page

    def _finish(self, page: Page, status: int | None, follow: bool) -> Page:
        for _ in range(5):
            if page.method != "GET" and page.status in (301, 302, 307, 308):
                raise BrokenRule(f"POST {page.address} answered {page.status}, not 303")
            if not follow or page.status not in (301, 302, 303, 307, 308):
                break
            page = self._request("GET", urljoin(page.address, page.headers["Location"]))
        if page.document is not None:
            self.page = page
        if status is not None and page.status != status:
            shown = page.main[:600] if page.document is not None else page.body[:600]
            raise AssertionError(f"{page.method} {page.address}: {page.status}\n{shown!r}")
        return page


def _multi(data: Mapping[str, Any]) -> MultiDict[str, Any]:
    sent: MultiDict[str, Any] = MultiDict()
    for name, value in data.items():
        for single in value if isinstance(value, list) else [value]:
            sent.add(name, _sendable(single))
    return sent


def _sendable(value: Any) -> Any:
    if isinstance(value, tuple):
        filename, content = value
        return FileStorage(BytesIO(content), filename=filename)
    return str(value)


def _filled(
    page: Page, form: Element, button: Element, given: Mapping[str, Any]
) -> MultiDict[str, Any]:
    """What a browser would send for a form after somebody changed the given fields."""
    controls = [
        c
        for c in page.controls(form)
        if c.get("name") and c.get("disabled") is None and not _is_button(c)
    ]
    names = {c.get("name") for c in controls}
    if unknown := set(given) - names:
        raise WrongField(f"{page.address}: no field {sorted(unknown)}; the form has {names}")
    sent: MultiDict[str, Any] = MultiDict()
    offered: dict[str, set[str]] = {}
    for control in controls:
        name = control.get("name", "")
        if name not in given:
            for value in _own_values(control):
                sent.add(name, value)
            continue
        wanted = given[name] if isinstance(given[name], list) else [given[name]]
        choices = _choices(control)
        if choices is None:
            if control.get("type") == "hidden":
                raise WrongField(f"{page.address}: {name} is hidden, nobody can change it")
            if control.get("readonly") is not None:
                raise WrongField(f"{page.address}: {name} is read-only")
            for value in wanted:
                sent.add(name, _sendable(value))
        else:
            offered.setdefault(name, set()).update(choices)
            for value in wanted:
                if value is not None and value is not False and str(value) in choices:
                    sent.add(name, str(value))
                elif value is True and control.get("type") == "checkbox":
                    sent.add(name, control.get("value", "on"))
                    offered[name].add("True")
    for name, choices in offered.items():
        wanted = given[name] if isinstance(given[name], list) else [given[name]]
        for value in wanted:
            if value is not None and value is not False and str(value) not in choices:
                raise WrongField(f"{page.address}: {name} offers {sorted(choices)}, not {value!r}")
    if button.get("name"):
        sent.add(button.get("name", ""), button.get("value", ""))
    return sent


def _is_button(control: Element) -> bool:
    return control.tag == "button" or control.get("type") in _BUTTON_TYPES


def _choices(control: Element) -> set[str] | None:
    """The values a control can send, or None where anything can be typed."""
    if control.tag == "select":
        return {_option_value(option) for option in control.iter("option")}
    if control.get("type") in ("radio", "checkbox"):
        return {control.get("value", "on")}
    return None


def _own_values(control: Element) -> list[str]:
    """What a control sends when nobody touched it."""
    if control.tag == "textarea":
        return ["".join(control.itertext()).removeprefix("\n").replace("\n", "\r\n")]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [o for o in options if o.get("selected") is not None]
        if control.get("multiple") is None:
            chosen = chosen[-1:] or options[:1]
        return [_option_value(o) for o in chosen]
    if control.get("type") in ("radio", "checkbox"):
        return [control.get("value", "on")] if control.get("checked") is not None else []
    if control.get("type") == "file":
        return []
    return [control.get("value", "")]


def _option_value(option: Element) -> str:
    return option.get("value", words(option))


def _page(
    method: str, address: str, answer: TestResponse, body: bytes, statements: list[str]
) -> Page:
    page = Page(method, address, answer.status_code, answer.headers, body, statements)
    if answer.mimetype == "text/html" and body and answer.status_code not in (301, 302, 303, 308):
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        page.document = parser.parse(body.decode("utf-8"))
        if parser.errors:
            lines = body.decode("utf-8").splitlines()
            told = [
                f"line {line}: {code} {data or ''}: {lines[line - 1].strip()[:160]}"
                for (line, _), code, data in parser.errors[:5]
                if 0 < line <= len(lines)
            ]
            raise BrokenRule(f"{address}: the HTML is not strict\n" + "\n".join(told))
    return page


# The rules every page is held to


def examine(page: Page) -> None:
    """Hold one answer to every rule; all that it breaks is told at once."""
    broken = list(_broken_headers(page))
    if page.document is not None:
        broken += [*_broken_frame(page), *_broken_controls(page), *_broken_policy(page)]
        broken += [*_broken_text(page), *_broken_budget(page)]
    if broken:
        raise BrokenRule(f"{page.method} {page.address} ({page.status}):\n- " + "\n- ".join(broken))


def _broken_headers(page: Page) -> Iterator[str]:
    headers = page.headers
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "X-Content-Type-Options is not nosniff"
    if page.document is not None:
        policy = headers.get("Content-Security-Policy", "")
        for needed in ("default-src 'none'", "base-uri", "form-action", "frame-ancestors"):
            if needed not in policy:
                yield f"Content-Security-Policy lacks {needed}"
        if "unsafe" in policy:
            yield f"Content-Security-Policy allows something unsafe: {policy}"
        if not headers.get("Referrer-Policy"):
            yield "Referrer-Policy is missing"
    for cookie in headers.getlist("Set-Cookie"):
        if "HttpOnly" not in cookie or "SameSite=Lax" not in cookie:
            yield f"a cookie lacks HttpOnly or SameSite=Lax: {cookie.split('=')[0]}"


def _broken_frame(page: Page) -> Iterator[str]:
    root = page.root
    if not page.html.lstrip().lower().startswith("<!doctype html>"):
        yield "no <!doctype html>"
    if root.get("lang") not in ("vi", "en"):
        yield f"<html lang> is {root.get('lang')!r}"
    if len(page.all(".//h1")) != 1:
        yield f"{len(page.all('.//h1'))} headings <h1>"
    if len(page.all(".//main")) != 1:
        yield f"{len(page.all('.//main'))} elements <main>"
    if not page.all(".//title") or not page.title:
        yield "<title> is empty"
    if not page.all(".//meta[@name='viewport']"):
        yield "no viewport is set for phones"
    levels = [int(e.tag[1]) for e in root.iter() if e.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"a heading jumps from h{before} to h{after}"
    ids = [e.get("id") for e in root.iter() if e.get("id") is not None]
    for name, times in Counter(ids).items():
        if times > 1 or not name:
            yield f"id {name!r} stands {times} times"
    for element in root.iter():
        for attribute in _REFERENCES:
            for name in (element.get(attribute) or "").split():
                if name not in ids:
                    yield f"{attribute}={name!r} points at nothing"


def _broken_controls(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.all(".//label[@for]") if words(label)}
    for control in page.root.iter():
        if control.tag in ("input", "select", "textarea") and not _is_button(control):
            if control.get("type") == "hidden" or _labelled(page, control, labelled):
                continue
            yield f"no label for {control.tag} {control.get('name')!r}"
        elif control.tag in ("button", "a", "summary") and not _name_of(control):
            yield f"<{control.tag}> without words: {control.attrib}"
        elif control.tag == "img" and control.get("alt") is None:
            yield f"a picture without alt: {control.get('src')}"
        elif control.tag == "fieldset" and not (
            any(child.tag == "legend" and words(child) for child in control)
            or control.get("aria-labelledby")
            or control.get("aria-label")
        ):
            yield "a fieldset without a legend"
        elif control.tag == "table" and not (
            any(child.tag == "caption" for child in control)
            or control.get("aria-labelledby")
            or control.get("aria-label")
            or not control.get("data-table")
        ):
            yield f"table {control.get('data-table')!r} has no caption or label"
    for form in page.all(".//form"):
        if (form.get("method") or "get").lower() == "get":
            continue
        pressed = [c for c in page.controls(form) if _is_button(c)]
        if not any(c.get("data-action") for c in pressed):
            yield f"a form to {form.get('action')!r} has no button with data-action"


def _labelled(page: Page, control: Element, labelled: set[str | None]) -> bool:
    if control.get("aria-label") or control.get("aria-labelledby"):
        return True
    if control.get("id") in labelled and control.get("id"):
        return True
    outer = page.parent(control)
    while outer is not None:
        if outer.tag == "label" and words(outer):
            return True
        outer = page.parent(outer)
    return False


def _name_of(element: Element) -> str:
    spoken = element.get("aria-label") or element.get("aria-labelledby") or words(element)
    if spoken or (element.tag == "a" and element.get("href") is None):
        return spoken or "-"
    return " ".join(
        e.get("alt") or e.get("aria-label") or "" for e in element.iter() if e is not element
    ).strip()


def _broken_policy(page: Page) -> Iterator[str]:
    for element in page.root.iter():
        if element.get("style") is not None:
            yield f"an inline style on <{element.tag}>: {element.get('style')}"
        if element.tag == "style":
            yield "a <style> element"
        if (
            element.tag == "script"
            and element.get("src") is None
            and element.get("type") not in ("application/json", "application/ld+json")
        ):
            yield "an inline script"
        for name, value in element.attrib.items():
            if str(name).startswith("on"):
                yield f"an inline handler {name} on <{element.tag}>"
            if name in ("href", "src", "action") and value.strip().lower().startswith(
                "javascript:"
            ):
                yield f"a javascript: address on <{element.tag}>"
        fetched = element.get("src") or (element.get("href") if element.tag == "link" else None)
        relation = element.get("rel", "")
        if fetched and urlsplit(fetched).netloc and relation not in ("canonical", "alternate"):
            yield f"<{element.tag}> fetches from another host: {fetched}"


def _broken_text(page: Page) -> Iterator[str]:
    shown = [words(e) for e in page.root.iter() if e.tag in ("title", "main", "header", "footer")]
    shown += [
        value
        for e in page.root.iter()
        for name, value in e.attrib.items()
        if name in ("alt", "title", "placeholder", "aria-label")
    ]
    for text in shown:
        if found := _LEFTOVERS.search(_without_code(page, text)):
            around = text[max(0, found.start() - 40) : found.end() + 40]
            yield f"a leftover of the programme is shown: …{around}…"


def _without_code(page: Page, text: str) -> str:
    """Programme text that a lesson quotes is no leftover."""
    for element in page.root.iter():
        if element.tag in ("code", "pre", "textarea") and (quoted := words(element)):
            text = text.replace(quoted, "")
    return text


def _broken_budget(page: Page) -> Iterator[str]:
    manager = page.address.startswith(MANAGER_ADDRESSES)
    allowed = MANAGER_STATEMENTS if manager else LEARNER_STATEMENTS
    if page.method == "GET" and len(page.statements) > allowed:
        listed = "\n    ".join(" ".join(s.split())[:150] for s in page.statements)
        yield f"{len(page.statements)} statements, allowed {allowed}:\n    {listed}"
    weight = len(gzip.compress(page.body, 6)) / 1024
    heaviest = MANAGER_KILOBYTES if manager else LEARNER_KILOBYTES
    if weight > heaviest:
        yield f"{weight:.1f} KB of HTML compressed, allowed {heaviest}"
