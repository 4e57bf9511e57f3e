"""The memory of what never changes: bounded, and the least used leaves first."""

from __future__ import annotations

from app.kernel.kept import Kept


def test_what_was_kept_is_known():
    kept = Kept()
    kept.keep("edition", {1: "một", 2: "hai"})
    assert kept.known("edition", [1, 3]) == {1: "một"}
    assert kept.known("question", [1]) == {}


def test_the_least_used_leaves_first():
    kept = Kept(most=2)
    kept.keep("edition", {1: "một", 2: "hai"})
    kept.known("edition", [1])
    kept.keep("edition", {3: "ba"})
    assert kept.known("edition", [1, 2, 3]) == {1: "một", 3: "ba"}
