"""bin/faults: run a campaign, or print the table of earlier ones."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults import campaign, showing
from tests.postgres import NoPostgres, binaries

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "instance" / "faults"


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits 2."""
    parser = argparse.ArgumentParser(
        prog="bin/faults",
        description="Kill processes of a site at work, and compare what was acknowledged with "
        "what its tables hold. Exits 1 on any finding. "
        "`bin/faults table RESULT.json…` prints results in Markdown.",
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=40, help="at most so long")
    parser.add_argument("--seed", type=int, help="repeats the schedule; left out, a new one")
    parser.add_argument(
        "--plant", choices=campaign.PLANTS, default="", help="a defect that must be found"
    )
    chosen = parser.parse_args(given)
    if chosen.kills < 1 or chosen.minutes <= 0:
        parser.error("--kills and --minutes are above nought")
    return chosen


def main(given: list[str]) -> int:
    """Run a campaign or print a table; returns the exit code."""
    if given[:1] == ["table"]:
        print(showing.table([json.loads(Path(name).read_text("utf-8")) for name in given[1:]]))
        return 0
    chosen = arguments(given)
    if chosen.database == "postgresql":
        try:
            binaries()
        except NoPostgres as problem:
            print(problem, file=sys.stderr)
            return 2
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    wanted = campaign.Wanted(
        chosen.database, chosen.kills, chosen.minutes, seed, plant=chosen.plant
    )
    kept = KEPT / f"{time.strftime('%Y%m%d-%H%M%S')}-{chosen.database}-{seed}"
    result = campaign.run(wanted, kept)
    kept_as = kept / "result.json"
    known: dict[str, Any] = {"date": time.strftime("%Y-%m-%d %H:%M"), **asdict(result)}
    kept_as.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(showing.printed(known))
    print(f"\nKept: {kept_as.relative_to(ROOT)}")
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
