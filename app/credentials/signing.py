"""What makes a certificate provable: its statement, digest, signature, and the register's chain.

The statement is one canonical JSON text of every printed word and of the facts behind them
(RFC 8785 for the values that we use: texts, whole numbers, yes or no, nothing, lists and
objects; texts in NFC). Its signature is made with a key of the issuing unit on this server.
That is proof that the record was not changed since; it is not a "chữ ký số", which the law
keeps for a certified signature of a person or an organization.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"

FORMAT = "khuyen-cong/certificate/1"
CHAIN_START = "0" * 64
_EXACT = 2**53


def canonical(value: Value) -> str:
    """A value as canonical JSON: the same facts give the same bytes, on any machine.

    Raises TypeError for a value that has no single spelling (a float, bytes, a date) and
    ValueError for a whole number beyond 2^53 or two keys that are one in NFC.
    """
    return json.dumps(_settled(value), ensure_ascii=False, separators=(",", ":"))


def digest(statement: str) -> str:
    """The SHA-256 of a statement, in hexadecimal."""
    return hashlib.sha256(statement.encode("utf-8")).hexdigest()


def link(previous: str, entry: Mapping[str, Value]) -> str:
    """The hash of a register line: of the line before it and of what this line says."""
    return digest(canonical({"entry": entry, "previous": previous}))


def _settled(value: Value) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        if abs(value) >= _EXACT:
            raise ValueError(f"{value} is not exact in every JSON reader")
        return value
    if isinstance(value, Mapping):
        settled = {unicodedata.normalize("NFC", key): _settled(v) for key, v in value.items()}
        if len(settled) != len(value):
            raise ValueError("two keys are one in NFC")
        return {key: settled[key] for key in sorted(settled, key=_utf16)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_settled(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
