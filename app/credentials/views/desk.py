"""What every page of the managers' desk begins with: their units, and who may sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.credentials.forms import DecisionForm
from app.credentials.models import Recognition
from app.kernel.web import signed_in
from app.organization.models import Unit


def roots() -> list[int]:
    """The units from which the reader's scope starts."""
    who = signed_in()
    return who.roots("manager") if who else []


def offer(form: DecisionForm, units: Sequence[Unit]) -> None:
    """Let a form choose among the units that issue."""
    form.unit_id.choices = [(unit.id, unit.name) for unit in units]


def signer_of(before: Recognition | None) -> dict[str, Any]:
    """The signer of the last decision, whom the next one most likely has too."""
    if before is None:
        return {}
    names = ("unit_id", "signer_name", "signer_title", "signing_for", "confirms_validity")
    return {name: getattr(before, name) for name in names}
