"""Results of campaigns for people: on a terminal, and as tables for the documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.faults.book import OUTCOMES

Known = Mapping[str, Any]


def printed(known: Known) -> str:
    """A result as it is shown at the end of a campaign."""
    wanted = known["wanted"]
    lines = [
        "",
        f"{wanted['database']}, seed {wanted['seed']}: {known['kills']} kills "
        f"({known['killed_processes']} processes) in {known['seconds'] / 60:.1f} minutes; "
        f"calm after {known['calm_seconds']:.0f} s",
        "",
        *(f"  {count:6}  {kind}" for kind, count in known["faults"].items()),
        "",
        f"  {'act':18}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES),
    ]
    for kind, row in known["acts"].items():
        lines.append(f"  {kind:18}" + "".join(f"{row[outcome]:9}" for outcome in OUTCOMES))
    lines += ["", "  pages: " + ", ".join(f"{n} {what}" for what, n in known["reads"].items())]
    lines += [f"  {what}: {value}" for what, value in known["site"].items()]
    lines += ["", "  refused:"] if known["refusals"] else []
    lines += [f"  {count:6}  {why}" for why, count in known["refusals"].items()]
    lines += ["", "  said in the log:"] if known["said"] else []
    lines += [f"  {count:6}  {text}" for text, count in known["said"].items()]
    lines += ["", f"{len(known['findings'])} findings"]
    lines += [f"  {found['kind']}: {found['text']}" for found in known["findings"]]
    return "\n".join(lines)


def table(results: Sequence[Known]) -> str:
    """Results beside one another, in Markdown."""
    heads = [f"{known['wanted']['database']}" for known in results]
    rows: list[tuple[str, list[str]]] = [
        ("date", [known["date"] for known in results]),
        ("seed", [str(known["wanted"]["seed"]) for known in results]),
        ("minutes", [f"{known['seconds'] / 60:.1f}" for known in results]),
        ("**kills**", [f"**{known['kills']}**" for known in results]),
        ("processes killed", [str(known["killed_processes"]) for known in results]),
    ]
    for kind in sorted({kind for known in results for kind in known["faults"]}):
        rows.append((kind, [str(known["faults"].get(kind, "–")) for known in results]))
    for outcome, words in zip(
        OUTCOMES, ("acts acknowledged", "refused", "unknown", "never sent"), strict=True
    ):
        rows.append((words, [_sum(known, outcome) for known in results]))
    rows += [
        ("pages read", [str(known["reads"].get("read", 0)) for known in results]),
        ("certificates", [str(known["rows"].get("certificate", 0)) for known in results]),
        ("seconds until the last job ended", [f"{k['calm_seconds']:.0f}" for k in results]),
        ("**findings**", [f"**{len(known['findings'])}**" for known in results]),
    ]
    head = "| | " + " | ".join(heads) + " |\n| --- |" + " ---: |" * len(results)
    return "\n".join([head, *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows)])


def _sum(known: Known, outcome: str) -> str:
    """Acts of an outcome; what was only looked at is no act."""
    looked = ("score", "certificate", "page", "download")
    return str(sum(row[outcome] for kind, row in known["acts"].items() if kind not in looked))
