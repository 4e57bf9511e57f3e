"""Refusals: what the programme will not do, said to a person.

A rule raises a named refusal; the web frame answers it with 409 and its text, the command
line prints it and exits 1. Nothing that was written before it stays.
"""

from __future__ import annotations

from app.kernel.words import Words


class Refusal(Exception):
    """Base of every named refusal. `text` tells the person what is wrong and what to do."""

    text: Words | str = ""

    def __init__(self, text: Words | str | None = None) -> None:
        if text is not None:
            self.text = text
        super().__init__(text or self.text)

    def __str__(self) -> str:
        return str(self.text)
