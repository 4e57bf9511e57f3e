"""The tables of docs/building/performance.md, made from runs and put between two markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.measuring import middle
from tests.bench.pages import PAGES, READING

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def put(document: Path, runs: Sequence[Mapping[str, Any]]) -> None:
    """Replace what stands between the markers of a document. Raises ValueError without them."""
    text = document.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{document.name} needs one {BEGIN} and one {END}")
    head, rest = text.split(BEGIN)
    _, foot = rest.split(END)
    document.write_text(f"{head}{BEGIN}\n\n{markdown(runs)}\n{END}{foot}", "utf-8")


def markdown(runs: Sequence[Mapping[str, Any]]) -> str:
    """The tables of some runs; where several have one section, the last one's stands."""
    if len({str(run["machine"]) for run in runs}) != 1:
        raise ValueError("runs of different machines do not stand in one table")
    sections = {name: section for run in runs for name, section in run["sections"].items()}
    moments = sorted({run["moment"][:10] for run in runs})
    commits = sorted({run["commit"] for run in runs})
    lines = [_about(runs[0]["machine"], moments, commits), *_how(runs), "", *_summary(sections)]
    for name, section in sections.items():
        lines += ["", f"### {heading(name, section)}", "", *_pages(section)]
    for part in (_exports(sections), _processes(sections), _audit(sections)):
        lines += ["", *part] if part else []
    return "\n".join(lines) + "\n"


def heading(name: str, section: Mapping[str, Any]) -> str:
    """PostgreSQL 15.9, 100,000 learners."""
    learners = name.rsplit("-", 1)[1]
    who = f"{int(learners):,} learners" if learners.isdigit() else "the demo"
    return f"{section['version']}, {who}"


def _about(machine: Mapping[str, Any], moments: Sequence[str], commits: Sequence[str]) -> str:
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; {', '.join(moments)}, "
        f"commit {', '.join(commits)}."
    )


def _how(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How it was measured, and what else the machine was doing: a reader must know."""
    hows = {f"{run['how']['rounds']} rounds of {run['how']['seconds']:g} s" for run in runs}
    busiest = max(run.get("load", 0.0) for run in runs)
    yield f"{'; '.join(sorted(hows))}; load of the machine before: {busiest:g}."


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*names: str) -> list[str]:
    return [_row(*names), _row("---", *["--:"] * (len(names) - 1))]


def _summary(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """How many times its floor each page costs, in processor time, in every section."""
    yield "Processor time, as a multiple of the floor of its kind:"
    yield ""
    yield from _head("page", *(heading(name, one) for name, one in sections.items()), "floor")
    for name, page in PAGES.items():
        if any(name in one["pages"] for one in sections.values()):
            yield _row(
                page.says,
                *(_ratio(one["pages"].get(name)) for one in sections.values()),
                page.floor,
            )


def _ratio(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "–"
    return "failed" if "problem" in row else f"{middle(row, 'processor'):.1f}"


def _pages(section: Mapping[str, Any]) -> Iterator[str]:
    yield from _head(
        *("page", "requests/s", "median ms", "p95", "p99", "alone ms", "× bare", "× floor"),
        *("× floor, processor", "processor ms", "statements", "KB"),
    )
    yield from _floors(section)
    for name, row in section["pages"].items():
        if "problem" in row:
            yield _row(PAGES[name].says, "failed", *[""] * 10)
            continue
        yield _row(
            PAGES[name].says,
            f"{row['rate']:.0f}",
            *(f"{row[key]:.1f}" for key in ("median_ms", "p95_ms", "p99_ms", "alone_ms")),
            *(f"{middle(row, key):.1f}" for key in ("bare", "rate", "processor")),
            f"{row['web_ms'] + row['database_ms']:.1f}",
            f"{row['statements']:.0f}",
            f"{row['bytes'] / 1024:.1f}",
        )


def _floors(section: Mapping[str, Any]) -> Iterator[str]:
    """The floors' own rates, in the middle of what stood beside the pages."""
    for kind, says in ((READING, "*reading floor*"), ("writing", "*writing floor*")):
        rates = sorted(
            row["floor_rate"]
            for name, row in section["pages"].items()
            if "problem" not in row and PAGES[name].floor == kind
        )
        bares = sorted(
            row["bare_rate"] for row in section["pages"].values() if "problem" not in row
        )
        if rates:
            rate, one = rates[len(rates) // 2], bares[len(bares) // 2]
            yield _row(says, f"{rate:.0f}", *[""] * 4, f"{one / rate:.1f}", "1", "1", *[""] * 3)


def _exports(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = ["### Lists as files", ""]
    lines += _head("file", "first byte s", "all s", "KB", "peak MB", "grown MB", "made in")
    for name, section in sections.items():
        for export, row in section.get("exports", {}).items():
            if export != "problem":
                form, rows = export.split("-")
                lines.append(
                    _row(
                        f"{form.upper()}, {int(rows):,} rows; {heading(name, section)}",
                        f"{row['first_byte_s']:.2f}",
                        f"{row['total_s']:.2f}",
                        f"{row['bytes'] / 1024:.0f}",
                        f"{row['peak_mb']:.0f}",
                        f"{row['grown_mb']:.0f}",
                        "a job" if row["is_job"] else "the request",
                    )
                )
    return lines if len(lines) > 4 else []


def _processes(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = ["### Memory, processes, slow clients", ""]
    lines += _head(
        *("", "largest process, MB", "all, PSS MB", "PostgreSQL, MB"),
        *("lesson/s (cores at work), 1 process", "the same, all processes"),
        *("p99 ms alone", "p99 ms beside 40 slow uploads"),
    )
    for name, section in sections.items():
        memory, rates = section.get("memory", {}), section.get("processes", {})
        slow = section.get("slow_clients", {})
        lines.append(
            _row(
                heading(name, section),
                f"{max((one.get('peak', 0) for one in memory.values()), default=0):.0f}",
                f"{memory.get('total', {}).get('pss', 0):.0f}",
                f"{memory['postgresql']['pss']:.0f}" if "postgresql" in memory else "",
                _rate(rates.get("1")),
                _rate(rates[max(rates)]) if rates and "problem" not in rates else "",
                f"{slow['without']['p99_ms']:.1f}" if "without" in slow else "",
                f"{slow['with']['p99_ms']:.1f}" if "with" in slow else "",
            )
        )
    return lines


def _audit(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = ["### The audit chain proved", "", *_head("chain", "rows", "all s", "peak MB")]
    for name, section in sections.items():
        found = section.get("audit", {})
        if "total_s" in found:
            lines.append(
                _row(
                    heading(name, section),
                    f"{found['rows']:,}",
                    f"{found['total_s']:.0f}",
                    f"{found['peak_mb']}",
                )
            )
    return lines if len(lines) > 4 else []


def _rate(found: Mapping[str, float] | None) -> str:
    return f"{found['rate']:.0f} ({found['cores']:.1f})" if found else ""
