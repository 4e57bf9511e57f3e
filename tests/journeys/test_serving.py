"""bin/serve: one command starts everything, and everything stops with it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.kernel import supervisor as programme
from tests.journeys.conftest import ROOT, Site, environment, start


@pytest.fixture(scope="module")
def running(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, for tests that only look at it."""
    instance = tmp_path_factory.mktemp("running") / "demo"
    shutil.copytree(demo_folder, instance)
    site = start(instance)
    yield site
    site.stop()


@pytest.fixture(scope="module")
def real_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for real use at its very first start, for tests that only look at it."""
    site = start(tmp_path_factory.mktemp("real") / "site", demo=False)
    yield site
    site.stop()


def health(site: Site) -> int:
    """What /health answers."""
    with urllib.request.urlopen(site.address + "/health", timeout=10) as answer:
        return int(answer.status)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead child that nobody waited for does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(what: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def supervisor(*arguments: str, instance: Path) -> subprocess.CompletedProcess[str]:
    """Run bin/serve's programme to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.kernel.supervisor", *arguments],
        cwd=ROOT,
        env=environment(instance),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_server_says_where_it_is_and_how_to_sign_in(running: Site):
    assert "/dang-nhap" in running.told()
    assert health(running) == 200


def test_two_web_processes_and_a_worker_serve(running: Site):
    assert len(running.children()) == 3


def test_a_port_in_use_is_explained(running: Site, tmp_path: Path):
    port = str(urlsplit(running.address).port)
    done = supervisor("--port", port, instance=tmp_path / "second")
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "in use" in done.stderr


def test_a_host_that_others_can_reach_needs_no_demo(tmp_path: Path):
    done = supervisor("--host", "0.0.0.0", instance=tmp_path)
    assert done.returncode == 2
    assert "--no-demo" in done.stderr


def test_wrong_usage_exits_2(tmp_path: Path):
    assert supervisor("--port", "x", instance=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        *((["--host", host], "--no-demo") for host in ("::", "192.0.2.1", "intranet.example")),
        (["--port", "70000"], "--port"),
        (["--nodemo"], "--nodemo"),
        (["extra"], "extra"),
    ],
    ids=str,
)
def test_other_wrong_usage_is_refused_as_it_is_read(
    wrong: list[str], told: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as refused:
        programme.arguments(wrong)
    assert refused.value.code == 2
    assert told in capsys.readouterr().err


def test_wrong_settings_are_listed_all_at_once(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "app.kernel.supervisor", "--port", "0"],
        cwd=ROOT,
        env=environment(tmp_path, WEB_WORKERS="many", SECRET_KEY="weak"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "WEB_WORKERS" in done.stderr
    assert "SECRET_KEY" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_leaves_no_process_behind(demo_site: Site, number: signal.Signals):
    children = demo_site.children()
    demo_site.process.send_signal(number)
    assert demo_site.process.wait(timeout=20) == 0
    assert [pid for pid in children if is_alive(pid)] == []


def test_a_killed_supervisor_takes_its_children_along(demo_site: Site):
    children = demo_site.children()
    demo_site.process.kill()
    demo_site.process.wait()
    wait_until(lambda: not [pid for pid in children if is_alive(pid)])


def test_a_killed_child_is_replaced_and_the_others_go_on(demo_site: Site):
    before = set(demo_site.children())
    for number, pid in enumerate(before, 1):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda new=number: len(set(demo_site.children()) - before) >= new)
        assert health(demo_site) == 200
    # A dead process is listed until its parent has looked.
    wait_until(lambda: not before & set(demo_site.children()))
    assert len(demo_site.children()) == 3


def test_a_request_in_flight_is_finished_before_the_server_stops(demo_site: Site):
    where = urlsplit(demo_site.address)
    body = b"name=khong-co-ai&password=mat-khau-sai"
    head = (
        f"POST /dang-nhap HTTP/1.1\r\nHost: {where.netloc}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=15) as phone:
        phone.sendall(head.encode() + body[:10])
        time.sleep(0.3)  # so that the half request is with a web process, not in the queue
        demo_site.process.terminate()
        wait_until(lambda: _refuses(where.hostname or "", where.port or 0))
        phone.sendall(body[10:])
        answer = b"".join(iter(lambda: phone.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"</html>" in answer
    assert demo_site.process.wait(timeout=20) == 0


def _refuses(host: str, port: int) -> bool:
    """Whether nobody accepts a new request any more."""
    try:
        with socket.create_connection((host, port), timeout=1) as tried:
            tried.settimeout(0.5)
            tried.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return tried.recv(10) == b""
    except OSError:
        return True


def test_a_site_for_real_use_prints_a_link_for_the_first_administrator(real_site: Site):
    link = re.search(r"http://\S+/loi-moi/\S+", real_site.told())
    assert link is not None
    assert link[0].startswith(real_site.address)
    with urllib.request.urlopen(link[0], timeout=10) as answer:
        assert 'data-action="' in answer.read().decode()


def test_a_site_for_real_use_has_no_one_click_sign_in(real_site: Site):
    request = urllib.request.Request(
        real_site.address + "/dang-nhap/thu",
        data=b"vai=quan-tri",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 404


def test_a_second_start_prepares_nothing_again(running: Site):
    first_line = running.told().strip().splitlines()[0].strip()
    assert first_line.startswith("http://"), running.told()
