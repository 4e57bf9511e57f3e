"""What may lie in the tree, and what may not."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house import tree

# Written in pieces, so that this file does not hold what it forbids.
REGISTRIES = [".".join(p) for p in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
REGISTRIES += [".".join(p) for p in (("npmjs", "com"), ("registry", "yarnpkg"), ("deb", "debian"))]
MACHINE = re.compile("|".join("/" + name + "/" for name in ("work", "farm", "root", "tmp")))
LIBRARY = "." + "library"
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
CONFLICT = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)
KINDS = {
    "utils",
    "helpers",
    "helper",
    "common",
    "misc",
    "services",
    "managers",
    "temp",
    "old",
    "bak",
}


def _is_ours(path: Path) -> bool:
    return not {"vendor", "fonts", "data"} & set(path.parts) and path.suffix not in (
        ".lock",
        ".svg",
    )


def _texts() -> list[tuple[str, str]]:
    return [
        (tree.name(path), text)
        for path in tree.files()
        if _is_ours(path) and (text := tree.text(path)) is not None
    ]


def test_no_file_names_a_package_registry():
    assert [n for n, text in _texts() for host in REGISTRIES if host in text] == []


def test_no_file_names_a_folder_of_somebodys_machine():
    found = [
        f"{name}: {match.group()}"
        for name, text in _texts()
        for match in MACHINE.finditer(text)
        # A path inside an address or a longer path is no folder of this machine.
        if not re.match(r"[\w.\])}*-]", text[match.start() - 1 : match.start()] or " ")
    ]
    assert found == []
    assert [name for name, text in _texts() if LIBRARY in text and name != ".gitignore"] == []


def test_nothing_is_left_unfinished():
    assert [
        f"{name}: {match.group()}"
        for name, text in _texts()
        for match in [*UNFINISHED.finditer(text), *CONFLICT.finditer(text)]
        if name.split("/")[0] in ("app", "bin", "tests", "docs", "migrations")
    ] == []


def test_no_file_has_a_name_that_says_nothing():
    assert [
        tree.name(p)
        for p in tree.files()
        if KINDS & {part.lower() for part in Path(tree.name(p)).with_suffix("").parts}
        and "vendor" not in p.parts
    ] == []


def test_every_folder_of_tests_is_a_package():
    """Two files called test_actions.py can only both be collected inside packages."""
    folders = {
        p.parent for p in tree.files() if tree.name(p).startswith("tests/") and p.suffix == ".py"
    }
    assert [tree.name(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_no_file_is_empty_or_huge():
    for path in tree.files():
        size = path.stat().st_size
        assert size > 0 or path.name in ("__init__.py", ".gitkeep", "py.typed"), tree.name(path)
        assert size < 2 * 1024 * 1024, f"{tree.name(path)}: {size} bytes"


def test_text_files_end_with_a_newline_and_hold_no_carriage_return():
    wrong = []
    for path in tree.files():
        text = tree.text(path)
        if text and _is_ours(path) and (not text.endswith("\n") or "\r" in text):
            wrong.append(tree.name(path))
    assert wrong == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_every_pinned_package_has_its_hashes_and_no_address(lock: str):
    text = (tree.ROOT / lock).read_text()
    entries = re.split(r"\n(?=[a-z])", text)
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_every_direct_requirement_is_pinned():
    wanted = {
        re.split(r"[\[<>=]", line)[0]
        for line in (tree.ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    }
    pinned = set(re.findall(r"^([\w-]+)==", (tree.ROOT / "requirements.txt").read_text(), re.M))
    assert wanted <= pinned


def test_the_licences_stand_where_people_look():
    assert "Apache License" in (tree.ROOT / "LICENSE").read_text()
    assert "CC BY 4.0" in (tree.ROOT / "NOTICE").read_text()


def _direct(*files: str) -> set[str]:
    """The packages that we ask for by name, in the spelling of package metadata."""
    return {
        re.split(r"[\[<>=]", line)[0].lower().replace("_", "-")
        for file in files
        for line in (tree.ROOT / file).read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    }


def _imported(folders: tuple[str, ...]) -> dict[str, str]:
    """The packages that our files import, each with one file that does."""
    homes = packages_distributions()
    ours = {"app", "config", "tests", "wsgi", "migrations"}
    return {
        homes.get(top, [top])[0].lower().replace("_", "-"): tree.name(path)
        for path in tree.files()
        if path.suffix == ".py" and tree.name(path).startswith(folders)
        for _line, imported in tree.imports(path)
        if (top := imported.split(".")[0]) not in ours | set(sys.stdlib_module_names)
    }


def test_everything_that_is_imported_is_asked_for_by_name():
    """What another package happens to bring may be gone tomorrow, or on another machine."""
    known = {"werkzeug", "jinja2", "markupsafe", "click", "babel", "itsdangerous"}  # Flask's own
    product = _direct("requirements.in") | known
    app = _imported(("app/", "migrations/", "config.py", "wsgi.py"))
    assert {name: file for name, file in app.items() if name not in product} == {}
    everything = product | _direct("requirements-test.in")
    assert {n: f for n, f in _imported(("tests/",)).items() if n not in everything} == {}
