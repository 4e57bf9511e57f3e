"""Private keys, kept out of the database: Ed25519, one file a key, named by its public half.

``KEYS_URL`` says where: ``keys/`` in the instance folder unless it names a folder, as
``file:///…``, that several hosts share. A key's id is the thumbprint of its public half (RFC 7638,
RFC 8037), so a file under a wrong name is found out when it is read. Files are written whole
or not at all, never over another, and readable by their owner alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class KeyUnusable(Exception):
    """A private key is missing, unreadable, or is not the key that its name says."""


@dataclass(frozen=True)
class KeyFolder:
    """A folder of private keys. Only key ids and public halves ever leave it."""

    path: Path

    def create(self) -> str:
        """Make a new key, on disk and synced when this returns. Returns its id."""
        return self._keep(Ed25519PrivateKey.generate())

    def keep_known(self, private: bytes) -> str:
        """Keep a key made of 32 bytes that are no secret: for synthetic sites alone.

        Keeping it again changes nothing. Returns its id.
        """
        key = Ed25519PrivateKey.from_private_bytes(private)
        key_id = thumbprint(_raw_public(key))
        return key_id if key_id in self else self._keep(key)

    def _keep(self, key: Ed25519PrivateKey) -> str:
        key_id = thumbprint(_raw_public(key))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(self._file(key_id), pem)
        return key_id

    def public(self, key_id: str) -> bytes:
        """The 32 bytes of a key's public half. Raises KeyUnusable."""
        return _raw_public(self._load(key_id))

    def sign(self, key_id: str, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032). Raises KeyUnusable."""
        return self._load(key_id).sign(message)

    def __contains__(self, key_id: object) -> bool:
        return isinstance(key_id, str) and self._file(key_id).is_file()

    def _file(self, key_id: str) -> Path:
        if not _KEY_ID.fullmatch(key_id):
            raise KeyUnusable(f"not a key id: {key_id!r}")
        return self.path / f"{key_id}.pem"

    def _load(self, key_id: str) -> Ed25519PrivateKey:
        file = self._file(key_id)
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise KeyUnusable(f"{file}: {error}") from error
        if not isinstance(key, Ed25519PrivateKey) or thumbprint(_raw_public(key)) != key_id:
            raise KeyUnusable(f"{file}: not the key that its name says")
        return key


def key_folder(url: str) -> KeyFolder:
    """The folder that ``KEYS_URL`` names. Raises ValueError unless it is ``file:///…``."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError(f"KEYS_URL must be file:///folder, not {url!r}")
    return KeyFolder(Path(unquote(parts.path)))


_folder: KeyFolder | None = None


def use(folder: KeyFolder) -> None:
    """Make a folder the process's own (create_app does)."""
    global _folder
    _folder = folder


def keys() -> KeyFolder:
    """The folder this process was given."""
    if _folder is None:
        raise RuntimeError("no folder of keys was given")
    return _folder


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature over a message was made with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def thumbprint(public: bytes) -> str:
    """A public key's id: its JWK thumbprint (RFC 7638), 43 signs of base64url."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
    text = json.dumps(jwk, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode("ascii")).digest())


def _raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _write_once(target: Path, content: bytes) -> None:
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, target)  # unlike a rename, never replaces a key that is there
    finally:
        draft.unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
