"""Bồi dưỡng Khuyến công: training for Vietnam's industrial-extension network."""

from __future__ import annotations

from flask import Flask

from app import features, reactions
from app.kernel import keys, site, translations
from app.kernel.database import Database
from app.kernel.files import FileStore, use
from app.kernel.web import frame
from config import Settings

MAX_REQUEST_BYTES = 8 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application: nothing but the list of steps."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None, instance_path=str(settings.instance_path))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-phien" if settings.is_secure else "phien",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        BABEL_TRANSLATION_DIRECTORIES=str(translations.compiled(settings.instance_path)),
    )
    use(FileStore(settings.storage_url))
    keys.use(keys.key_folder(settings.keys_url))
    if settings.site_url:
        site.use(settings.site_url)
    frame.install(app, Database(settings.database_url), settings)
    features.install(app)
    reactions.join()
    return app
