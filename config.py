"""Every setting, read once from the environment (documented in docs/using/operating.md)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
MIN_SECRET = 32


class SettingsError(Exception):
    """The environment asks for something impossible; the text lists every problem."""


@dataclass(frozen=True)
class Settings:
    """What one installation is told from outside; nothing else is configurable this way."""

    instance_path: Path
    database_url: str
    secret_key: str
    site_url: str | None
    site_name: str
    storage_url: str
    mail_url: str
    keys_url: str
    trusted_proxies: int
    web_workers: int
    demo: bool
    bound_to_loopback: bool

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raise SettingsError with every problem in one readable text."""
        env = os.environ if environ is None else environ
        problems: list[str] = []
        instance = Path(env.get("INSTANCE_PATH") or ROOT / "instance").resolve()
        site_url = (env.get("SITE_URL") or "").rstrip("/") or None
        if site_url and not _leads_to_host(site_url, "http", "https"):
            problems.append(
                f"SITE_URL must be http:// or https:// and the site's host, not {site_url!r}"
            )
        database = env.get("DATABASE_URL") or f"sqlite:///{instance / 'app.db'}"
        if not database.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            problems.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
        storage = env.get("STORAGE_URL") or (instance / "files").as_uri()
        if not _is_folder(storage):
            problems.append("STORAGE_URL: this release knows folders only, as file:///…")
        keys = env.get("KEYS_URL") or (instance / "keys").as_uri()
        if not _is_folder(keys):
            problems.append("KEYS_URL: this release knows folders only, as file:///…")
        mail = env.get("MAIL_URL") or (instance / "mail").as_uri()
        if not _is_folder(mail) and not _leads_to_host(mail, "smtp", "smtps"):
            problems.append("MAIL_URL must be file:///folder, smtp://host or smtps://host")
        several_hosts = bool(env.get("KEYS_URL"))
        secret = env.get("SECRET_KEY") or ""
        if not secret and several_hosts:
            problems.append("SECRET_KEY must be given when KEYS_URL is (several hosts share it)")
        elif not secret and not problems:
            secret = _kept_secret(instance)
            if _is_weak(secret):
                problems.append(
                    f"{instance / 'secret_key'} is damaged: remove it to make a new one"
                )
        elif secret and _is_weak(secret):
            problems.append(f"SECRET_KEY is weak: give at least {MIN_SECRET} random characters")
        numbers = {}
        for name, default in (
            ("TRUSTED_PROXIES", 0),
            ("WEB_WORKERS", min(os.cpu_count() or 1, 256)),
        ):
            raw = env.get(name) or str(default)
            if raw.isascii() and raw.isdigit() and int(raw) <= 256:
                numbers[name] = int(raw)
            else:
                problems.append(f"{name} must be a whole number from 0 to 256, not {raw!r}")
        if problems:
            raise SettingsError("\n".join(problems))
        loopback = env.get("BOUND_HOST", "127.0.0.1")
        return cls(
            instance_path=instance,
            database_url=database,
            secret_key=secret,
            site_url=site_url,
            site_name=env.get("SITE_NAME") or "Bồi dưỡng Khuyến công",
            storage_url=storage,
            mail_url=mail,
            keys_url=keys,
            trusted_proxies=numbers["TRUSTED_PROXIES"],
            web_workers=max(1, numbers["WEB_WORKERS"]),
            demo=env.get("DEMO") == "1",
            bound_to_loopback=is_loopback(loopback),
        )

    @property
    def allows_demo_sign_in(self) -> bool:
        """One-click sign-in exists on a loopback demo only (docs/using/operating.md)."""
        host = urlsplit(self.site_url).hostname if self.site_url else "localhost"
        return self.demo and self.bound_to_loopback and is_loopback(host or "")

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over https, as SITE_URL says."""
        return bool(self.site_url and self.site_url.startswith("https://"))


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_weak(secret: str) -> bool:
    return len(secret) < MIN_SECRET or len(set(secret)) < 8


def _is_folder(url: str) -> bool:
    return url.startswith("file:///") and len(url) > len("file:///")


def _leads_to_host(url: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        return False


def _kept_secret(instance: Path) -> str:
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        draft = instance / f".secret_key.{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: of several processes that start at once, one gives the secret
        # and all read the same, whole.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
