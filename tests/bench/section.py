"""One database with one size, in a process of its own: `python -m tests.bench.section`.

Apart, because the application joins its parts once a process.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import traceback
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import exporting, floors, machine, proving
from tests.bench.driver import SlowClients
from tests.bench.instances import Installation, Server, installed
from tests.bench.measuring import Bench, NothingThere, WrongAnswer, middle
from tests.bench.options import SIZES, Options
from tests.bench.pages import FLOOR_NOTES, PAGES, Page, Requests
from tests.bench.world import World

SLOW_CLIENTS, SLOW_BYTES = 40, 800
CROWD = 16
"""Connections of the comparison of one process with all of them."""


def say(line: str) -> None:
    """Tell whoever waits."""
    print(line, flush=True)


def run(
    database: str, learners: int, options: Options, base: dict[str, Any] | None
) -> dict[str, Any]:
    """Measure one database with one size. `base` is the section to compare with, if any."""
    began = time.monotonic()
    cores = machine.description()["cores"]
    assert isinstance(cores, int)
    with installed(database, learners, options) as installation:
        server = Server(installation, processes=cores, slow=_by_view(options))
        world = World(installation, seed=options.seed)
        try:
            found = _measure(world, server, installation, options, base)
        finally:
            world.close()
            server.stop()
        if "audit" in options.only or (not options.only and learners >= max(SIZES)):
            found["audit"] = _tried(lambda: proving.prove(installation, seed=options.seed))
            say(f"  audit: {found['audit']}")
        return found | {"seconds": round(time.monotonic() - began)}


def _by_view(options: Options) -> dict[str, float]:
    return {PAGES[name].view: milliseconds for name, milliseconds in options.slow.items()}


def _measure(
    world: World,
    server: Server,
    installation: Installation,
    options: Options,
    base: dict[str, Any] | None,
) -> dict[str, Any]:
    with world.database.engine.begin() as connection:
        floors.make_table(connection, count=FLOOR_NOTES)
    world.prepare()
    bench = Bench(world, server, options, postmaster=installation.postmaster)
    chosen = [page for page in PAGES.values() if not options.only or page.name in options.only]
    found: dict[str, Any] = {"version": installation.version, "rows": world.counts(), "pages": {}}
    try:
        bench.warm()
        for page in chosen:
            try:
                found["pages"][page.name] = row = _row(bench, page)
            except NothingThere as reason:
                say(f"  {page.name:<16} left out: {reason}")
            else:
                say(_line(page, row))
        _look_twice(bench, found, base)
        if not options.only or "exports" in options.only:
            found["exports"] = _tried(lambda: exporting.rows_of(bench, _told_of_export))
        if not options.only or "slow-clients" in options.only:
            found["slow_clients"] = _tried(lambda: _beside_slow_clients(bench))
            say(f"  slow clients: {found['slow_clients']}")
        found["memory"] = _memory(bench, installation)
        say(f"  memory: {found['memory']}")
        if not options.only or "processes" in options.only:
            found["processes"] = _tried(lambda: _with_fewer(bench, installation, options))
            say(f"  processes: {found['processes']}")
    finally:
        bench.driver.close()
    if "Traceback" in server.log():
        say(f"the server complained:\n{server.log()[-3000:]}")
        found["complaints"] = server.log().count("Traceback")
    return found


def _row(bench: Bench, page: Page) -> dict[str, Any]:
    try:
        return bench.measure(page)
    except WrongAnswer as problem:
        return {"problem": str(problem)}


def _tried(act: Any) -> dict[str, Any]:
    try:
        return act()
    except Exception as problem:
        traceback.print_exc()
        return {"problem": f"{type(problem).__name__}: {problem}"}


def _look_twice(bench: Bench, found: dict[str, Any], base: dict[str, Any] | None) -> None:
    """What seems slower than last time is measured once more: the later rounds count too."""
    from tests.bench.runs import slower

    for name in sorted({flag.page for flag in slower(base or {}, found)}):
        say(f"  {name} seems slower than last time: once more")
        again = _row(bench, PAGES[name])
        if "problem" not in again:
            found["pages"][name] = {**again, "looked_twice": True}
            say(_line(PAGES[name], again))


def _line(page: Page, row: dict[str, Any]) -> str:
    if "problem" in row:
        return f"  {page.name:<16} FAILED: {row['problem']}"
    return (
        f"  {page.name:<16} {row['rate']:7.0f}/s {row['median_ms']:7.1f} ms"
        f" p95 {row['p95_ms']:7.1f} p99 {row['p99_ms']:7.1f} alone {row['alone_ms']:6.1f}"
        f" | bare x{middle(row, 'bare'):6.1f} floor x{middle(row, 'rate'):5.2f}"
        f" processor x{middle(row, 'processor'):5.2f} alone x{middle(row, 'alone'):5.2f}"
        f" | {row['statements']:.0f} st {row['bytes'] / 1024:6.1f} KB {row['memory_mb']:.0f} MB"
        f" {row['requests']} requests"
    )


def _export_line(name: str, one: dict[str, Any]) -> str:
    how = "job" if one["is_job"] else "request"
    return (
        f"  {name:<16} first byte {one['first_byte_s']:6.2f} s, all {one['total_s']:6.2f} s,"
        f" {one['bytes'] / 1024:8.0f} KB, {one['process']} at {one['peak_mb']:.0f} MB"
        f" (+{one['grown_mb']:.0f}), {how}"
    )


def _told_of_export(name: str, one: dict[str, Any]) -> None:
    say(_export_line(name, one))


def _beside_slow_clients(bench: Bench) -> dict[str, Any]:
    """A lesson's times without and with clients that upload at a snail's pace, in turn."""
    page, world = PAGES["lesson"], bench.world
    requests = page.make(world, 0)
    place = world.places[0]
    path = f"/khoa-hoc/{place.slug}/bai/{place.lesson}/tra-loi"
    head = world.post(path, place.person_id, [])
    head = head.replace(b"Content-Length: 0", b"Content-Length: 1000000")
    seconds = bench.options.seconds
    without, beside, left = [], [], SLOW_CLIENTS
    bench.link()
    for _ in range(2):
        without.append(bench.slice(requests, 200, seconds=seconds).heard)
        crowd = SlowClients(bench.server.port, head, count=SLOW_CLIENTS, bytes_a_second=SLOW_BYTES)
        time.sleep(1.0)  # until each has sent something
        beside.append(bench.slice(requests, 200, seconds=seconds).heard)
        left = min(left, crowd.stop())

    def said(heard: list[Any]) -> dict[str, float]:
        times = sorted(t for one in heard for t in one.times)
        return {
            "rate": round(median(one.rate for one in heard), 1),
            "median_ms": round(times[len(times) // 2] * 1000, 2),
            "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 2),
        }

    return {"clients": left, "without": said(without), "with": said(beside)}


def _memory(bench: Bench, installation: Installation) -> dict[str, Any]:
    found = {
        name: {kind: round(mb, 1) for kind, mb in machine.memory(pid).items()}
        for name, pid in bench.processes.items()
    }
    found["total"] = {"pss": round(sum(one["pss"] for one in found.values()), 1)}
    if installation.postmaster:
        parts = [installation.postmaster, *machine.children(installation.postmaster)]
        whole = sum(machine.memory(pid)["pss"] for pid in parts)
        found["postgresql"] = {"pss": round(whole, 1)}
    return found


def _with_fewer(bench: Bench, installation: Installation, options: Options) -> dict[str, Any]:
    """Requests a second, and cores at work, with every process and with one, as connections
    happen to come. The driver takes its own part of the cores."""
    page = PAGES["lesson"]
    requests = page.make(bench.world, 0)
    found: dict[str, Any] = {}

    def look(server: Server) -> dict[str, float]:
        bench.driver.link_unsorted(server.port, CROWD)
        one = Requests(requests.all)
        bench.slice(one, 200, seconds=0.5, connections=CROWD)
        slices = [
            bench.slice(one, 200, seconds=options.seconds, connections=CROWD) for _ in range(2)
        ]
        return {
            "rate": round(median(one.heard.rate for one in slices), 1),
            "cores": round(median(one.web_seconds / one.heard.elapsed for one in slices), 2),
        }

    everyone = bench.server
    found[str(everyone.processes)] = look(everyone)
    if everyone.processes > 1:
        alone = Server(installation, processes=1, slow={})
        try:
            bench.server = alone
            found["1"] = look(alone)
        finally:
            bench.server = everyone
            alone.stop()
    return found


def main(asked: Path, answered: Path) -> int:
    """Read what to measure from a file and write what was found to another."""
    # Told to stop, it stops its servers and takes its copies away.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    wanted = json.loads(asked.read_text())
    options = Options.read(wanted["options"])
    found = run(wanted["database"], wanted["learners"], options, wanted["base"])
    answered.write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
