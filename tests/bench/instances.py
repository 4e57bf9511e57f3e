"""Seeded installations: made once by the product's own command, and copied for every run.

A run works on its copy and throws it away, so that no run grows another's tables. Copies lie
beside the kept ones, on the same disk, and PostgreSQL syncs to it as in production.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import postgres
from tests.bench.options import DEMO, Options

ROOT = Path(__file__).resolve().parents[2]
SITE_URL = "https://boi-duong.example.vn"
DATABASE = "boi_duong"

# As an office would run it on a small machine: durable, with some memory of its own.
_POSTGRES = {
    "listen_addresses": "''",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
}
_SETTINGS = (
    "DATABASE_URL INSTANCE_PATH SECRET_KEY SITE_URL SITE_NAME STORAGE_URL MAIL_URL KEYS_URL "
    "TRUSTED_PROXIES WEB_WORKERS DEMO BOUND_HOST BENCH_SLOW"
).split()


@dataclass(frozen=True)
class Installation:
    """A copy that a run may change: its folder, its database, and the server of that."""

    folder: Path
    database_url: str
    postmaster: int | None = None
    version: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of its processes; settings of whoever runs the bench are left out."""
        environ = {k: v for k, v in os.environ.items() if k not in _SETTINGS}
        return environ | {
            "INSTANCE_PATH": str(self.folder),
            "DATABASE_URL": self.database_url,
            # As behind a proxy: each request names its own client, so that limits for one
            # address do not end the measuring.
            "SITE_URL": SITE_URL,
            "TRUSTED_PROXIES": "1",
            **more,
        }


def name_of(database: str, learners: int) -> str:
    """The folder of a kept instance."""
    return f"{database}-{learners or 'demo'}"


@contextmanager
def installed(database: str, learners: int, options: Options) -> Iterator[Installation]:
    """A fresh copy of a seeded installation, made first where there is none; removed after."""
    kept = options.kept.resolve() / "seeded" / name_of(database, learners)
    with ExitStack() as held:
        if not kept.exists():
            print(f"seeding {kept.name} …", flush=True)
            _make(kept, database, learners, options.seed)
        running = Path(tempfile.mkdtemp(prefix="running-", dir=options.kept.resolve()))
        running.chmod(0o755)
        held.callback(shutil.rmtree, running, ignore_errors=True)
        if database == "sqlite":
            _copy(kept, running / "instance")
            yield _on_sqlite(running / "instance")
        else:
            _copy(kept / "instance", running / "instance")
            _copy(kept / "data", running / "data")
            cluster = held.enter_context(_started(running / "data"))
            yield cluster.installation(running / "instance")


def _on_sqlite(folder: Path) -> Installation:
    import sqlite3

    return Installation(
        folder, f"sqlite:///{folder / 'app.db'}", version=f"SQLite {sqlite3.sqlite_version}"
    )


def _copy(source: Path, target: Path) -> None:
    subprocess.run(
        ["cp", "-a", "--reflink=auto", f"{source.resolve()}/.", str(target)]
        if target.exists()
        else ["cp", "-a", "--reflink=auto", str(source.resolve()), str(target)],
        check=True,
    )


def _make(kept: Path, database: str, learners: int, seed: int) -> None:
    draft = kept.with_name(f"{kept.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    draft.chmod(0o755)
    try:
        if database == "sqlite":
            _seed(_on_sqlite(draft), learners, seed)
        else:
            (draft / "instance").mkdir()
            _init(draft / "data")
            with _started(draft / "data") as cluster:
                cluster.run("postgres", f"CREATE DATABASE {DATABASE}")
                _seed(cluster.installation(draft / "instance"), learners, seed)
                cluster.run(DATABASE, "VACUUM ANALYZE", "CHECKPOINT")
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(kept)


_DEMO = """
from app.preparation import prepare
from config import Settings
prepare(Settings.from_environment(), demo=True, address="http://localhost")
"""


def _seed(installation: Installation, learners: int, seed: int) -> None:
    command = [sys.executable, "-P", "-m", "flask", "--app", str(ROOT / "wsgi.py")]
    command += ["seed", "--learners", str(learners), "--seed", str(seed)]
    if learners == DEMO:
        command = [sys.executable, "-c", _DEMO]
    subprocess.run(command, cwd=ROOT, env=installation.environment(), check=True)


# PostgreSQL


@dataclass(frozen=True)
class _Cluster:
    sockets: Path
    postmaster: int

    def run(self, database: str, *statements: str) -> None:
        to = f"host={self.sockets} user=postgres dbname={database}"
        with psycopg.connect(to, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def installation(self, folder: Path) -> Installation:
        to = f"host={self.sockets} user=postgres dbname=postgres"
        with psycopg.connect(to) as connection:
            version = connection.execute("SHOW server_version").fetchone()
        return Installation(
            folder,
            f"postgresql+psycopg://postgres@/{DATABASE}?host={self.sockets}",
            self.postmaster,
            f"PostgreSQL {version[0].split()[0]}" if version else "",
        )


def _init(data: Path) -> None:
    data.mkdir()
    _give_to_server(data)
    _as_server(
        str(postgres.binaries() / "initdb"),
        *("-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
        *("--locale=C.UTF-8", "--no-sync"),
    )


@contextmanager
def _started(data: Path) -> Iterator[_Cluster]:
    control = (str(postgres.binaries() / "pg_ctl"), "-D", str(data), "-w", "-t", "120")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        sockets = Path(name)  # not beside the data: the name of a socket must be short
        _give_to_server(sockets)
        asked = {**_POSTGRES, "unix_socket_directories": f"'{sockets}'"}
        options = " ".join(f"-c {key}={value}" for key, value in asked.items())
        _as_server(*control, "-l", str(sockets / "log"), "-o", options, "start")
        try:
            postmaster = int((data / "postmaster.pid").read_text().split()[0])
            yield _Cluster(sockets, postmaster)
        finally:
            _as_server(*control, "-m", "fast", "stop")


def _give_to_server(folder: Path) -> None:
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)


def _as_server(*command: str) -> None:
    wanted = list(command)
    if os.geteuid() == 0:
        wanted = ["runuser", "-u", "postgres", "--", *wanted]
    done = subprocess.run(wanted, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


# The product's server


class Server:
    """The product as it serves, with the floors beside its pages."""

    def __init__(
        self, installation: Installation, *, processes: int, slow: Mapping[str, float]
    ) -> None:
        self.processes = processes
        self._log = installation.folder.parent / f"server-{processes}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.serving", "--no-demo", "--port", "0"],
                cwd=ROOT,
                env=installation.environment(
                    WEB_WORKERS=str(processes),
                    BENCH_SLOW=",".join(f"{view}={ms}" for view, ms in slow.items()),
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid
        self.port = self._until_it_answers()

    def _until_it_answers(self) -> int:
        until = time.monotonic() + 180
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.log()}")
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", self.log()):
                return int(found.group(1))
            time.sleep(0.1)
        raise RuntimeError(f"the server does not answer:\n{self.log()}")

    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text("utf-8", "replace")

    def stop(self) -> None:
        """Stop it and wait."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
