"""When this happens, that follows: the only place where side effects are joined."""

from __future__ import annotations


def join() -> None:
    """Join every effect to its news."""
