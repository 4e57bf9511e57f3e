"""A small browser: cookies, forms, and every way in which a request may go wrong underway."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

PATIENCE = 60.0
"""Seconds without an answer after which a request counts as hung."""

Pairs = list[tuple[str, str]]


class NotSent(Exception):
    """The request cannot have been carried out: the server never had the whole of it."""


class NotKnown(Exception):
    """The request went out and no answer came: it may have been carried out, or not."""

    def __init__(self, reason: str, *, was_hung: bool = False) -> None:
        super().__init__(reason)
        self.was_hung = was_hung


@dataclass
class Form:
    """A form of a page: where it goes, what stands in it, and its buttons by data-action."""

    action: str = ""
    method: str = "get"
    fields: Pairs = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What may be chosen, by the name of a field: values of boxes, radios and lists."""

    kinds: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    """The address of each button, by data-action."""

    def value(self, name: str) -> str:
        """What stands in a field; empty without it."""
        return next((value for key, value in self.fields if key == name), "")

    def filled(self, **given: str | list[str]) -> Pairs:
        """What a browser sends: all that stands there, changed by what is given."""
        kept = [(name, value) for name, value in self.fields if name not in given]
        for name, values in given.items():
            kept += [(name, v) for v in ([values] if isinstance(values, str) else values)]
        return kept


@dataclass
class Answer:
    """What a server said."""

    status: int
    location: str
    body: bytes
    kind: str
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def leads_to(self) -> str:
        """The path of the address it leads to, without what follows."""
        return urlsplit(self.location).path

    def forms(self) -> list[Form]:
        """The forms of the page."""
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str) -> Form | None:
        """The first form that has a button with this data-action."""
        return next((form for form in self.forms() if action in form.buttons), None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            self._input(self._form, given)
        elif tag == "select":
            self._select, self._chosen = given.get("name", ""), None
            self._form.kinds[self._select] = "select"
        elif tag == "option" and self._select:
            self._form.choices.setdefault(self._select, []).append(given.get("value", ""))
            if self._chosen is None or "selected" in given:
                self._chosen = given.get("value", "")
        elif tag == "button":
            self._form.buttons[given.get("data-action", "")] = given.get(
                "formaction", self._form.action
            )

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, kind, value = given.get("name", ""), given.get("type", "text"), given.get("value", "")
        form.kinds[name] = kind
        if kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                form.fields.append((name, value))
        elif name:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._form is not None:
            if self._chosen is not None:
                self._form.fields.append((self._select, self._chosen))
            self._select = ""


@dataclass
class Manner:
    """How a request travels: at once, in dribbles, cut off in its middle or before its answer."""

    name: str = "plain"
    pieces: int = 1
    pause: float = 0.0


PLAIN = Manner()


@dataclass
class Browser:
    """One device of one person; safe to use from several threads."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    device: str = ""
    sequence: int = 0

    def get(self, path: str) -> Answer:
        """Fetch a page. Raises NotSent or NotKnown."""
        return self.send("GET", path)

    def post(
        self,
        path: str,
        fields: Pairs,
        *,
        manner: Manner = PLAIN,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """Send a form. Raises NotSent or NotKnown."""
        return self.send("POST", path, fields, manner=manner, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        fields: Pairs | None = None,
        *,
        manner: Manner = PLAIN,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """One request on a connection of its own."""
        body = urlencode(fields).encode() if fields is not None else b""
        head = self._head(method, path, body, fields is not None, headers)
        started = time.monotonic()
        try:
            line = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        except OSError as problem:
            raise NotSent(str(problem)) from problem
        with line:
            if manner.name == "cut":
                self._cut(line, head, body)
            try:
                self._write(line, head, body, manner)
                if manner.name == "deaf":
                    raise NotKnown("the connection was dropped before the answer was read")
                answer = self._read(line, method, started)
            except TimeoutError as problem:
                raise NotKnown(f"no answer in {PATIENCE:.0f} s", was_hung=True) from problem
            except (OSError, HTTPException) as problem:
                raise NotKnown(f"{type(problem).__name__}: {problem}") from problem
        return answer

    def _head(
        self,
        method: str,
        path: str,
        body: bytes,
        is_form: bool,
        headers: Iterable[tuple[str, str]],
    ) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += ["Connection: close", "Accept-Encoding: gzip", "Sec-Fetch-Site: same-origin"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{n}={v}" for n, v in self.cookies.items()))
        if is_form:
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _cut(self, line: socket.socket, head: bytes, body: bytes) -> None:
        """Send all but the last bytes and hang up."""
        try:
            line.sendall(head + body[: max(0, len(body) - 3)])
            time.sleep(0.05)
        except OSError:
            pass
        raise NotSent("the connection was dropped in the middle of the body")

    def _write(self, line: socket.socket, head: bytes, body: bytes, manner: Manner) -> None:
        if manner.pieces == 1:
            line.sendall(head + body)
            return
        line.sendall(head)
        size = max(1, -(-len(body) // manner.pieces))
        for start in range(0, len(body), size):
            time.sleep(manner.pause)
            line.sendall(body[start : start + size])

    def _read(self, line: socket.socket, method: str, started: float) -> Answer:
        response = HTTPResponse(line, method=method)
        response.begin()
        for value in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        try:
            body = response.read()
            if response.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
        except (OSError, HTTPException, EOFError):
            if method == "GET":
                raise HTTPException("the answer was cut off") from None
            body = b""  # the head was enough: what it says was committed before it left
        return Answer(
            response.status,
            response.headers.get("Location", ""),
            body,
            response.headers.get_content_type(),
            time.monotonic() - started,
        )

    def envelope(self, uuid: str, *, sequence: int | None = None) -> Pairs:
        """What the page's script puts around an act."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        return [
            ("uuid", uuid),
            ("client_time", moment),
            ("seq", str(sequence)),
            ("device", self.device),
        ]
