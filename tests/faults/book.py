"""The book: every act that was sent, what was answered, and what a person was told."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DONE, REFUSED, UNKNOWN, UNSENT = "done", "refused", "unknown", "unsent"
OUTCOMES = (DONE, REFUSED, UNKNOWN, UNSENT)
"""Acknowledged; answered with a refusal, so it did not happen; no answer or a failure, so it
may have happened; never wholly sent, so it cannot have happened."""


@dataclass
class Act:
    """One request or command that changes something."""

    kind: str
    person: int
    what: dict[str, Any]
    uuid: str = ""
    sent: float = 0.0
    answered: float = 0.0
    outcome: str = UNKNOWN
    told: dict[str, Any] = field(default_factory=dict)
    """What the answer said: a row's id, a number, a score."""


@dataclass(frozen=True)
class Finding:
    """Something that no fault explains."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Book:
    """What the driver remembers by itself, whatever the product remembers."""

    def __init__(self, kept: Path | None = None) -> None:
        self.acts: list[Act] = []
        self.findings: list[Finding] = []
        self.reads: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._kept = kept.open("a", encoding="utf-8") if kept else None

    def opens(self, kind: str, person: int, what: dict[str, Any], uuid: str = "") -> Act:
        """Write an act down before it is sent."""
        act = Act(kind, person, what, uuid, sent=time.monotonic())
        with self._lock:
            self.acts.append(act)
        return act

    def closes(self, act: Act, outcome: str, **told: Any) -> Act:
        """Write down how an act was answered."""
        with self._lock:
            act.answered, act.outcome = time.monotonic(), outcome
            act.told.update(told)
            if self._kept:
                self._kept.write(json.dumps(asdict(act), ensure_ascii=False) + "\n")
        return act

    def finds(self, kind: str, text: str) -> None:
        """Write down what no fault explains; the same thing once."""
        found = Finding(kind, text)
        with self._lock:
            if found not in self.findings:
                self.findings.append(found)

    def flush(self) -> None:
        """Put what was written on disk."""
        if self._kept:
            self._kept.flush()

    def tally(self) -> dict[str, dict[str, int]]:
        """How many acts of each kind had each outcome."""
        counted: dict[str, dict[str, int]] = {}
        for act in list(self.acts):
            row = counted.setdefault(act.kind, dict.fromkeys(OUTCOMES, 0))
            row[act.outcome] += 1
        return dict(sorted(counted.items()))


def of(acts: Sequence[Act], kind: str, *outcomes: str) -> list[Act]:
    """The acts of a kind, with these outcomes where any are named."""
    return [act for act in acts if act.kind == kind and (not outcomes or act.outcome in outcomes)]
