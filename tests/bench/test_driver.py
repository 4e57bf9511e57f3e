"""The driver counts good answers only, and knows where one ends and the next begins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.driver import Link, Order, drive

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Bench: 41 3\r\n\r\nnam\xc3\xb4"
EMPTY = b"HTTP/1.1 303 SEE OTHER\r\nContent-Length: 0\r\nX-Bench: 41 2\r\n\r\n"
BROKEN = b"HTTP/1.1 500 NO\r\nContent-Length: 2\r\nX-Bench: 41 1\r\n\r\nno"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


@contextmanager
def answering(*answers: bytes) -> Iterator[Link]:
    """A server that gives these answers in turn, each in two pieces."""
    here, there = socket.socketpair()

    def serve() -> None:
        for answer in answers:
            there.recv(4096)
            there.sendall(answer[:20])
            there.sendall(answer[20:])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    here.settimeout(5)
    try:
        yield Link(here)
    finally:
        here.close()
        there.close()
        thread.join()


def order(count: int, expects: int = 200) -> Order:
    requests = [b"GET / HTTP/1.1\r\n\r\n"] * count
    return Order(requests, expects=expects, seconds=30, again=False, connections=1)


def test_answers_are_counted_with_their_statements_and_bytes():
    with answering(GOOD, GOOD, GOOD) as link:
        heard = drive([link], order(3))
    assert len(heard.times) == 3
    assert heard.statements == [3, 3, 3]
    assert heard.bytes == 3 * len(GOOD)
    assert heard.wrong == {}


def test_an_answer_without_a_body_is_whole():
    with answering(EMPTY, EMPTY) as link:
        assert len(drive([link], order(2, expects=303)).times) == 2


def test_an_answer_in_chunks_is_read_to_its_end():
    with answering(CHUNKED, GOOD) as link:
        assert len(drive([link], order(2)).times) == 2


def test_an_error_is_never_counted_as_done():
    with answering(GOOD, BROKEN, EMPTY) as link:
        heard = drive([link], order(3))
    assert len(heard.times) == 1
    assert heard.wrong == {500: 1, 303: 1}
    assert "500 NO" in heard.example
