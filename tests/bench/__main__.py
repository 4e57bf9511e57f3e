"""`bin/bench`: measure, compare, make the table."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import machine, runs
from tests.bench.instances import ROOT, name_of
from tests.bench.options import DATABASES, DEMO, SIZES, Options

DOCUMENT = ROOT / "docs" / "building" / "performance.md"
PARTS = ("exports", "slow-clients", "processes", "audit")
"""What is measured besides pages."""


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits 2."""
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure every page beside floors of its own, on the same server in the same "
        "minute; keep the run and compare it with the last one. "
        "bin/bench compare A.json B.json compares two runs; bin/bench table RUN.json... writes "
        "the tables of docs/building/performance.md.",
    )
    parser.add_argument("--database", action="append", choices=DATABASES, help="default: both")
    parser.add_argument(
        "--learners",
        action="append",
        type=_size,
        metavar="N",
        help="a number of learners, or demo; default: 1000 and 100000",
    )
    parser.add_argument(
        "--only", type=_names, default=(), metavar="NAME,...", help="pages, or: " + ", ".join(PARTS)
    )
    parser.add_argument("--seconds", type=float, help="length of one slice of a page")
    parser.add_argument("--rounds", type=int, help="turns of page and floor, at least 2")
    parser.add_argument("--quick", action="store_true", help="short slices: a look, no figures")
    parser.add_argument(
        "--slow",
        type=_slow,
        default={},
        metavar="PAGE=MS",
        help="make a page slow on purpose, to see that the comparison tells",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "instance" / "bench",
        help="where seeded instances (seeded/) and runs (runs/) are kept",
    )
    chosen = parser.parse_args(given)
    known = _pages()
    for name in chosen.only:
        if name not in known and name not in PARTS:
            parser.error(f"no page {name!r}; there are {', '.join([*known, *PARTS])}")
    for name in chosen.slow:
        if name not in known:
            parser.error(f"no page {name!r} to make slow")
    return chosen


def _pages() -> list[str]:
    from tests.bench.pages import PAGES

    return list(PAGES)


def _size(text: str) -> int:
    return DEMO if text == "demo" else int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _slow(text: str) -> dict[str, float]:
    pairs = (one.split("=") for one in text.split(","))
    return {name: float(milliseconds) for name, milliseconds in pairs}


def options_of(chosen: argparse.Namespace) -> Options:
    """What the command line asked for."""
    options = Options(
        databases=tuple(chosen.database or DATABASES),
        sizes=tuple(SIZES if chosen.learners is None else chosen.learners),
        only=chosen.only,
        slow=chosen.slow,
        kept=chosen.folder.resolve(),
    )
    if chosen.quick:
        options = options.quick()
    given = {
        name: value
        for name, value in (("seconds", chosen.seconds), ("rounds", chosen.rounds))
        if value is not None
    }
    return replace(options, **given)


def measure(options: Options) -> int:
    """A whole run: every database with every size; 1 when something became slower."""
    pages = [name for name in _pages() if not options.only or name in options.only]
    sections = {
        name_of(database, learners): (database, learners)
        for learners in options.sizes
        for database in options.databases
    }
    run: dict[str, Any] = {
        "moment": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "commit": machine.commit(ROOT),
        "load": round(os.getloadavg()[0], 1),
        "how": options.how(),
        "options": options.written(),
        "asked": {"sections": list(sections), "pages": pages},
        "sections": {},
    }
    folder = options.kept / "runs"
    base = runs.last_like(run, folder)
    for name, (database, learners) in sections.items():
        print(f"{name}:", flush=True)
        before = base["sections"].get(name) if base else None
        run["sections"][name] = _section(database, learners, options, before)
    path = runs.keep(run, folder)
    print(f"kept as {path}")
    failed = [
        f"{section} {page}: {row['problem']}"
        for section, found in run["sections"].items()
        for page, row in found["pages"].items()
        if "problem" in row
    ]
    for line in failed:
        print(f"FAILED {line}")
    if base is None:
        print("No earlier run on this machine to compare with.")
        return 1 if failed else 0
    return _tell(base, run) or (1 if failed else 0)


def _section(
    database: str, learners: int, options: Options, before: dict[str, Any] | None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        asked, answered = Path(folder) / "asked.json", Path(folder) / "answered.json"
        asked.write_text(
            json.dumps(
                {
                    "database": database,
                    "learners": learners,
                    "options": options.written(),
                    "base": before,
                }
            )
        )
        command = [sys.executable, "-m", "tests.bench.section", str(asked), str(answered)]
        with subprocess.Popen(command, cwd=ROOT) as section:
            try:
                code = section.wait()
            except BaseException:
                section.terminate()
                raise
        if code:
            raise SystemExit(f"the measuring of {name_of(database, learners)} ended with {code}")
        found: dict[str, Any] = json.loads(answered.read_text())
        return found


def _tell(before: dict[str, Any], now: dict[str, Any]) -> int:
    flags = runs.compare(before, now)
    print(f"Compared with {before['moment']}, commit {before['commit']}:")
    for flag in flags:
        print(f"  SLOWER {flag}")
    if not flags:
        print("  nothing became slower beyond noise.")
    return 1 if flags else 0


def compare(paths: list[str]) -> int:
    """`bin/bench compare A.json B.json`: 1 when something is slower in the second."""
    if len(paths) != 2:
        print("bin/bench compare takes two runs: before, and now.", file=sys.stderr)
        return 2
    before, now = (runs.load(Path(path)) for path in paths)
    if before["machine"] != now["machine"]:
        print("These runs were made on different machines; take the result with care.")
    return _tell(before, now)


def table(paths: list[str]) -> int:
    """`bin/bench table RUN.json...`: write the tables into the document."""
    from tests.bench.table import put

    if not paths:
        print("bin/bench table takes one or more runs.", file=sys.stderr)
        return 2
    put(DOCUMENT, [runs.load(Path(path)) for path in paths])
    print(f"written into {DOCUMENT.relative_to(ROOT)}")
    return 0


def main(given: list[str]) -> int:
    """Run `bin/bench`; returns the exit code."""
    if given[:1] == ["compare"]:
        return compare(given[1:])
    if given[:1] == ["table"]:
        return table(given[1:])
    options = options_of(arguments(given))
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    (options.kept / "seeded").mkdir(parents=True, exist_ok=True)
    return measure(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
