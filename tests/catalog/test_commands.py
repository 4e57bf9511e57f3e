"""The commands on courses: what they print, where, and how they exit."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_babel import get_locale

from app.catalog import commands, queries, shipped
from app.kernel import files as kernel_files
from app.kernel.files import FileStore
from tests.catalog.folders import COURSE, LESSON, a_folder, write

WRONG = {"course.yml": COURSE.replace("level: foundation", "level: dễ")}

UNUSED = {"media/thua.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'}


@pytest.fixture
def run(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel_files, "_store", FileStore((tmp_path / "files").as_uri()))

    def do(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["courses", *map(str, arguments)])

    return do


def published(app: Flask) -> set[str]:
    with app.extensions["database"].unit_of_work(write=False):
        return queries.all_slugs()


def test_check_names_file_line_and_code_and_exits_by_what_it_found(run, tmp_path: Path):
    good = run("check", write(tmp_path / "tot"))
    wrong = run("check", write(tmp_path / "sai", WRONG))
    assert (good.exit_code, good.stderr) == (0, "")
    assert "tot: 0 lỗi, 0 nhắc nhở" in good.stdout
    assert wrong.exit_code == 1
    assert f"{tmp_path}/sai/course.yml:5: lỗi: " in wrong.stderr
    assert "[bad-value]" in wrong.stderr


def test_reminders_stand_apart_and_do_not_fail(run, tmp_path: Path):
    result = run("check", write(tmp_path / "nhac", UNUSED))
    assert result.exit_code == 0
    assert "[media-unused]" in result.stdout
    assert result.stderr == ""


def test_check_of_a_folder_of_courses_checks_each(run, tmp_path: Path):
    write(tmp_path / "khoa" / "mot")
    write(tmp_path / "khoa" / "hai", WRONG)
    result = run("check", tmp_path / "khoa")
    assert result.exit_code == 1
    assert "mot: 0 lỗi" in result.stdout
    assert "hai: 1 lỗi" in result.stdout


def test_check_without_a_folder_checks_the_courses_of_the_product(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert (shipped.FOLDER / "ky-nang-cong-tac-vien" / "course.yml").is_file()
    # Whether these have errors, tests/house/test_courses.py asks.
    monkeypatch.setattr(shipped, "FOLDER", write(tmp_path / "san-pham" / "mot").parent)
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "mot: 0 lỗi, 0 nhắc nhở\n")


def test_wrong_usage_exits_with_2(run, tmp_path: Path):
    assert run("check", tmp_path / "khong-co").exit_code == 2
    (tmp_path / "trong").mkdir()
    assert run("check", tmp_path / "trong").exit_code == 2
    assert run("check", "--language", "fr").exit_code == 2


def test_table_counts_every_course_of_a_folder(run, tmp_path: Path):
    write(tmp_path / "khoa" / "mot")
    write(tmp_path / "khoa" / "hai")
    result = run("table", tmp_path / "khoa", "--language", "en")
    assert result.exit_code == 0
    heads, _marks, *rows = result.stdout.splitlines()
    assert heads.startswith("| Course | Languages | Lessons |")
    assert [row.split("|")[1].strip() for row in rows] == ["`hai`", "`mot`", "Total"]


def test_table_names_a_course_that_cannot_be_counted_and_counts_the_others(run, tmp_path: Path):
    write(tmp_path / "khoa" / "mot")
    write(tmp_path / "khoa" / "hai", WRONG)
    result = run("table", tmp_path / "khoa")
    assert result.exit_code == 1
    assert "[bad-value]" in result.stderr
    assert "| `mot` |" in result.stdout
    assert "`hai`" not in result.stdout


def test_publish_twice_makes_one_version(run, app: Flask, tmp_path: Path):
    folder = write(tmp_path / "du-toan")
    first, again = run("publish", folder), run("publish", folder)
    assert "phiên bản 1" in first.stdout
    assert first.stdout == again.stdout
    assert published(app) == {"du-toan"}


def test_publish_leaves_a_course_with_an_error_as_it_was(run, app: Flask, tmp_path: Path):
    result = run("publish", write(tmp_path / "du-toan", WRONG))
    assert result.exit_code == 1
    assert published(app) == set()


def test_publish_refuses_a_course_that_requires_what_is_not_there(run, tmp_path: Path):
    requiring = {"course.yml": COURSE.replace("periods: 1", "periods: 1\nrequires: [nhap-mon]")}
    folder = write(tmp_path / "du-toan", requiring)
    assert "[requires]" in run("publish", folder).stderr
    run("publish", write(tmp_path / "nhap-mon"))
    assert run("publish", folder).exit_code == 0


def test_stamp_mends_the_translations_it_names(run, tmp_path: Path):
    translations = {"01-du-toan.en.md": "---\ntitle: A\n---\n\nB.\n"}
    folder = write(tmp_path / "du-toan", {**translations, "02-hai.md": LESSON})
    write(folder, {"02-hai.en.md": translations["01-du-toan.en.md"]})
    one = run("stamp", folder / "02-hai.en.md")
    assert one.stdout.split() == [f"{folder}/02-hai.en.md"]
    assert run("stamp", folder).stdout.split() == [f"{folder}/01-du-toan.en.md"]
    assert "unstamped" not in run("check", folder).stdout


def test_an_exported_version_is_the_folder_it_came_from(run, tmp_path: Path):
    run("publish", write(tmp_path / "du-toan"))
    run("publish", write(tmp_path / "du-toan", {"01-du-toan.md": LESSON + "Thêm.\n"}))
    assert run("export", "du-toan", tmp_path / "ra", "--version", "1").exit_code == 0
    folder = tmp_path / "ra" / "du-toan"
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert found == a_folder()
    assert run("export", "du-toan", tmp_path / "ra").exit_code == 1
    assert run("export", "khac", tmp_path / "ra").exit_code == 1


def test_import_publishes_a_folder_or_a_zip_that_has_no_error(run, app: Flask, tmp_path: Path):
    archive = tmp_path / "khoa.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path, data in a_folder().items():
            packed.writestr(f"tu-zip/{path}", data)
    assert run("import", archive).exit_code == 0
    assert run("import", write(tmp_path / "tu-thu-muc")).exit_code == 0
    refused = run("import", write(tmp_path / "sai", WRONG))
    assert refused.exit_code == 1
    assert "[bad-value]" in refused.stderr
    assert published(app) == {"tu-zip", "tu-thu-muc"}


def test_messages_come_in_the_language_asked_for(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = write(tmp_path / "sai", WRONG)
    asked: list[str] = []

    def translate(text: str) -> str:
        asked.append(str(get_locale()))
        return {"lỗi": "error"}.get(text, text)

    monkeypatch.setattr(commands, "translate", translate)
    assert ":5: error: " in run("check", folder, "--language", "en").stderr
    assert set(asked) == {"en"}


def test_every_command_has_help(run):
    for name in ("check", "publish", "stamp", "export", "import"):
        assert run(name, "--help").exit_code == 0
