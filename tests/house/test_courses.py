"""The courses that are shipped pass the check that every trainer's course must pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.catalog.check import check_folder
from tests.house import tree

COURSES = sorted(p.parent for p in (tree.ROOT / "courses").glob("*/course.yml"))


@pytest.mark.parametrize("folder", COURSES, ids=lambda folder: folder.name)
def test_a_shipped_course_has_no_error_and_nothing_to_be_reminded_of(folder: Path):
    checked = check_folder(folder)
    assert [str(problem) for problem in checked.errors] == []
    assert [str(problem) for problem in checked.reminders] == []


def test_the_shipped_courses_serve_every_theme():
    themes = {
        re.search(r"^theme: *(\S+)", (folder / "course.yml").read_text(), re.M).group(1)
        for folder in COURSES
    }
    assert sorted(themes) == ["digital-transformation", "extension-skills", "technology-transfer"]
