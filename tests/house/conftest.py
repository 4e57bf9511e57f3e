"""An application that touches no database: for questions about its views and words."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import settings_for


@pytest.fixture(scope="session")
def plain_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with its views, not connected to anything."""
    from app import create_app

    folder: Path = tmp_path_factory.mktemp("plain")
    return create_app(settings_for(f"sqlite:///{folder / 'none.sqlite'}", folder))
