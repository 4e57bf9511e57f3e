"""Files by their content: whole or not there, once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.files import FileStore


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore((tmp_path / "tệp của ta").as_uri())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.binary(max_size=2000))
def test_what_is_stored_is_read_back_under_its_hash(store: FileStore, content: bytes):
    digest = store.store(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert store.has(digest)
    assert store.read(digest) == content


def test_the_same_content_is_stored_once(store: FileStore):
    digest = store.store(b"noi dung")
    before = store.path(digest).stat().st_ino
    assert store.store(b"noi dung") == digest
    assert store.path(digest).stat().st_ino == before
    assert sum(p.is_file() for p in store.folder.rglob("*")) == 1


def test_a_file_that_could_not_be_written_whole_is_not_there(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
):
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        store.store(b"noi dung")
    assert not store.has(hashlib.sha256(b"noi dung").hexdigest())
    assert not [p for p in store.folder.rglob("*") if p.is_file()]


def test_content_is_on_the_disk_before_its_name_is(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
):
    steps: list[str] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda h: (steps.append("sync"), sync(h))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("name"), replace(a, b))[1])
    store.store(b"noi dung")
    assert steps == ["sync", "name", "sync", "sync"]


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_what_is_no_hash_names_no_file(store: FileStore, digest: str):
    assert not store.has(digest)
    with pytest.raises(ValueError):
        store.path(digest)
