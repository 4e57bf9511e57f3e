"""Rows that the database never lets change, read once by each process and kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

MOST = 2048
"""How many things a process keeps of one database, the least used leaving first."""


class Kept:
    """What one process keeps of one database; shared by its threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._things: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()

    def known(self, kind: str, keys: Iterable[Hashable]) -> dict[Any, Any]:
        """Those things of a kind that are kept, by their keys."""
        with self._lock:
            found = {key: self._things[kind, key] for key in keys if (kind, key) in self._things}
            for key in found:
                self._things.move_to_end((kind, key))
        return found

    def keep(self, kind: str, things: Mapping[Any, Any]) -> None:
        """Keep some more; the least used leave when there are too many."""
        with self._lock:
            self._keep({(kind, key): thing for key, thing in things.items()})

    def _keep(self, things: Mapping[tuple[str, Hashable], Any]) -> None:
        self._things.update(things)
        while len(self._things) > self._most:
            self._things.popitem(last=False)

    def learn(self, other: Kept) -> None:
        """Keep what another one holds, which forgets it."""
        with other._lock:
            things, other._things = other._things, OrderedDict()
        if things:
            with self._lock:
                self._keep(things)
