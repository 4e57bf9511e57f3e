"""A file store for courses that tests publish without the application."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel.files import FileStore, use


@pytest.fixture(autouse=True)
def store(tmp_path: Path) -> None:
    """Keep published files in the test's own folder (the application brings its own store)."""
    use(FileStore(f"file://{tmp_path / 'files'}"))
