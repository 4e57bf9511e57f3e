"""The browsers: a process that sends requests over kept connections and notes the times.

It imports nothing of the product and parses as little as it can, since it shares the machine
with the server that it measures. Orders come pickled on its standard input.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""The longest wait for an answer, in seconds."""


@dataclass
class Order:
    """What to send. `requests` are whole HTTP requests as bytes."""

    requests: list[bytes]
    expects: int
    seconds: float
    again: bool
    """Begin anew at the end of the list; else stop there."""
    connections: int
    """How many of the open ones to use."""


@dataclass
class Heard:
    """What came back. Times in seconds."""

    times: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    bytes: int = 0
    elapsed: float = 0.0
    wrong: Counter[int] = field(default_factory=Counter)
    """Answers with another status than expected: never counted as done."""
    example: str = ""

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.times) / self.elapsed if self.elapsed else 0.0


@dataclass
class Link:
    """A kept connection with the request that is under way on it."""

    socket: socket.socket
    since: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)
    needed: int = 0
    """Length of the whole answer, once its head is here; -1 for a chunked one."""

    def ask(self, request: bytes) -> None:
        self.buffer.clear()
        self.needed = 0
        self.since = time.perf_counter()
        self.socket.sendall(request)

    def is_done(self) -> bool:
        """Read what there is; True once the answer is whole."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.buffer += piece
        if not self.needed:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.buffer[:end]).lower()
            length = _field(head, b"content-length")
            if length is not None:
                self.needed = end + 4 + int(length)
            elif b"transfer-encoding: chunked" in head:
                self.needed = -1
            else:
                self.needed = end + 4
        if self.needed < 0:
            return self.buffer.endswith(b"0\r\n\r\n")
        return len(self.buffer) >= self.needed

    def heard(self) -> tuple[int, int, int]:
        """Status, statements and process of the answer."""
        said = _field(bytes(self.buffer[:4096]), b"X-Bench") or b"0 0"
        process, statements = said.split()
        return int(self.buffer[9:12]), int(statements), int(process)


def _field(head: bytes, name: bytes) -> bytes | None:
    at = head.find(b"\r\n" + name + b": ")
    if at < 0:
        return None
    first = at + len(name) + 4
    end = head.find(b"\r\n", first)
    return head[first : end if end >= 0 else None].strip()


def linked(port: int, *, each: int, processes: int, bare: bytes) -> list[Link]:
    """Connections to a server, `each` to each of its web processes: whoever accepts is chance.

    They stand in turn, so that the first `processes` of them reach every process.
    """
    held: dict[int, list[Link]] = {}
    for _attempt in range(400):
        link = Link(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
        link.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.ask(bare)
        while not link.is_done():
            pass
        process = link.heard()[2]
        if len(held.setdefault(process, [])) < each:
            held[process].append(link)
        else:
            link.socket.close()
        if len(held) == processes and all(len(links) == each for links in held.values()):
            return [link for turn in zip(*held.values(), strict=True) for link in turn]
        if len(held) > processes:
            raise RuntimeError(f"{len(held)} processes answer, not {processes}")
    raise RuntimeError("some web process never took a connection")


def unsorted_links(port: int, count: int) -> list[Link]:
    """Connections as they come, to whichever process takes them."""
    return [
        Link(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) for _ in range(count)
    ]


def drive(links: list[Link], order: Order) -> Heard:
    """Keep every connection busy until the time or the requests are over."""
    heard = Heard()
    waiting: Iterator[bytes] = (
        itertools.cycle(order.requests) if order.again else iter(order.requests)
    )
    poll, busy = select.epoll(), {}
    began = time.perf_counter()
    until = began + order.seconds
    for link in links[: order.connections]:
        request = next(waiting, None)
        if request is not None:
            poll.register(link.socket.fileno(), select.EPOLLIN)
            busy[link.socket.fileno()] = link
            link.ask(request)
    while busy:
        ready = poll.poll(PATIENCE)
        if not ready:
            raise TimeoutError(f"no answer within {PATIENCE:.0f} s")
        for number, _event in ready:
            link = busy[number]
            if not link.is_done():
                continue
            now = time.perf_counter()
            status, statements, _process = link.heard()
            if status == order.expects:
                heard.times.append(now - link.since)
                heard.statements.append(statements)
                heard.bytes += len(link.buffer)
            else:
                heard.wrong[status] += 1
                heard.example = heard.example or bytes(link.buffer[:300]).decode("utf-8", "replace")
            request = next(waiting, None) if now < until else None
            if request is None:
                poll.unregister(number)
                del busy[number]
            else:
                link.ask(request)
    heard.elapsed = time.perf_counter() - began
    poll.close()
    return heard


class SlowClients:
    """Clients that upload at some bytes a second, in a process of their own."""

    def __init__(self, port: int, head: bytes, *, count: int, bytes_a_second: int) -> None:
        order = (port, head, count, bytes_a_second)
        self._process = _started("slow")
        assert self._process.stdin is not None
        pickle.dump(order, self._process.stdin)
        self._process.stdin.flush()

    def stop(self) -> int:
        """Let them go; returns how many were still connected."""
        out, _ = self._process.communicate(timeout=30)
        return int(out or b"0")


def upload_slowly(port: int, head: bytes, count: int, bytes_a_second: int) -> int:
    """Send heads, then bodies in sips, until standard input closes."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for client in clients:
        client.sendall(head)
    sip = b"x" * max(1, bytes_a_second // 10)
    while not select.select([sys.stdin.buffer], [], [], 0.1)[0]:
        for client in list(clients):
            try:
                client.sendall(sip)
            except OSError:
                clients.remove(client)
    return len(clients)


def _started(kind: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.driver", kind],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


class Driver:
    """The driving process, as the bench speaks to it."""

    def __init__(self) -> None:
        self._process = _started("drive")

    def link(self, port: int, *, each: int, processes: int, bare: bytes) -> int:
        """Open connections anew; returns how many there are."""
        return int(self._ask("link", {"each": each, "processes": processes, "bare": bare}, port))

    def link_unsorted(self, port: int, count: int) -> int:
        """Open connections anew, as they come."""
        return int(self._ask("unsorted", count, port))

    def drive(self, order: Order) -> Heard:
        """Send requests; returns what was heard."""
        heard = self._ask("drive", order)
        assert isinstance(heard, Heard)
        return heard

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=10)

    def _ask(self, *order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(order, self._process.stdin)
        self._process.stdin.flush()
        answer = pickle.load(self._process.stdout)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve_orders() -> None:
    links: list[Link] = []
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            kind, what, *port = pickle.load(given)
        except EOFError:
            return
        answer: Any
        try:
            if kind == "drive":
                answer = drive(links, what)
            else:
                for link in links:
                    link.socket.close()
                links = linked(port[0], **what) if kind == "link" else unsorted_links(port[0], what)
                answer = len(links)
        except Exception as problem:
            answer = RuntimeError(f"{type(problem).__name__}: {problem}")
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    if sys.argv[1] == "drive":
        # Pickled names must be those of the module, not of the script.
        from tests.bench import driver

        driver._serve_orders()
    else:
        print(upload_slowly(*pickle.load(sys.stdin.buffer)))
