"""The courses that come with the product: checked and published at every start."""

from __future__ import annotations

from pathlib import Path

from app.catalog import actions
from app.catalog.bundle import Bundle, from_folder
from app.catalog.check import Checked, check, check_folder
from app.catalog.queries import version_of
from app.kernel import clock
from app.kernel.database import Database

FOLDER = Path(__file__).resolve().parents[2] / "courses"


def course_folders(folder: Path) -> list[Path]:
    """The course folders in a folder, by name; the folder itself where it is a course."""
    if (folder / "course.yml").is_file():
        return [folder]
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def check_all(folders: list[Path], *, published: set[str] | None = None) -> dict[Path, Checked]:
    """Check courses that may require one another, or one that is published already.

    Without `published`, what a single folder requires is left unchecked.
    """
    slugs = {folder.resolve().name for folder in folders}
    known = slugs | (published or set())
    is_known = published is not None or len(folders) > 1
    return {f: check_folder(f, known_courses=known if is_known else None) for f in folders}


def publish_all(database: Database, folder: Path = FOLDER) -> list[str]:
    """Publish every shipped course that changed; returns lines for the terminal.

    A course that is current already is not even checked, so that a start is quick. One with
    errors stays as it was, and is named.
    """
    lines = []
    folders = course_folders(folder)
    known = {path.name for path in folders}
    for path in folders:
        bundle, found = from_folder(path)
        if _is_current(database, bundle):
            continue
        checked = check(bundle, found, known_courses=known)
        if checked.content is None:
            lines.append(f"{path.name}: {len(checked.errors)} lỗi · errors (courses check)")
            continue
        actions.store_files(checked.content)
        with database.unit_of_work():
            version = actions.publish(checked.content, by=None, now=clock.now())
        lines.append(
            f"Khóa học {path.name}, phiên bản {version.number} · "
            f"Course {path.name}, version {version.number}"
        )
    return lines


def _is_current(database: Database, bundle: Bundle) -> bool:
    with database.unit_of_work(write=False):
        current = version_of(bundle.slug)
        return current is not None and current.content_hash == bundle.content_hash
