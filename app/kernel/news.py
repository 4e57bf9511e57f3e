"""News: what happened, told upward. Only `app.reactions` says what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

_followers: dict[type, list[Callable[[Any, datetime], None]]] = defaultdict(list)


def when(kind: type, follow: Callable[[Any, datetime], None]) -> None:
    """Join an effect to a kind of news; joining the same effect twice is joining it once."""
    if follow not in _followers[kind]:
        _followers[kind].append(follow)


def tell(event: object, *, now: datetime) -> None:
    """Tell news; every effect runs here and now, in the teller's transaction."""
    for follow in _followers[type(event)]:
        follow(event, now)
