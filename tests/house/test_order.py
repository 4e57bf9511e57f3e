"""Who may know whom: what import-linter cannot say (the rest stands in pyproject.toml)."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house import tree

PAGES = {"views", "forms", "commands"}
WEB = ("flask", "werkzeug", "wtforms", "flask_babel", "flask_login")


def _part(path: Path) -> str:
    """`views` for people/views.py and for people/views/session.py."""
    parts = path.relative_to(tree.ROOT / "app").with_suffix("").parts
    return parts[1] if len(parts) > 1 else ""


def test_no_room_imports_the_views_forms_or_commands_of_another():
    wrong = []
    for path in tree.modules():
        own = tree.room(path)
        if own == "":
            continue
        for line, imported in tree.imports(path):
            parts = imported.split(".")
            if len(parts) < 3 or parts[0] != "app" or parts[1] not in tree.ROOMS:
                continue
            if parts[1] != own and parts[2] in PAGES:
                wrong.append(f"{tree.name(path)}:{line} imports {imported}")
    assert wrong == []


def test_only_views_forms_and_commands_of_a_room_know_the_web():
    wrong = []
    for path in tree.modules():
        if tree.room(path) not in tree.ROOMS or _part(path) in PAGES:
            continue
        for line, imported in tree.imports(path):
            if imported.split(".")[0] in WEB or imported.startswith("app.kernel.web"):
                wrong.append(f"{tree.name(path)}:{line} imports {imported}")
    assert wrong == []


def test_rules_do_not_ask_for_the_time():
    wrong = [
        f"{tree.name(path)}:{line} imports {imported}"
        for path in tree.modules()
        if _part(path) == "rules"
        for line, imported in tree.imports(path)
        if imported in ("time", "app.kernel.clock", "config")
    ]
    assert wrong == []


def test_the_docstring_of_a_room_is_all_its_init_holds():
    for room in tree.ROOMS:
        init = tree.ROOT / "app" / room / "__init__.py"
        if init.exists():
            body = tree.parsed(init).body
            assert len(body) == 1, f"{tree.name(init)} holds code"
            assert isinstance(body[0], ast.Expr), f"{tree.name(init)} has no docstring"


def test_only_the_clock_asks_the_machine_for_the_time():
    wrong = []
    for path in tree.modules():
        if tree.name(path) == "app/kernel/clock.py":
            continue
        for node in ast.walk(tree.parsed(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("now", "today", "utcnow")
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in ("datetime", "date")
            ):
                wrong.append(f"{tree.name(path)}:{node.lineno}")
    assert wrong == []


def test_no_drawer_without_a_name():
    drawers = {"utils", "helpers", "common", "misc", "services", "managers"}
    assert [
        tree.name(p)
        for p in tree.modules()
        if drawers & set(Path(tree.name(p)).with_suffix("").parts)
    ] == []


def test_only_the_frame_and_the_unit_of_work_commit():
    """Everything else runs inside a transaction that somebody above closes."""
    allowed = ("app/kernel/database.py", "app/kernel/web/")
    wrong = []
    for path in tree.modules():
        if tree.name(path).startswith(allowed):
            continue
        for node in ast.walk(tree.parsed(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("commit", "rollback")
            ):
                wrong.append(f"{tree.name(path)}:{node.lineno}")
    assert wrong == []


def test_no_room_hides_an_import_of_another_in_a_function():
    """An import hidden in a function is for heavy libraries, never a way round the order."""
    wrong = []
    for path in tree.modules():
        if tree.room(path) not in tree.ROOMS:
            continue
        for function in ast.walk(tree.parsed(path)):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
                        wrong.append(f"{tree.name(path)}:{node.lineno} hides {node.module}")
    assert wrong == []
