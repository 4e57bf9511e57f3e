"""The site's own address, as it goes on paper and into mail.

It is never taken from a request: whoever sends one chooses its Host header.
"""

from __future__ import annotations

_address = "http://127.0.0.1:8000"


def use(address: str) -> None:
    """Make an address the site's own (create_app does, from SITE_URL)."""
    global _address
    _address = address.rstrip("/")


def address(path: str = "/") -> str:
    """The full address of a path on this site."""
    return _address + path
