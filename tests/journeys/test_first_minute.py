"""An empty folder, a clone, one command: what a stranger does first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.conftest import ROOT, environment

# The oldest Python we promise, where the machine has it: Debian 12's own is 3.11.2.
DEBIAN = Path("/usr/bin/python3")


def _clone(folder: Path) -> None:
    """What is in git, as it is now: a clone, with what is not committed yet laid over it."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    changed = subprocess.run(
        ["git", "ls-files", "-m", "-o", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, changed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-p", str(ROOT / name), str(folder / name)], check=True)


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has only Python and git: no environment is active."""
    clean = environment(tmp_path / "unused")
    for name in ("VIRTUAL_ENV", "INSTANCE_PATH", "PYTHONPATH", "WEB_WORKERS"):
        clean.pop(name, None)
    clean["PATH"] = os.pathsep.join(
        part for part in clean["PATH"].split(os.pathsep) if "venv" not in part
    )
    if DEBIAN.exists():
        clean["PYTHON"] = str(DEBIAN)
    return clean


def test_a_clone_and_one_command_bring_up_the_site(tmp_path: Path, stranger: dict[str, str]):
    clone = tmp_path / "clone"
    _clone(clone)
    before = _untracked(clone)
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bin/serve", "--port", "0"],
            cwd=clone,
            env=stranger,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        found = None
        deadline = time.monotonic() + 240
        while found is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            found = re.search(r"^ {2}(http://[^/\s]+)$", log.read_text("utf-8", "replace"), re.M)
        assert found is not None, log.read_text("utf-8", "replace")
        with urllib.request.urlopen(found[1] + "/khoa-hoc", timeout=10) as answer:
            assert "<h1" in answer.read().decode()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    listed = subprocess.run(
        [str(clone / "bin" / "flask"), "--help"],
        cwd=tmp_path,
        env=stranger,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "courses" in listed.stdout
    assert _untracked(clone) == before, "serving leaves files that git does not ignore"


def _untracked(folder: Path) -> str:
    return subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
