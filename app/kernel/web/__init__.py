"""The web frame: one request, one transaction; who may; how pages answer."""

from app.kernel.web.access import me, open_to, own_transactions, signed_in, without_database
from app.kernel.web.answers import after_refusal, database, done, page, settings

__all__ = [
    "after_refusal",
    "database",
    "done",
    "me",
    "open_to",
    "own_transactions",
    "page",
    "settings",
    "signed_in",
    "without_database",
]
