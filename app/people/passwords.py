"""Passwords: argon2id with the parameters measured in docs/building/decisions.

Hashing takes tens of milliseconds and 19 MiB, so it never happens inside a transaction.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("no account has this password")


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether a password fits. An account without one costs the same time as one with."""
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
