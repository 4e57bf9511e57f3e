"""Passwords: argon2id with the parameters measured in docs/building/decisions.

Hashing takes tens of milliseconds and 19 MiB, so it never happens inside a transaction, and a
process does it in one thread: eight at once would be no faster and would keep 150 MiB for ever.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("no account has this password")


# Its thread begins with the first password: a process that forks has none yet.
_desk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    return _desk.submit(_hasher.hash, password).result()


def is_right(stored: str | None, password: str) -> bool:
    """Whether a password fits. An account without one costs the same time as one with."""
    try:
        _desk.submit(_hasher.verify, stored or _NOBODY, password).result()
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
