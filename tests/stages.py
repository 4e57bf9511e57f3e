"""The stages of `bin/test`, one after the other; ends with one plain line of counts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
TOOLS = Path(PYTHON).parent
TWO = ("-n", "2")  # processes
JOURNEYS_APART = ("--ignore=tests/journeys",)


@dataclass
class Counts:
    """How many tests passed, failed (or broke), and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Checked:
    """What a checker found, to be told when nobody else is talking."""

    name: str
    done: subprocess.CompletedProcess[str]
    seconds: float

    def tell(self) -> Counts:
        """One pass or one failure; its words are shown when it found something."""
        is_failed = self.done.returncode != 0
        if is_failed:
            print(self.done.stdout, self.done.stderr, sep="", flush=True)
        _tell(self.name, "failed" if is_failed else "passed", self.seconds)
        return Counts(failed=1) if is_failed else Counts(passed=1)


def check(name: str, *command: str | Path) -> Checked:
    """Run a checker."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Checked(name, done, time.monotonic() - started)


def checks() -> list[Checked]:
    """Everything that reads the source and runs none of it."""
    return [
        check("lint", TOOLS / "ruff", "check", "--no-cache", "."),
        check("format", TOOLS / "ruff", "format", "--no-cache", "--check", "."),
        check("contracts", TOOLS / "lint-imports", "--no-cache"),
        check("types", TOOLS / "mypy"),
    ]


def pytest(name: str, *arguments: str) -> Counts:
    """Run pytest and count what its report says; no test at all counts as a failure."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [PYTHON, "-m", "pytest", f"--junitxml={report}", *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        counts = _counted(report)
    if code and not counts.failed:
        counts.failed = 1
    _tell(name, str(counts), time.monotonic() - started)
    return counts


def _counted(report: Path) -> Counts:
    if not report.is_file():
        return Counts()
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total = {
        key: sum(int(suite.get(key, 0)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    failed = total["failures"] + total["errors"]
    passed = max(0, total["tests"] - failed - total["skipped"])
    return Counts(passed, failed, total["skipped"])


def _tell(name: str, outcome: str, seconds: float) -> None:
    print(f"== {name}: {outcome} ({seconds:.0f} s)", flush=True)


def everything() -> Counts:
    """Every stage; a failure stops none of the others. While tests wait for a disk or another
    process, the checkers work."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        checking = beside.submit(checks)
        counts = pytest(
            "rules, actions and pages", *TWO, "--dist=loadgroup", *JOURNEYS_APART, "tests"
        )
        for checked in checking.result():
            counts += checked.tell()
    # In the order in which they are collected: tests/journeys/conftest.py puts long ones first.
    in_order = ("--dist=loadfile", "--no-loadscope-reorder")
    return counts + pytest("journeys", *TWO, *in_order, "tests/journeys")


def main(arguments: list[str]) -> int:
    """Run the stages, or pytest alone with the arguments given; returns the exit code."""
    counts = pytest("pytest", *arguments) if arguments else everything()
    print(counts, flush=True)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
