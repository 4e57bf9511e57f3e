"""Serve from one command: bind once, start web processes and a worker, mind them, stop them.

The parent only minds: it opens no database and starts no thread, so a child forked at any
time begins clean. A child that loses its parent (even to SIGKILL) stops by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import fcntl
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config import Settings, SettingsError, is_loopback

DRAIN_SECONDS = 10.0
"""How long requests and job steps in flight may go on after SIGTERM."""

LONGEST_PAUSE = 30.0
"""The longest wait before a process that keeps dying is started again, in seconds."""

WAITRESS: Mapping[str, object] = {
    "threads": 8,
    "connection_limit": 500,  # per process; an idle phone holds one
    "channel_timeout": 60,  # seconds without a byte
    "cleanup_interval": 10,
    "max_request_header_size": 32 * 1024,
    "max_request_body_size": 72 * 1024 * 1024,  # a course folder (64 MB) and its envelope
    "inbuf_overflow": 512 * 1024,  # a larger upload waits on disk, not in memory
    # So does what a slow reader has not fetched yet. Above this mark the thread stands still
    # until it is fetched, and with it a long export's read transaction, which on SQLite keeps
    # the write-ahead log from being cut: eight slow phones would stop a process. 256 MB are a
    # CSV of a million rows; who takes no byte for `channel_timeout` gives its file up.
    "outbuf_overflow": 512 * 1024,
    "outbuf_high_watermark": 256 * 1024 * 1024,
    "asyncore_use_poll": True,
    "ident": None,
}


MALLOPT: Mapping[int, int] = {
    -8: 2,  # M_ARENA_MAX: eight threads shared among two heaps, not one each
    -3: 128 * 1024,  # M_MMAP_THRESHOLD: a large block is the system's again when it is let go;
    -1: 128 * 1024,  # M_TRIM_THRESHOLD: left alone, both grow with what was ever let go
}
"""How glibc (malloc.h) keeps memory that was let go: of 200 MB after a long CSV and some
certificates 40 MB less, at no price that could be measured (docs/building/profiles.md)."""


@dataclass
class Role:
    """One process to keep alive: what it runs, and how it has fared."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    deaths: int = 0

    def died(self, now: float) -> float:
        """Note a death and return the pause before the next start, in seconds."""
        self.deaths = 1 if now - self.started_at > LONGEST_PAUSE else self.deaths + 1
        pause: float = min(0.25 * 2 ** (self.deaths - 1), LONGEST_PAUSE)
        self.pid, self.start_at = 0, now + pause
        return pause


@dataclass
class Supervisor:
    """Keeps a set of roles alive until SIGTERM or SIGINT, then stops every one of them."""

    roles: list[Role]
    greet: Callable[[], None]
    stopping_at: float | None = None
    _wake: tuple[int, int] = field(default_factory=os.pipe)
    _ready: tuple[int, int] = field(default_factory=os.pipe)
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)

    def run(self) -> int:
        """Mind the roles until told to stop; returns the exit code."""
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGHUP, self._asked_to_stop)
        greeted = False
        while self.stopping_at is None or any(role.pid for role in self.roles):
            now = time.monotonic()
            if self.stopping_at is None:
                for role in self.roles:
                    if not role.pid and now >= role.start_at:
                        self._start(role)
            elif now > self.stopping_at + DRAIN_SECONDS + 2:
                self._signal_all(signal.SIGKILL)
            readable, _, _ = select.select([self._wake[0], self._ready[0]], [], [], 0.25)
            if self._wake[0] in readable:
                os.read(self._wake[0], 4096)
            if self._ready[0] in readable and os.read(self._ready[0], 4096) and not greeted:
                greeted = True
                self.greet()
            self._reap()
        return 0

    def ready(self) -> None:
        """For a child: tell the parent that it serves."""
        os.write(self._ready[1], b"+")

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        if self.stopping_at is None:
            self.stopping_at = time.monotonic()
            self._signal_all(signal.SIGTERM)
        else:
            self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: int) -> None:
        for role in self.roles:
            if role.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(role.pid, number)

    def _start(self, role: Role) -> None:
        # A signal between the fork and the note of the child's id would miss the child.
        signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        role.started_at = time.monotonic()
        role.pid = fork(lambda: self._be(role.run))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    def _be(self, run: Callable[[], None]) -> None:
        os.close(self._lifeline[1])
        threading.Thread(target=self._outlive_nobody, daemon=True).start()
        run()

    def _outlive_nobody(self) -> None:
        os.read(self._lifeline[0], 1)  # returns only when the parent is gone
        os.kill(os.getpid(), signal.SIGTERM)

    def _reap(self) -> None:
        for role in self.roles:
            if not role.pid:
                continue
            pid, status = os.waitpid(role.pid, os.WNOHANG)
            if not pid:
                continue
            pause = role.died(time.monotonic())
            if self.stopping_at is None:
                code = os.waitstatus_to_exitcode(status)
                tell(f"{role.name} ended with {code}; starting it again in {pause:g} s")


def fork(run: Callable[[], None]) -> int:
    """Run a function in a child process with ordinary signals; returns the child's id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # Ctrl-C reaches the whole group; the parent says when a child is to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        run()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def serve_web(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answer requests on a shared socket until SIGTERM, then finish those in flight."""
    from waitress import wasyncore
    from waitress.server import create_server

    from app import create_app

    # A queue of a request or two is no news for an operator.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: told.set())
    app = create_app(settings)
    server = create_server(
        app,
        sockets=[listener],
        # Behind a proxy the frame reads X-Forwarded-*; in front of the world nobody may.
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
        **WAITRESS,
    )
    ready()
    while not told.is_set():
        wasyncore.loop(timeout=0.5, map=server._map, use_poll=True, count=1)
    server.accepting = False
    wasyncore.dispatcher.del_channel(server)
    deadline = time.monotonic() + DRAIN_SECONDS
    # One round more than needed: a request may lie unread in a connection already accepted.
    wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
    while time.monotonic() < deadline and any(
        channel.requests or channel.request is not None or channel.total_outbufs_len
        for channel in list(server.active_channels.values())
    ):
        wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
    app.extensions["database"].dispose()


def serve_jobs(settings: Settings) -> None:
    """Run jobs until SIGTERM; a step still running after the grace goes on elsewhere."""
    from app import create_app
    from app.kernel import jobs

    stop = threading.Event()

    def asked_to_stop(_number: int, _frame: object) -> None:
        stop.set()
        # A lease that is not extended ends by itself, and another worker resumes the job.
        threading.Thread(target=_end_after_grace, daemon=True).start()

    signal.signal(signal.SIGTERM, asked_to_stop)
    app = create_app(settings)
    with app.app_context():
        jobs.work(app.extensions["database"], stop, settings=settings)
    app.extensions["database"].dispose()


def _end_after_grace() -> None:
    time.sleep(DRAIN_SECONDS)
    os._exit(0)


def hold_less_memory() -> None:
    """Let this process and all that it forks keep little that they let go; only glibc can."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in MALLOPT.items():
            mallopt(option, value)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet. Raises OSError where that cannot be."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def prepare_apart(settings: Settings, address: str, *, demo: bool) -> int:
    """Migrate, publish and fill in a child process; returns its exit code.

    Two servers that start at once on one instance folder prepare one after the other.
    """

    def prepare() -> None:
        from app.preparation import prepare

        settings.instance_path.mkdir(parents=True, exist_ok=True)
        with (settings.instance_path / "prepare.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for line in prepare(settings, demo=demo, address=address):
                tell(line)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    pid = fork(prepare)
    try:
        _, status = os.waitpid(pid, 0)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        return 130
    return os.waitstatus_to_exitcode(status)


def tell(line: str) -> None:
    """Say something to whoever started the server."""
    print(line, flush=True)


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits 2."""
    parser = argparse.ArgumentParser(
        prog="bin/serve", description="Prepare everything that is missing, then serve."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one")
    parser.add_argument(
        "--no-demo", action="store_true", help="no invented province: a site for real use"
    )
    chosen = parser.parse_args(given)
    if not 0 <= chosen.port <= 65535:
        parser.error(f"--port must be from 0 to 65535, not {chosen.port}")
    if not is_loopback(chosen.host) and not chosen.no_demo:
        parser.error(
            f"--host {chosen.host} can be reached from other machines, and the demo lets anybody "
            "sign in as anybody: add --no-demo"
        )
    return chosen


def main(given: list[str]) -> int:
    """Run `bin/serve`; returns the exit code."""
    chosen = arguments(given)
    demo = not chosen.no_demo
    try:
        settings = Settings.from_environment(
            {**os.environ, "BOUND_HOST": chosen.host, "DEMO": "1" if demo else "0"}
        )
    except SettingsError as problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        listener = bind(chosen.host, chosen.port)
    except OSError as problem:
        print(_why_not(chosen.host, chosen.port, problem), file=sys.stderr)
        return 1
    hold_less_memory()
    # Read by Typst: a page has no work for several threads, and they cost a quarter more.
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    # Imported before the first fork, so that every child shares the memory.
    import app  # noqa: F401
    from app.kernel import site

    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    site.use(settings.site_url or address)  # every child inherits it
    if code := prepare_apart(settings, address, demo=demo):
        return code
    listener.listen(1024)

    def greet() -> None:
        for line in greeting(address, settings.site_url, demo=demo):
            tell(line)

    supervisor = Supervisor([], greet)
    supervisor.roles = [
        Role(f"web {n}", lambda: serve_web(settings, listener, supervisor.ready))
        for n in range(1, settings.web_workers + 1)
    ]
    supervisor.roles.append(Role("worker", lambda: serve_jobs(settings)))
    return supervisor.run()


def greeting(address: str, site_url: str | None, *, demo: bool) -> list[str]:
    """What a person who started the server needs to know."""
    lines = ["", f"  {address}", ""]
    if site_url and site_url != address:
        lines += [f"  {site_url} (SITE_URL)", ""]
    if demo:
        lines += [
            f"  Vào thử: mở {address}/dang-nhap và bấm một vai (học viên, giảng viên, quản lý…).",
            f"  To try it: open {address}/dang-nhap and press a role (learner, trainer, manager…).",
        ]
    elif not site_url:
        lines += [
            f"  Chưa đặt SITE_URL: mã QR trên giấy chứng nhận và thư sẽ dẫn tới {address}.",
            f"  SITE_URL is not set: QR codes on certificates, and mail, will lead to {address}.",
        ]
    return [*lines, "  Ctrl-C để dừng / to stop.", ""]


def _why_not(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use: another server runs there. Stop it, or choose "
            f"another port: bin/serve --port {port + 1 if port < 65535 else 8000}"
        )
    return f"Cannot listen on {host}, port {port}: {problem.strerror or problem}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
