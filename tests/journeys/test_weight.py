"""A first lesson page weighs little on a phone's network, with everything it brings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.answers import Course
from tests.journeys.conftest import ROOT, Site, act, enter_as

pytestmark = pytest.mark.journey

MOST_BYTES = 40 * 1024


@pytest.mark.parametrize("slug", ["ky-nang-cong-tac-vien", "nhap-mon-chuyen-doi-so"])
def test_a_first_lesson_page_weighs_at_most_40_kb_with_everything(
    shared_site: Site, window: Callable[..., Page], slug: str, record_property: Callable[..., None]
):
    course = Course(ROOT / "courses" / slug)
    before = window(shared_site)
    enter_as(before, "hoc-vien-moi")
    before.goto(course.address())
    act(before, "enroll")
    # A new browser that is signed in already: nothing of the site is in its cache.
    page = window(shared_site, storage_state=before.context.storage_state())
    weights: dict[str, float] = {}
    addresses: dict[str, str] = {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on(
        "Network.requestWillBeSent",
        lambda told: addresses.update({told["requestId"]: told["request"]["url"]}),
    )
    network.on(
        "Network.loadingFinished",
        lambda told: weights.update({told["requestId"]: told["encodedDataLength"]}),
    )
    page.goto(course.address("bai", course.lessons[0]), wait_until="networkidle")
    listed = {addresses[one]: int(weight) for one, weight in weights.items()}
    assert any(address.endswith(".js") for address in listed)
    assert sum(".css" in address or "/css" in address for address in listed) == 1
    told = "\n".join(f"{weight:7} {address}" for address, weight in listed.items())
    record_property("weight", f"{sum(listed.values())} bytes\n{told}")
    print(f"{slug}: {sum(listed.values())} bytes in {len(listed)} answers\n{told}")
    assert sum(listed.values()) <= MOST_BYTES, told
