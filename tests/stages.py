"""The stages of `bin/test`, one after the other; ends with one plain line of counts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
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


def check(name: str, *command: str | Path) -> Counts:
    """Run a checker: one pass or one failure; its words are shown when it finds something."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="", flush=True)
    _tell(name, "failed" if done.returncode else "passed", started)
    return Counts(failed=1) if done.returncode else Counts(passed=1)


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
    _tell(name, str(counts), started)
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


def _tell(name: str, outcome: str, started: float) -> None:
    print(f"== {name}: {outcome} ({time.monotonic() - started:.0f} s)", flush=True)


def everything() -> Counts:
    """Every stage, cheapest first; a failure stops none of the others."""
    return (
        check("lint", TOOLS / "ruff", "check", "--no-cache", ".")
        + check("format", TOOLS / "ruff", "format", "--no-cache", "--check", ".")
        + check("contracts", TOOLS / "lint-imports", "--no-cache")
        + check("types", TOOLS / "mypy")
        + pytest("rules, actions and pages", *TWO, "--dist=loadgroup", *JOURNEYS_APART, "tests")
        + pytest("journeys", *TWO, "--dist=loadfile", "tests/journeys")
    )


def main(arguments: list[str]) -> int:
    """Run the stages, or pytest alone with the arguments given; returns the exit code."""
    counts = pytest("pytest", *arguments) if arguments else everything()
    print(counts, flush=True)
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
