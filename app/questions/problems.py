"""What is wrong in a course folder, and where."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from app.kernel.words import Words, _l

Level = Literal["error", "reminder"]

_LEVEL_WORDS: dict[Level, Words] = {"error": _l("lỗi"), "reminder": _l("nhắc nhở")}


@dataclass(frozen=True)
class Problem:
    """One finding: an error keeps a course from being published, a reminder does not."""

    file: str
    line: int
    level: Level
    code: str
    message: Words

    @property
    def is_error(self) -> bool:
        """Whether this keeps the course from being published."""
        return self.level == "error"

    def __str__(self) -> str:
        level = _LEVEL_WORDS[self.level]
        return f"{self.file}:{self.line}: {level}: {self.message} [{self.code}]"


class ProblemList:
    """Collects the problems of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def error(self, line: int, code: str, message: Words) -> None:
        """Note what keeps the course from being published."""
        self.found.append(Problem(self.file, line, "error", code, message))

    def remind(self, line: int, code: str, message: Words) -> None:
        """Note what a good editor would say."""
        self.found.append(Problem(self.file, line, "reminder", code, message))


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that a mistyped one most likely meant."""
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return close[0] if close else None


def unknown_name(name: str, known: list[str]) -> Words:
    """The sentence about a name nobody knows, with the nearest known one."""
    if near := nearest(name, known):
        return _l("không có “%(name)s”; có phải “%(near)s”?", name=name, near=near)
    return _l(
        "không có “%(name)s”; các tên được dùng: %(known)s",
        name=name,
        known=", ".join(known),
    )
