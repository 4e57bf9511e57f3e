"""Every act that an audit row can hold is a sentence that a manager can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flask import Flask

from app.credentials.models import ENDING_KINDS
from app.kernel import acts
from tests.house import tree

# Actions that are put together from a kind: each of its kinds needs a sentence.
KINDS = {"certificate.": ENDING_KINDS}


def _recorded() -> Iterator[tuple[str, str]]:
    """(file, action) of every audit row that the application writes."""
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            named = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.func.attr != "record" or named not in ("audit", "trail"):
                continue
            action = node.args[0]
            if isinstance(action, ast.Constant):
                yield tree.name(path), action.value
            elif isinstance(action, ast.JoinedStr) and isinstance(action.values[0], ast.Constant):
                start = action.values[0].value
                yield from ((tree.name(path), start + kind) for kind in KINDS.get(start, ("?",)))
            elif not ast.unparse(action).endswith("acts.REFUSED"):
                yield tree.name(path), ast.unparse(action)


def test_every_recorded_act_has_a_sentence(plain_app: Flask):
    recorded = list(_recorded())
    assert len(recorded) > 20
    assert [(where, action) for where, action in recorded if action not in acts.known()] == []


def test_every_kind_of_act_can_be_chosen_and_every_choice_finds_acts(plain_app: Flask):
    assert {act.group for act in acts.known().values()} == set(acts.GROUPS)
