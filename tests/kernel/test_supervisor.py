"""What the server tells whoever starts it."""

from __future__ import annotations

import pytest

from app.kernel.supervisor import greeting

HERE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("site_url", "demo", "warns"),
    [(None, False, True), ("https://hoc.example.vn", False, False), (None, True, False)],
)
def test_a_site_for_real_use_is_warned_before_its_codes_lead_nowhere(
    site_url: str | None, demo: bool, warns: bool
):
    said = "\n".join(greeting(HERE, site_url, demo=demo))
    assert ("SITE_URL is not set" in said) == warns
