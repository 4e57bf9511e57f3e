"""What the kernel needs from the rooms above it. `app.features` fills every slot once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a request: the person's row and the roles, loaded in one statement."""

    person: Any
    session_token: str
    roles: tuple[tuple[str, int], ...] = ()
    """(role, unit id) pairs in force; a role holds in its unit and all below it."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What Flask-Login keeps in the signed cookie: a random token, never a person's id."""
        return self.session_token

    def is_a(self, *roles: str) -> bool:
        """Whether the person holds one of the roles anywhere; everybody is a learner."""
        return "learner" in roles or bool(self.roots(*roles))

    def roots(self, *roles: str) -> list[int]:
        """Ids of the units in which one of the roles is held; scopes start from these.

        An administrator may see all that a manager of the same unit sees.
        """
        wanted = set(roles) | ({"administrator"} if "manager" in roles else set())
        return sorted({unit_id for role, unit_id in self.roles if role in wanted})


@dataclass(frozen=True)
class NavigationEntry:
    """One entry of the main navigation."""

    label: Any
    address: str
    icon: str
    is_current: bool = False


def _nobody(_token: str, _now: datetime) -> SignedIn | None:
    return None


def _nowhere(_who: SignedIn | None) -> list[NavigationEntry]:
    return []


load_signed_in: Callable[[str, datetime], SignedIn | None] = _nobody
navigation: Callable[[SignedIn | None], list[NavigationEntry]] = _nowhere


def fill(
    *,
    signed_in: Callable[[str, datetime], SignedIn | None],
    entries: Callable[[SignedIn | None], list[NavigationEntry]],
) -> None:
    """Fill the slots; called by `app.features`."""
    global load_signed_in, navigation
    load_signed_in, navigation = signed_in, entries
