"""Media of courses, served under the hash of their content."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, send_file

from app.catalog import queries
from app.catalog.bundle import PAPERS, media_type
from app.kernel.files import files
from app.kernel.web import open_to

pages = Blueprint("catalog", __name__)

# A drawing may style itself; whatever else a file holds, it can do nothing here.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


@pages.get("/tep/<digest>/<name>")
@open_to("public")
def media(digest: str, name: str) -> Any:
    """A media file: the same bytes for ever, in ranges for sounds and films."""
    file = queries.media_file(digest, name) or abort(404)
    if not files().has(digest):
        abort(404)
    response = send_file(
        files().path(digest),
        mimetype=media_type(name),
        as_attachment=name.rpartition(".")[2].lower() in PAPERS,
        download_name=name,
        conditional=True,
        etag=file.hash,
        max_age=365 * 24 * 3600,
    )
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
