"""Commands: one transaction each, exit 0 on success, 1 on a refusal or finding, 2 on misuse."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

import click
from flask import current_app

from app.kernel.database import Database
from app.kernel.refusals import Refusal

P = ParamSpec("P")
R = TypeVar("R")


def current_database() -> Database:
    """The database of the application that runs the command."""
    database: Database = current_app.extensions["database"]
    return database


def in_transaction(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command in one writing transaction; a refusal is printed and exits 1."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with current_database().unit_of_work():
                return command(*args, **kwargs)
        except Refusal as refusal:
            fail(str(refusal))

    return run


def fail(text: str) -> NoReturn:
    """Print an error to standard error and exit 1."""
    click.echo(text, err=True)
    sys.exit(1)
