"""What lies in the tree: the files that git keeps, and the modules of the application."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "organization",
    "people",
    "questions",
    "catalog",
    "assessment",
    "learning",
    "credentials",
    "requirements",
    "authoring",
    "awards",
    "reporting",
    "home",
)


@cache
def files() -> list[Path]:
    """Every file that is, or is about to be, in git; ignored ones are not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [
        ROOT / name for name in sorted(set(listed.split("\0")) - {""}) if (ROOT / name).exists()
    ]


def name(path: Path) -> str:
    """A file's path from the root, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str | None:
    """A file's text; None for pictures, fonts and the like."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def modules() -> list[Path]:
    """Every Python file of the application."""
    return [p for p in files() if name(p).startswith("app/") and p.suffix == ".py"]


@cache
def parsed(path: Path) -> ast.Module:
    """A Python file as a syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> list[tuple[int, str]]:
    """What a Python file imports: (line, full name), names inside `from` ones included."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module))
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def room(path: Path) -> str:
    """The room that a file of the application stands in; "" above the rooms."""
    parts = path.relative_to(ROOT / "app").parts
    return parts[0] if len(parts) > 1 else ""


def templates() -> list[Path]:
    """Every template of the application."""
    return [p for p in files() if name(p).startswith("app/") and "/templates/" in name(p)]
