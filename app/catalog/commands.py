"""Commands on courses: check, count, publish, stamp, export, import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from flask_babel import gettext as translate

from app.catalog import actions, queries, shipped
from app.catalog.bundle import MOST_BYTES, from_folder, from_zip
from app.catalog.check import Checked, check, ready
from app.catalog.figures import markdown_table
from app.catalog.rules import CourseHasErrors, NoSuchVersion
from app.catalog.stamp import stamped
from app.kernel import clock, words
from app.kernel.commandline import current_database, fail
from app.kernel.files import files
from app.kernel.refusals import Refusal
from app.kernel.words import _l

courses = AppGroup("courses", help="Course folders: check, count, publish, stamp, export, import.")

FOLDER = click.Path(exists=True, path_type=Path)
LANGUAGE = click.option(
    "--language",
    type=click.Choice(["vi", "en"]),
    default="vi",
    help="Language of the messages.",
)


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """Say Words in a language for a block."""
    before = words._translate
    with force_locale(language):
        words.set_translator(lambda text: translate(text) if text else text)
        try:
            yield
        finally:
            words.set_translator(before)


def _say(folder: Path, checked: Checked) -> None:
    """Errors to standard error, reminders and the count to standard output."""
    here = Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    for problem in checked.errors:
        click.echo(f"{shown}/{problem}", err=True)
    for problem in checked.reminders:
        click.echo(f"{shown}/{problem}")
    summary = _l(
        "%(name)s: %(errors)s lỗi, %(reminders)s nhắc nhở",
        name=folder.resolve().name,
        errors=len(checked.errors),
        reminders=len(checked.reminders),
    )
    click.echo(str(summary))


def _folders(folder: Path | None) -> list[Path]:
    base = folder or shipped.FOLDER
    if not base.is_dir():
        raise click.UsageError(f"{base} is not a folder")
    found = shipped.course_folders(base)
    if not found:
        raise click.UsageError(f"no course in {base}")
    return found


@courses.command("check")
@click.argument("folder", type=FOLDER, required=False)
@LANGUAGE
def check_command(folder: Path | None, language: str) -> None:
    """Check a course folder, or all of courses/, and list every problem with its place.

    Exits 1 when a course has an error; reminders do not count.
    """
    with _speaking(language):
        results = shipped.check_all(_folders(folder))
        for path, checked in results.items():
            _say(path, checked)
    if any(checked.errors for checked in results.values()):
        raise SystemExit(1)


@courses.command("table")
@click.argument("folder", type=FOLDER, required=False)
@LANGUAGE
def table(folder: Path | None, language: str) -> None:
    """Count a course folder, or all of courses/: lessons, words, questions, pictures, minutes.

    Prints a table in Markdown. A course with an error cannot be counted: exits 1.
    """
    with _speaking(language):
        results = shipped.check_all(_folders(folder))
        for path, checked in results.items():
            if checked.content is None:
                _say(path, checked)
        contents = [checked.content for checked in results.values() if checked.content]
        if contents:
            click.echo(markdown_table(contents), nl=False)
    if len(contents) < len(results):
        raise SystemExit(1)


@courses.command("publish")
@click.argument("folder", type=FOLDER, required=False)
@LANGUAGE
def publish(folder: Path | None, language: str) -> None:
    """Publish a course folder, or all of courses/. A course with an error stays as it was."""
    with _speaking(language):
        results = shipped.check_all(_folders(folder), published=_published())
        for path, checked in results.items():
            _publish(path, checked)
    if any(checked.errors for checked in results.values()):
        raise SystemExit(1)


def _published() -> set[str]:
    with current_database().unit_of_work(write=False):
        return queries.all_slugs()


def _publish(path: Path, checked: Checked) -> None:
    if checked.content is None:
        _say(path, checked)
        return
    actions.store_files(checked.content)
    with current_database().unit_of_work():
        version = actions.publish(checked.content, by=None, now=clock.now())
        said = _l(
            "%(slug)s: phiên bản %(number)s (%(hash)s)",
            slug=checked.content.bundle.slug,
            number=version.number,
            hash=version.content_hash[:12],
        )
    click.echo(str(said))


@courses.command("stamp")
@click.argument("folder", type=FOLDER, required=False)
@LANGUAGE
def stamp(folder: Path | None, language: str) -> None:
    """Write into every translation that it translates its source as it now stands.

    Do it once the translations have been brought up to date. FOLDER may be one translation.
    """
    only = folder if folder and folder.is_file() else None
    with _speaking(language):
        for path in _folders(only.parent if only else folder):
            _stamp(path, only)


def _stamp(folder: Path, only: Path | None) -> None:
    bundle, _ = from_folder(folder)
    for path, text in stamped(bundle).items():
        if only is None or (folder / path).resolve() == only.resolve():
            (folder / path).write_bytes(text.encode())
            click.echo(f"{folder}/{path}")


@courses.command("export")
@click.argument("slug")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--version", "number", type=int, help="Left out: the current version.")
@LANGUAGE
def export(slug: str, target: Path, number: int | None, language: str) -> None:
    """Write a version of a course back as a folder, into TARGET/SLUG."""
    with _speaking(language):
        with current_database().unit_of_work(write=False):
            version = queries.version_of(slug, number)
            found = queries.files_of(version.id) if version else {}
        if version is None:
            fail(str(NoSuchVersion()))
        folder = target / slug
        if folder.exists() and any(folder.iterdir()):
            fail(str(_l("thư mục %(folder)s không trống", folder=folder)))
        for path, digest in found.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(files().read(digest))
        click.echo(str(folder))


@courses.command("import")
@click.argument("source", type=FOLDER)
@click.option("--slug", help="The course's slug, where the zip does not hold one folder.")
@LANGUAGE
def import_command(source: Path, slug: str | None, language: str) -> None:
    """Check a course from a folder or a zip, and publish it when it has no error."""
    with _speaking(language):
        if source.is_dir():
            bundle, found = from_folder(source)
        else:
            if source.stat().st_size > MOST_BYTES:
                fail(str(_l("tệp lớn hơn %(most)s MB", most=MOST_BYTES // 1024**2)))
            bundle, found = from_zip(source.read_bytes(), slug)
        checked = check(bundle, found, known_courses=_published())
        _say(source, checked)
        try:
            ready(checked)
        except (CourseHasErrors, Refusal) as refusal:
            fail(str(refusal))
        _publish(source, checked)
