"""Settings: defaults that work, and every refusal in words."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from config import MIN_SECRET, Settings, SettingsError


def read(tmp_path: Path, **env: str) -> Settings:
    return Settings.from_environment({"INSTANCE_PATH": str(tmp_path / "instance"), **env})


def test_nothing_has_to_be_set(tmp_path: Path):
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/app.db"
    assert settings.mail_url.startswith("file:///")
    assert not settings.is_secure
    assert not settings.allows_demo_sign_in


def test_a_secret_is_made_once_kept_and_readable_by_its_owner_alone(tmp_path: Path):
    first = read(tmp_path).secret_key
    assert len(first) >= MIN_SECRET
    assert read(tmp_path).secret_key == first
    kept = tmp_path / "instance" / "secret_key"
    assert kept.stat().st_mode & 0o077 == 0
    assert [p.name for p in kept.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_together_read_one_secret(tmp_path: Path):
    read_by: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        read_by.append(read(tmp_path).secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_by) == 8
    assert len(set(read_by)) == 1


def test_a_damaged_secret_is_told_instead_of_used(tmp_path: Path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "secret_key").write_text("")
    with pytest.raises(SettingsError, match="damaged"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY is weak"),
        ({"KEYS_URL": "file:///srv/keys"}, "SECRET_KEY must be given"),
        ({"KEYS_URL": "s3://keys"}, "KEYS_URL"),
        ({"STORAGE_URL": "s3://files"}, "STORAGE_URL"),
        ({"STORAGE_URL": "file://srv/files"}, "STORAGE_URL"),
        ({"MAIL_URL": "http://mail"}, "MAIL_URL"),
        ({"MAIL_URL": "smtp://"}, "MAIL_URL"),
        ({"MAIL_URL": "smtp://host:port"}, "MAIL_URL"),
        ({"SITE_URL": "boi-duong.example.vn"}, "SITE_URL"),
        ({"SITE_URL": "https://["}, "SITE_URL"),
        ({"SITE_URL": "https://"}, "SITE_URL"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"WEB_WORKERS": "²"}, "WEB_WORKERS"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_by_name(tmp_path: Path, env: dict[str, str], told: str):
    with pytest.raises(SettingsError, match=told):
        read(tmp_path, **env)


def test_every_problem_is_told_at_once(tmp_path: Path):
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, SITE_URL="x", MAIL_URL="x", WEB_WORKERS="x", SECRET_KEY="x")
    for name in ("SITE_URL", "MAIL_URL", "WEB_WORKERS", "SECRET_KEY"):
        assert name in str(refusal.value)
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("env", "allowed"),
    [
        ({}, True),
        ({"SITE_URL": "http://localhost:8000"}, True),
        ({"SITE_URL": "http://[::1]:8000"}, True),
        ({"BOUND_HOST": "::1"}, True),
        ({"SITE_URL": "https://boi-duong.example.vn"}, False),
        ({"SITE_URL": "http://127.0.0.1.example.vn"}, False),
        ({"BOUND_HOST": "0.0.0.0"}, False),
        ({"BOUND_HOST": "10.0.0.1"}, False),
        ({"DEMO": "0"}, False),
    ],
    ids=str,
)
def test_one_press_signs_in_only_on_a_demo_on_this_machine(
    tmp_path: Path, env: dict[str, str], allowed: bool
):
    assert read(tmp_path, **{"DEMO": "1", **env}).allows_demo_sign_in is allowed
