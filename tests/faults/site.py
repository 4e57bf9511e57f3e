"""The site under attack: bin/serve's processes, their database, their disk and their clock."""

from __future__ import annotations

import os
import pwd
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from tests import postgres
from tests.faults import processes
from tests.faults.disk import Disk
from tests.faults.product import CLOCK, PLANT

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
COMMAND_SECONDS = 180
OPTIONS = (
    "-c listen_addresses='' -c fsync=on -c synchronous_commit=on -c full_page_writes=on "
    "-c max_connections=80 -c shared_buffers=32MB -c min_wal_size=32MB -c max_wal_size=128MB"
)


@dataclass
class Line:
    """One line that the server wrote, and when."""

    at: float
    text: str


class Cluster:
    """A PostgreSQL server that keeps its promises: nothing is switched off for speed."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.data, self.log = folder, folder / "data", log
        self._tools = postgres.binaries()

    def make(self) -> None:
        """Make the cluster, start it, and make its database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            for path in (self.folder, self.log):
                os.chown(path, user.pw_uid, user.pw_gid)
        postgres._as_server(
            str(self._tools / "initdb"),
            *("-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            "--locale=C.UTF-8",
        )
        self.start()
        postgres.Server(self.folder).run("CREATE DATABASE faults")

    @property
    def url(self) -> str:
        return postgres.Server(self.folder).url("faults")

    def start(self) -> None:
        """Start it; what was killed may still hold its memory for a moment.

        Raises RuntimeError where it does not start.
        """
        options = f"{OPTIONS} -c unix_socket_directories='{self.folder}'"
        deadline = time.monotonic() + 60
        while not self.master():
            try:
                postgres._as_server(
                    *(str(self._tools / "pg_ctl"), "-D", str(self.data), "-w", "-t", "120"),
                    *("-l", str(self.log), "-o", options, "start"),
                )
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def stop(self) -> None:
        """Stop it without any ceremony."""
        if self.master():
            postgres._as_server(
                str(self._tools / "pg_ctl"), "-D", str(self.data), "-w", "-m", "immediate", "stop"
            )

    def master(self) -> int:
        """The process that minds all others; 0 when none runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0
        return pid if processes.is_alive(pid) and "postgres" in processes.name(pid) else 0

    def backends(self) -> list[int]:
        """The processes that serve the product's connections."""
        return [
            pid
            for pid in processes.children(self.master())
            if re.search(r"postgres: postgres faults ", processes.title(pid))
        ]


class Site:
    """One installation, its processes and what they say."""

    def __init__(self, folder: Path, disk: Disk, database: str, *, plant: str = "") -> None:
        self.folder, self.disk, self.plant = folder, disk, plant
        self.instance = disk.folder / "instance"
        self.is_sqlite = database == "sqlite"
        self.cluster = (
            None if self.is_sqlite else Cluster(disk.folder / "pg", folder / "postgres.log")
        )
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.refused_starts = 0
        self.slowest_start = 0.0
        self.starts = 0
        self.lines: list[Line] = []
        self._log = folder / "server.log"
        self._log.touch()
        self._clock = folder / "clock"
        self._clock.write_bytes(struct.pack("d", 0.0))
        self._stopped = threading.Event()

    # Settings

    @property
    def database_url(self) -> str:
        if self.cluster:
            return self.cluster.url
        return f"sqlite:///{self.instance / 'app.db'}"

    def environment(self) -> dict[str, str]:
        """The environment of the product; no setting of ours leaks into it."""
        ours = re.compile(r"^(DATABASE|INSTANCE|SECRET|SITE|STORAGE|MAIL|KEYS|TRUSTED|WEB)_")
        kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
        return {
            **kept,
            "DATABASE_URL": self.database_url,
            "INSTANCE_PATH": str(self.instance),
            "WEB_WORKERS": "2",
            "PYTHONUNBUFFERED": "1",
            CLOCK: str(self._clock),
            PLANT: self.plant,
        }

    def move_clock(self, seconds: float) -> None:
        """Put the product's clock ahead (or back) by so many seconds, at once."""
        with self._clock.open("r+b") as file:
            file.write(struct.pack("d", seconds))

    # Processes

    def start(self) -> None:
        """Start bin/serve's processes; whoever was killed may still hold the port for a moment."""
        begun = time.monotonic()
        self.starts += 1
        while not self._stopped.is_set():
            with self._log.open("ab") as output:
                self.process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "tests.faults.product", "serve"),
                        *("--no-demo", "--port", str(self.port)),
                    ],
                    cwd=ROOT,
                    env=self.environment(),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                )
            while self.process.poll() is None:
                if self.answers():
                    self.slowest_start = max(self.slowest_start, time.monotonic() - begun)
                    return
                if time.monotonic() > begun + START_SECONDS:
                    raise TimeoutError(f"the site did not start in {START_SECONDS} s")
                time.sleep(0.1)
            if self.process.returncode < 0:
                return  # killed while it started: whoever did it starts it again
            self.refused_starts += 1
            if time.monotonic() > begun + START_SECONDS:
                raise TimeoutError(f"the site did not start in {START_SECONDS} s")
            time.sleep(0.25)

    def answers(self) -> bool:
        """Whether somebody answers, and reaches the database."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/health", headers={"Connection": "close"})
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()

    def supervisor(self) -> int:
        """The process that minds all others; 0 when none runs."""
        if self.process is None or self.process.poll() is not None:
            return 0
        return self.process.pid

    def named(self, role: str) -> list[int]:
        """The living processes of a role: web, worker."""
        return [pid for pid in processes.children(self.supervisor()) if processes.name(pid) == role]

    def everybody(self) -> list[int]:
        """The supervisor and all its children."""
        first = self.supervisor()
        return [first, *processes.children(first)] if first else []

    def stop(self) -> int:
        """Ask it to stop as an operator would, and give its exit code."""
        self._stopped.set()
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=40)

    # What it says

    def listen(self) -> None:
        """Keep every line of the log together with when it came."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        with self._log.open("r", encoding="utf-8", errors="replace") as log:
            while not self._stopped.is_set():
                self.lines += self._new_lines(log)
                time.sleep(0.2)

    def _new_lines(self, log: IO[str]) -> Iterator[Line]:
        while text := log.readline():
            yield Line(time.monotonic(), text.rstrip("\n"))

    # Commands

    def command(self, *given: str) -> subprocess.Popen[str]:
        """Begin one of the product's commands, as bin/flask does."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.product", *given],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *given: str) -> subprocess.CompletedProcess[str]:
        """Run one of the product's commands to its end."""
        process = self.command(*given)
        out, err = process.communicate(timeout=COMMAND_SECONDS)
        return subprocess.CompletedProcess(given, process.returncode, out, err)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
