"""Lists as files: how long a manager waits, for how much, and what it costs in memory."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.bench import machine
from tests.bench.measuring import Bench, WrongAnswer

SIZES = {"csv": (1_000, 10_000, 100_000), "xlsx": (1_000, 10_000, 100_000)}
PATIENCE = 300.0
ADDRESS = "/quan-ly/ghi-danh/xuat"


def rows_of(bench: Bench, tell: Callable[[str, dict[str, Any]], None]) -> dict[str, dict[str, Any]]:
    """Export the list of enrollments in each form and length that the instance has."""
    found: dict[str, dict[str, Any]] = {}
    for form, sizes in SIZES.items():
        for size in sizes:
            since = bench.world.start_day(size)
            if since is not None:
                found[f"{form}-{size}"] = export(bench, form, since[0])
                tell(f"{form}-{size}", found[f"{form}-{size}"])
    bench.world.database.dispose()
    return found


def export(bench: Bench, form: str, since: str) -> dict[str, Any]:
    """Press the button, follow to the file, and read it whole. Raises WrongAnswer."""
    world = bench.world
    uuid = world.uuid(world.chance(f"export {form} {since} {time.monotonic_ns()}"))
    fields = {"dang": form, "lan": uuid, "ngay": "ghi-danh", "tu": since}
    head = {
        "Host": world.app.extensions["settings"].site_url.split("//")[1],
        "X-Forwarded-Proto": "https",
        "Sec-Fetch-Site": "same-origin",
        "Cookie": world.cookie(world.ministry[0]),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    names = {pid: name for name, pid in bench.processes.items() if name != "supervisor"}
    client = http.client.HTTPConnection("127.0.0.1", bench.server.port, timeout=PATIENCE)
    pages_between = 0
    with machine.watched(names) as peak:
        clock = machine.Clock(names)
        began = time.perf_counter()
        client.request("POST", ADDRESS, urlencode(fields), head)
        while True:
            answer = client.getresponse()
            first_byte = time.perf_counter() - began
            if answer.status == 303:
                address = answer.headers["Location"]
                answer.read()
            elif answer.status != 200:
                raise WrongAnswer(f"{answer.status} for {form}: {answer.read(300)!r}")
            elif "attachment" in answer.headers.get("Content-Disposition", ""):
                break
            else:  # the page that shows how far the job is
                answer.read()
                pages_between += 1
                time.sleep(0.2)
            if time.perf_counter() - began > PATIENCE:
                raise WrongAnswer(f"no {form} within {PATIENCE:.0f} s")
            client.request("GET", address, headers=head)
        length = 0
        while piece := answer.read(65_536):
            length += len(piece)
        total = time.perf_counter() - began
        spent = clock.seconds()
    client.close()
    heaviest = max(peak.highest, key=lambda pid: peak.highest[pid] - peak.before[pid])
    return {
        "first_byte_s": first_byte,
        "total_s": total,
        "processor_s": spent,
        "bytes": length,
        "is_job": pages_between > 0,
        "process": names[heaviest],
        "peak_mb": peak.highest[heaviest],
        "grown_mb": peak.highest[heaviest] - peak.before[heaviest],
    }
