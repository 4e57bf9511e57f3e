"""What a run is asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

DATABASES = ("sqlite", "postgresql")
SIZES = (1_000, 100_000)
DEMO = 0
"""The size that stands for the invented province of `bin/serve`: quick to make, for a look."""


@dataclass(frozen=True)
class Options:
    """One run: which databases and sizes, how long, and where seeded instances are kept."""

    databases: tuple[str, ...] = DATABASES
    sizes: tuple[int, ...] = SIZES
    only: tuple[str, ...] = ()
    """Names of pages, or none for all."""
    seconds: float = 1.0
    """Length of one slice of a page."""
    rounds: int = 4
    """How often a page and its floors take turns."""
    each: int = 2
    """Connections to each web process."""
    seed: int = 2026
    slow: dict[str, float] = field(default_factory=dict)
    """Pages made slow on purpose, by milliseconds."""
    kept: Path = Path("instance/bench")

    def __post_init__(self) -> None:
        if self.rounds < 2 or self.seconds <= 0 or self.each < 1:
            raise ValueError("a run needs two rounds, some time and a connection")

    def quick(self) -> Options:
        """A short look."""
        return replace(self, seconds=0.5, rounds=2)

    def how(self) -> dict[str, Any]:
        """What two runs must share to be compared."""
        return {"seconds": self.seconds, "rounds": self.rounds, "each": self.each}

    def written(self) -> dict[str, Any]:
        """For the file of a run."""
        return {**asdict(self), "kept": str(self.kept)}

    @staticmethod
    def read(written: dict[str, Any]) -> Options:
        """Back from `written`."""
        tuples = {name: tuple(written[name]) for name in ("databases", "sizes", "only")}
        return Options(**{**written, **tuples, "kept": Path(written["kept"])})
