"""Who is behind a request, and which roles a view is open to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g

from app.kernel.slots import SignedIn

V = TypeVar("V", bound=Callable[..., Any])
ROLES = ("public", "learner", "trainer", "manager", "administrator")


def open_to(*roles: str) -> Callable[[V], V]:
    """Say who may call a view; every view must say it (tests/house checks).

    "public" means everybody, "learner" everybody who is signed in. Rows are a matter of the
    query's scope, not of this.
    """
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"unknown roles: {sorted(unknown)}")

    def mark(view: V) -> V:
        view.open_to = roles  # type: ignore[attr-defined]
        return view

    return mark


def own_transactions(view: V) -> V:
    """Mark a view that opens and closes its units of work itself, around slow work."""
    view.own_transactions = True  # type: ignore[attr-defined]
    return view


def without_database(view: V) -> V:
    """Mark a view that must answer even when the database does not."""
    view.without_database = True  # type: ignore[attr-defined]
    return view


def signed_in() -> SignedIn | None:
    """Who is signed in, with roles; None for a visitor."""
    who: SignedIn | None = g.get("signed_in")
    return who


def me() -> Any:
    """The person who is signed in, as the real row; only in views that need a sign-in."""
    who = signed_in()
    if who is None:
        raise RuntimeError("nobody is signed in: the view is not open to visitors")
    return who.person
