"""The table in the documentation is made from runs, and the prose around it stays."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.bench import table

MACHINE = {
    "processor": "Một bộ xử lý",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux 6",
    "python": "3.11.2",
}


def a_run(page: str = "lesson", row: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    row = row or {
        "rate": 301.4,
        "median_ms": 12.34,
        "p95_ms": 20.0,
        "p99_ms": 31.0,
        "alone_ms": 6.5,
        "web_ms": 5.0,
        "database_ms": 1.5,
        "statements": 7,
        "bytes": 8_000,
        "floor_rate": 600.0,
        "bare_rate": 3_000.0,
        "ratios": {
            "bare": [9.0, 10.0, 11.0],
            "rate": [1.9, 2.0, 2.3],
            "processor": [2.1, 2.2, 2.2],
            "alone": [2.0, 2.0, 2.0],
        },
    }
    section = {"version": "SQLite 3.40.1", "pages": {page: row}}
    return {
        "moment": "2026-11-24T08:00:00+00:00",
        "commit": "187f23d7e1",
        "machine": MACHINE,
        "load": 0.3,
        "how": {"seconds": 1.0, "rounds": 4, "each": 2},
        "sections": {"sqlite-1000": section},
        **others,
    }


def test_a_table_says_machine_date_and_commit():
    assert table.markdown([a_run()]).startswith(
        "Một bộ xử lý, 2 cores, 8 GB, Linux 6, Python 3.11.2; 2026-11-24, commit 187f23d7e1.\n"
        "4 rounds of 1 s; load of the machine before: 0.3.\n"
    )


def test_a_page_has_its_row():
    text = table.markdown([a_run()])
    assert "### SQLite 3.40.1, 1,000 learners" in text
    figures = "301 | 12.3 | 20.0 | 31.0 | 6.5 | 10.0 | 2.0 | 2.2 | 6.5 | 7 | 7.8"
    assert f"| a lesson | {figures} |" in text


def test_a_page_that_failed_says_so_instead_of_a_figure():
    text = table.markdown([a_run(row={"problem": "{500: 4} instead of 200"})])
    assert "| a lesson | failed |" in text


def test_every_row_has_as_many_cells_as_its_heading():
    text = table.markdown([a_run(), a_run("home", {"problem": "nothing"})])
    wide = [line.count("|") for line in text.splitlines()]
    for above, here in pairwise(wide):
        assert above == here or not above or not here


def test_runs_of_two_machines_do_not_stand_in_one_table():
    with pytest.raises(ValueError, match="different machines"):
        table.markdown([a_run(), a_run(machine={**MACHINE, "cores": 8})])


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path):
    document = tmp_path / "performance.md"
    document.write_text(f"# Before\n\n{table.BEGIN}\nold\n{table.END}\n\nAfter.\n")
    table.put(document, [a_run()])
    text = document.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("After.\n")
    assert "old" not in text
    assert "| a lesson |" in text
    table.put(document, [a_run()])
    assert document.read_text() == text, "putting it twice changes nothing"


def test_a_document_without_markers_is_left_alone(tmp_path: Path):
    document = tmp_path / "performance.md"
    document.write_text("# No place for a table\n")
    with pytest.raises(ValueError):
        table.put(document, [a_run()])
    assert document.read_text() == "# No place for a table\n"
