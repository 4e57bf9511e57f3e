"""Media are served under their hash: for ever, in ranges, and able to do nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.catalog import actions
from tests import world
from tests.catalog.folders import LESSON, SVG, a_content

SOUND = bytes(range(256)) * 8
FILES = {
    "01-du-toan.md": f"{LESSON}\n![Lời kể](media/loi-ke.mp3)\n\n"
    "/// download | media/phieu.xlsx\nTải.\n///\n",
    "media/loi-ke.mp3": SOUND,
    "media/phieu.xlsx": b"PK...",
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    with app.extensions["database"].unit_of_work():
        actions.publish(a_content(FILES), by=None, now=world.NOW)
    return app.test_client()


def address(path: str) -> str:
    return f"/tep/{a_content(FILES).bundle.media_hash(path)}/{path.rpartition('/')[2]}"


def test_a_picture_is_kept_for_ever_and_can_do_nothing(client: FlaskClient):
    answer = client.get(address("media/so-do.svg"))
    assert answer.status_code == 200
    assert answer.data == SVG.encode()
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_sound_is_served_in_ranges(client: FlaskClient):
    answer = client.get(address("media/loi-ke.mp3"), headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.data == SOUND[100:200]
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"


def test_what_a_phone_has_already_is_not_sent_again(client: FlaskClient):
    first = client.get(address("media/so-do.svg"))
    again = client.get(address("media/so-do.svg"), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_form_to_fill_in_is_downloaded(client: FlaskClient):
    answer = client.get(address("media/phieu.xlsx"))
    assert answer.headers["Content-Disposition"] == "attachment; filename=phieu.xlsx"


def test_a_course_text_with_its_answers_is_never_served(client: FlaskClient):
    content = a_content(FILES)
    for path in ("questions/du-toan.md", "course.yml", "01-du-toan.md"):
        digest = content.bundle.media_hash(path)
        assert client.get(f"/tep/{digest}/{path.rpartition('/')[2]}").status_code == 404


@pytest.mark.parametrize(
    "wrong", ["/tep/khong/so-do.svg", f"/tep/{'0' * 64}/so-do.svg", "/tep/../so-do.svg"]
)
def test_what_was_never_published_is_not_there(client: FlaskClient, wrong: str):
    assert client.get(wrong).status_code == 404


def test_a_file_is_only_there_under_its_own_name(client: FlaskClient):
    digest = a_content(FILES).bundle.media_hash("media/phieu.xlsx")
    assert client.get(f"/tep/{digest}/phieu.html").status_code == 404
