"""A course's files come in within limits, and nothing else comes with them."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog import bundle as bundles
from app.catalog.bundle import from_files, from_folder, from_zip, normal_text
from tests.catalog.folders import LESSON, a_bundle, a_folder, write


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_folder_and_its_zip_are_the_same_course(tmp_path: Path):
    folder = write(tmp_path / "du-toan")
    from_disk, problems = from_folder(folder)
    loose, _ = from_zip(zipped(a_folder()), slug="du-toan")
    around, _ = from_zip(zipped({f"du-toan/{n}": d for n, d in a_folder().items()}))
    assert problems == []
    assert from_disk == loose == around
    assert from_disk.slug == "du-toan"


def test_hidden_files_are_passed_over(tmp_path: Path):
    folder = write(tmp_path / "du-toan", {".DS_Store": "x", ".git/config": "x"})
    assert from_folder(folder)[0] == a_bundle()


def test_links_are_never_followed(tmp_path: Path):
    folder = write(tmp_path / "du-toan")
    (folder / "media" / "bi-mat.pdf").symlink_to("/etc/passwd")
    found, problems = from_folder(folder)
    assert [(p.file, p.code) for p in problems] == [("media/bi-mat.pdf", "file-link")]
    assert "media/bi-mat.pdf" not in found.files


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../ngoai.md", "file-outside"),
        ("/etc/passwd", "file-outside"),
        ("media\\a.svg", "file-outside"),
        ("media/may.exe", "file-kind"),
        ("media/tên có cách.svg", "file-name"),
        ("media/con.svg", "file-name"),
        ("ghi-chu.md", "file-unknown"),
        ("bai/01-a.md", "file-unknown"),
        ("questions/Chủ đề.md", "file-unknown"),
        ("01-DU-TOAN.md", "file-unknown"),
        ("MEDIA/so-do.svg", "file-unknown"),
    ],
)
def test_a_file_that_does_not_belong_is_named_and_left_out(path: str, code: str):
    found, problems = from_files("du-toan", a_folder({path: b"x"}))
    assert code in [p.code for p in problems if p.file == path]
    assert path not in found.files


def test_two_names_that_differ_in_case_alone_are_one_too_many():
    _, problems = from_files("du-toan", a_folder({"media/SO-DO.svg": "x"}))
    assert "file-twice" in [p.code for p in problems]


@pytest.mark.parametrize("slug", ["", "Có Dấu", "a_b", "-a", "../x", "a" * 81])
def test_the_folders_name_is_a_plain_slug(slug: str):
    assert "slug" in [p.code for p in from_files(slug, a_folder())[1]]


def test_a_course_has_a_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(bundles, "MOST_BYTES", 1000)
    folder = write(tmp_path / "du-toan", {"media/to.pdf": b"x" * 2000})
    assert "too-big" in [p.code for p in from_folder(folder)[1]]
    assert "too-big" in [p.code for p in from_files("a", {"media/to.pdf": b"x" * 2000})[1]]
    assert "too-big" in [p.code for p in from_zip(zipped({"media/to.pdf": b"0" * 2000}), "a")[1]]


def test_a_course_has_a_number_of_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(bundles, "MOST_FILES", 3)
    folder = write(tmp_path / "du-toan")
    assert "too-big" in [p.code for p in from_folder(folder)[1]]
    assert "too-big" in [p.code for p in from_zip(zipped(a_folder()), "du-toan")[1]]


def test_what_is_no_zip_says_so():
    assert "zip" in [p.code for p in from_zip(b"khong phai zip", "a")[1]]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_was_damaged_on_its_way_says_so(method: int):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("course.yml", "title: Khảo sát cơ sở\n" * 500)
    data = bytearray(target.getvalue())
    start = 30 + len("course.yml")
    data[start : start + 40] = b"\xff" * 40
    assert "zip" in [p.code for p in from_zip(bytes(data), "a")[1]]


def test_a_text_in_another_encoding_is_named_with_its_line():
    _, problems = from_files("du-toan", a_folder({"01-du-toan.md": b"a\nb\n\xff\n"}))
    assert [(p.code, p.line) for p in problems] == [("file-encoding", 3)]


def test_the_content_hash_does_not_see_how_a_text_was_saved():
    other = unicodedata.normalize("NFD", LESSON).replace("\n", "\r\n") + "\r\n\r\n"
    saved = a_bundle({"01-du-toan.md": "\ufeff" + other, "README.md": "chỉ để đọc"})
    assert saved.content_hash == a_bundle().content_hash


def test_the_content_hash_sees_every_word_and_every_name():
    hashes = {
        a_bundle(changes).content_hash
        for changes in (
            None,
            {"01-du-toan.md": LESSON.replace("căn cứ", "cơ sở")},
            {"01-du-toan.md": None, "02-du-toan.md": LESSON},
            {"media/so-do.svg": b"<svg/>"},
        )
    }
    assert len(hashes) == 4


@given(st.text(max_size=200))
def test_normal_text_is_normal(text: str):
    once = normal_text(text)
    assert normal_text(once) == once
    assert "\r" not in once
    assert not any(unicodedata.category(c) in ("Cs", "Co") for c in once)


@given(st.dictionaries(st.text(max_size=30), st.binary(max_size=50), max_size=6))
def test_any_files_make_a_bundle_or_problems(files: dict[str, bytes]):
    found, problems = from_files("a", files)
    assert problems or "course.yml" in found.files
    assert set(found.files) <= {unicodedata.normalize("NFC", name) for name in files}
