"""The courses that are shipped pass the check that every trainer's course must pass, and are
counted in the documentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.check import Checked, check_folder, ready
from app.catalog.figures import markdown_table
from app.kernel import words
from tests.house import tree

COURSES = sorted(p.parent for p in (tree.ROOT / "courses").glob("*/course.yml"))


check_once: Callable[[Path], Checked] = cache(check_folder)


@pytest.mark.parametrize("folder", COURSES, ids=lambda folder: folder.name)
def test_a_shipped_course_has_no_error_and_nothing_to_be_reminded_of(folder: Path):
    checked = check_once(folder)
    assert [str(problem) for problem in checked.errors] == []
    assert [str(problem) for problem in checked.reminders] == []


def test_the_shipped_courses_serve_every_theme():
    themes = {
        re.search(r"^theme: *(\S+)", (folder / "course.yml").read_text(), re.M).group(1)
        for folder in COURSES
    }
    assert sorted(themes) == ["digital-transformation", "extension-skills", "technology-transfer"]


def test_the_documentation_counts_the_courses_as_they_are(plain_app: Flask):
    """`bin/flask courses table --language en`, between the two marks."""
    told = (tree.ROOT / "docs" / "building" / "courses.md").read_text("utf-8")
    table = told.split("<!-- table -->\n")[1].split("<!-- end of table -->")[0]
    with words.speaking("en"):
        counted = markdown_table([ready(check_once(folder)) for folder in COURSES])
    assert table == counted
