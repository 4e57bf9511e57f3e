"""How views answer: a page, "done, and on to there", or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, flash, g, redirect, render_template, request

from app.kernel.database import Database
from app.kernel.words import Words


def page(template: str, status: int = 200, **names: Any) -> Response:
    """A page. Give 422 when a form was wrong: same page, entered values, errors beside them."""
    return Response(render_template(template, **names), status=status)


def done(text: str | Words, address: str, *, category: str = "good") -> Response:
    """A good POST: says what was done and goes on to `address` with 303.

    Remembers the answer under the form's UUID, so that pressing twice is pressing once.
    """
    if text:
        flash(str(text), category)
    g.answered_with = address
    return redirect(address, 303)  # type: ignore[return-value]


def after_refusal(act: Callable[[], None]) -> None:
    """Do something in a short second transaction even though this request is refused."""
    g.setdefault("after_refusal", []).append(act)


def database() -> Database:
    """The application's database, for views that open their own units of work."""
    result: Database = current_app.extensions["database"]
    return result


def settings() -> Any:
    """The installation's settings."""
    return current_app.extensions["settings"]


def is_safe_local_address(target: str) -> bool:
    """Whether an address given by a request stays on this site."""
    return (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and "\\" not in target
        and all(ord(c) > 32 for c in target)
    )


def come_from(default: str) -> str:
    """The local address named in `tiep`, where the person wanted to go, or a default."""
    target = request.values.get("tiep", "")
    return target if is_safe_local_address(target) else default
