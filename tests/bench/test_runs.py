"""What the comparison of two runs tells, and what it keeps quiet about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import runs

MACHINE = {"processor": "một bộ xử lý", "cores": 2}
HOW = {"seconds": 1.2, "rounds": 3, "each": 2}


def a_row(
    rate: list[float] | None = None,
    processor: list[float] | None = None,
    alone: list[float] | None = None,
    statements: int = 7,
) -> dict[str, Any]:
    steady = [2.0, 2.04, 1.97]
    return {
        "ratios": {
            "bare": [10.0, 10.1, 9.9],
            "rate": rate or steady,
            "processor": processor or steady,
            "alone": alone or steady,
        },
        "statements": statements,
    }


def a_section(**pages: dict[str, Any]) -> dict[str, Any]:
    return {"pages": pages}


def a_run(moment: str, sections: dict[str, Any], **others: Any) -> dict[str, Any]:
    asked = {
        "sections": list(sections),
        "pages": [p for s in sections.values() for p in s["pages"]],
    }
    return {
        "moment": moment,
        "machine": MACHINE,
        "how": HOW,
        "options": {"slow": {}},
        "asked": asked,
        "sections": sections,
        **others,
    }


def told(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [flag.measure for flag in runs.slower(a_section(lesson=before), a_section(lesson=now))]


@pytest.mark.parametrize("ratio", ["rate", "processor", "alone"])
def test_a_page_that_became_a_third_slower_is_flagged_by_the_measure_that_shows_it(ratio: str):
    assert told(a_row(), a_row(**{ratio: [2.7, 2.8, 2.75]})) == [runs.RATIOS[ratio]]


def test_a_page_that_is_as_it_was_is_not_flagged():
    assert told(a_row(), a_row(rate=[2.1, 2.05, 2.2], processor=[2.2, 2.25, 2.1])) == []


def test_a_page_that_became_faster_is_not_flagged():
    assert told(a_row(), a_row(rate=[1.0, 1.1, 1.05], statements=5)) == []


def test_what_the_rounds_scatter_by_themselves_is_noise():
    wild = [2.0, 3.1, 1.4]
    assert told(a_row(rate=wild), a_row(rate=[3.2, 3.3, 3.4])) == []


def test_a_round_that_lies_among_the_earlier_ones_speaks_for_the_page():
    assert told(a_row(rate=[2.0, 2.0, 2.5]), a_row(rate=[2.4, 2.6, 2.7])) == []


def test_a_single_wild_round_hides_no_slower_page_where_there_are_enough():
    before, now = [0.95, 2.2, 2.42, 2.0, 2.24, 5.45], [5.22, 3.56, 4.38, 5.8, 3.77, 4.59]
    assert told(a_row(alone=before), a_row(alone=now)) == [runs.RATIOS["alone"]]


def test_one_statement_more_is_more_however_fast_it_is():
    assert told(a_row(statements=7), a_row(statements=8)) == ["statements"]


def test_a_page_that_answers_wrongly_now_is_flagged_and_one_that_did_before_is_not():
    broken = {"problem": "{500: 4} instead of 200"}
    assert told(a_row(), broken)[0].startswith("no figure: {500: 4}")
    assert told(broken, a_row()) == []


def test_a_page_that_was_not_measured_before_is_not_compared():
    assert runs.slower(a_section(), a_section(lesson=a_row(rate=[9.0, 9.0, 9.0]))) == []


def test_a_flag_says_where_what_and_how_much():
    before = a_run("1", {"sqlite-1000": a_section(lesson=a_row())})
    now = a_run("2", {"sqlite-1000": a_section(lesson=a_row(rate=[3.0, 3.0, 3.0]))})
    (flag,) = runs.compare(before, now)
    assert str(flag) == (
        "sqlite-1000 lesson: requests a second, beside the floor 2.00 -> 3.00 "
        "(+50 %, noise up to 15 %)"
    )


# Which run to compare with


def last(folder: Path, wanted: dict[str, Any]) -> str | None:
    found = runs.last_like(wanted, folder)
    return found and found["moment"]


def test_a_run_is_compared_with_the_last_one_of_its_kind(tmp_path: Path):
    sections = {"sqlite-1000": a_section(lesson=a_row())}
    runs.keep(a_run("2026-11-01T08:00:00", sections), tmp_path)
    runs.keep(a_run("2026-11-02T08:00:00", sections), tmp_path)
    elsewhere = {**MACHINE, "cores": 8}
    runs.keep(a_run("2026-11-03T08:00:00", sections, machine=elsewhere), tmp_path)
    runs.keep(a_run("2026-11-04T08:00:00", sections, how={**HOW, "seconds": 0.5}), tmp_path)
    (tmp_path / "2026-11-05T080000.json").write_text('{"cut short')
    assert last(tmp_path, a_run("now", sections)) == "2026-11-02T08:00:00"


def test_a_run_that_was_slowed_on_purpose_is_no_measure_for_later_ones(tmp_path: Path):
    sections = {"sqlite-1000": a_section(lesson=a_row())}
    runs.keep(a_run("2026-11-01T08:00:00", sections), tmp_path)
    slowed = {"slow": {"lesson": 5.0}}
    runs.keep(a_run("2026-11-02T08:00:00", sections, options=slowed), tmp_path)
    assert last(tmp_path, a_run("now", sections, options=slowed)) == "2026-11-01T08:00:00"


def test_a_whole_run_goes_before_a_later_look_at_one_page(tmp_path: Path):
    whole = {"sqlite-1000": a_section(lesson=a_row(), home=a_row())}
    runs.keep(a_run("2026-11-01T08:00:00", whole), tmp_path)
    runs.keep(a_run("2026-11-02T08:00:00", {"sqlite-1000": a_section(home=a_row())}), tmp_path)
    assert last(tmp_path, a_run("now", whole)) == "2026-11-01T08:00:00"
    only_home = {"sqlite-1000": a_section(home=a_row())}
    assert last(tmp_path, a_run("now", only_home)) == "2026-11-02T08:00:00"
    assert last(tmp_path, a_run("now", {"sqlite-9": a_section(home=a_row())})) is None


def test_a_kept_run_reads_as_it_was(tmp_path: Path):
    run = a_run("2026-11-01T08:00:00", {"sqlite-1000": a_section(lesson=a_row())})
    path = runs.keep(run, tmp_path / "runs")
    assert json.loads(path.read_text()) == run == runs.load(path)
