"""What the server tells whoever starts it, what it holds, and who waits for whom."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from app.kernel.supervisor import WAITRESS, greeting

ROOT = Path(__file__).resolve().parents[2]
HERE = "http://127.0.0.1:8000"
PATIENCE = 60.0
"""Seconds after which what has not happened will not happen."""


@pytest.mark.parametrize(
    ("site_url", "demo", "warns"),
    [(None, False, True), ("https://hoc.example.vn", False, False), (None, True, False)],
)
def test_a_site_for_real_use_is_warned_before_its_codes_lead_nowhere(
    site_url: str | None, demo: bool, warns: bool
):
    said = "\n".join(greeting(HERE, site_url, demo=demo))
    assert ("SITE_URL is not set" in said) == warns


PIECE, PIECES = b"x" * 100_000, 400
"""40 MB: more than what sockets hold, and waitress by its own defaults."""


def test_a_slow_reader_of_a_long_export_does_not_hold_its_transaction(database) -> None:
    """Whoever has fetched the first bytes only keeps neither a thread nor a transaction."""
    ended = threading.Event()

    def export(_environ: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/csv")])

        def flow() -> Iterator[bytes]:
            with database.unit_of_work(write=False):
                for _ in range(PIECES):
                    yield PIECE
            ended.set()

        return flow()

    listener = socket.create_server(("127.0.0.1", 0))
    server = create_server(export, sockets=[listener], **WAITRESS)
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=PATIENCE) as slow:
            slow.sendall(b"GET / HTTP/1.0\r\n\r\n")
            fetched = slow.recv(100)
            assert ended.wait(PATIENCE), "the export stands still until its reader goes on"
            while piece := slow.recv(1 << 20):
                fetched += piece
        assert fetched.partition(b"\r\n\r\n")[2] == PIECE * PIECES
    finally:
        server.close()
        listener.close()


LET_GO = """
import sys
from app.kernel.supervisor import hold_less_memory

def held():
    with open("/proc/self/smaps_rollup") as told:
        return next(int(line.split()[1]) for line in told if line.startswith("Anonymous:"))

if sys.argv[1] == "less":
    hold_less_memory()
del (large := [b"x" * 30_000_000])[:]  # by default glibc takes its measure from this
before = held()
large, small = [], []
for _ in range(100):
    large.append(b"x" * 300_000)
    small.append(b"x" * 2_000)
large.clear()
print((held() - before) // 1024)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own way")
def test_what_a_process_lets_go_is_the_systems_again() -> None:
    """One small block above a large one keeps it, unless it was the system's own."""

    def megabytes(how: str) -> int:
        command = [sys.executable, "-c", LET_GO, how]
        ran = subprocess.run(
            command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
        )
        return int(ran.stdout)

    assert megabytes("less") < 5 < 20 < megabytes("as it comes")
