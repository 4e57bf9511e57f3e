"""Course folders for tests, as the files that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.catalog.bundle import Bundle, from_files
from app.catalog.check import Checked, check
from app.catalog.content import CourseContent

COURSE = """title: {vi: "Dự toán kinh phí", en: "Budgeting"}
summary: {vi: "Lập dự toán có căn cứ."}
language: vi
theme: extension-skills
level: foundation
audience: [officer]
periods: 1
objectives: {vi: ["Lập được bảng dự toán"]}
authors: ["Nhóm biên soạn"]
reviewed_on: 2026-11-01
completion:
  lessons: all
  final_quiz: 50
final_quiz:
  minutes: 15
  draw:
    - {from: du-toan, count: 1}
"""
LESSON = """---
title: Dự toán là gì
minutes: 30
---

Dự toán có **căn cứ**.

![Sơ đồ](media/so-do.svg "Ba bước")
"""
QUESTION = """/// question | {id}
Hỏi gì?

- [x] Đúng
- [ ] Sai
///
"""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20"/>'
    "</svg>\n"
)

Files = dict[str, str | bytes | None]


def a_folder(changes: Mapping[str, str | bytes | None] | None = None) -> dict[str, bytes]:
    """The files of a small course without a problem; None in `changes` takes a file away."""
    files: Files = {
        "course.yml": COURSE,
        "01-du-toan.md": LESSON,
        "questions/du-toan.md": QUESTION.format(id="du-toan-01"),
        "media/so-do.svg": SVG,
    }
    files |= changes or {}
    return {
        path: content.encode() if isinstance(content, str) else content
        for path, content in files.items()
        if content is not None
    }


def a_bundle(
    changes: Mapping[str, str | bytes | None] | None = None, *, slug: str = "du-toan"
) -> Bundle:
    """A small course as a bundle."""
    return from_files(slug, a_folder(changes))[0]


def checked(
    changes: Mapping[str, str | bytes | None] | None = None, *, slug: str = "du-toan"
) -> Checked:
    """What the check says of a small course with changes."""
    bundle, found = from_files(slug, a_folder(changes))
    return check(bundle, found)


def a_content(
    changes: Mapping[str, str | bytes | None] | None = None, *, slug: str = "du-toan"
) -> CourseContent:
    """A small course, checked and rendered."""
    content = checked(changes, slug=slug).content
    assert content is not None
    return content


def write(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Path:
    """Write a small course into a folder and return it."""
    for path, data in a_folder(changes).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder
