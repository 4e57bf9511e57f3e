"""Files of other projects: listed with where they come from, unchanged, each with its licence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.house import tree

LISTED = json.loads((tree.ROOT / "vendor.json").read_text())


def _is_licence(path: Path) -> bool:
    return path.suffix in (".txt", ".md") or path.name.startswith("LICENSE")


def _vendored() -> list[str]:
    return [
        tree.name(path)
        for path in tree.files()
        if {"vendor", "fonts"} & set(path.relative_to(tree.ROOT).parts[:-1])
        and not _is_licence(path)
    ]


def test_every_vendored_file_is_listed_and_every_listed_one_is_there():
    assert sorted(LISTED) == sorted(_vendored())


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_vendored_file_is_as_its_project_made_it(name: str):
    content = (tree.ROOT / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == LISTED[name]["sha256"]


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_vendored_file_carries_its_licence_and_says_where_it_comes_from(name: str):
    entry = LISTED[name]
    assert entry["package"]
    assert entry["version"]
    licence = tree.ROOT / entry["licence"]
    assert licence.parent == (tree.ROOT / name).parent, "the licence lies beside the file"
    assert len(licence.read_text("utf-8")) > 500
