"""A course as a set of files: from a folder, a zip or an editor, within limits."""

from __future__ import annotations

import hashlib
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from app.kernel.words import _l
from app.questions.problems import Problem, ProblemList

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 2_000
MOST_TEXT_BYTES = 1024 * 1024

# Whatever a damaged archive makes the reader or one of its decompressors raise.
UNREADABLE_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
)

PICTURES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
SOUNDS = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "wav": "audio/wav",
}
FILMS = {"mp4": "video/mp4", "webm": "video/webm"}
CAPTIONS = {"vtt": "text/vtt"}
PAPERS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
    "txt": "text/plain",
    "zip": "application/zip",
}
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(PICTURES | SOUNDS | FILMS | CAPTIONS | PAPERS)

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LESSON = re.compile(r"(\d{2,3})-([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.([a-z]{2}))?\.md")
_BANK = re.compile(r"questions/([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.([a-z]{2}))?\.md")
_MEDIA = re.compile(r"media/(?:[\w.-]+/)*[\w-][\w.-]*\.(\w+)")
_COMPANIONS = {"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"}
_WINDOWS_NAMES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True)
class Bundle:
    """The files of one course, by path inside its folder, in a settled order."""

    slug: str
    files: Mapping[str, bytes]

    def text(self, path: str) -> str:
        """A text file in its normal form: UTF-8, NFC, plain line ends, no invisible signs."""
        return normal_text(self.files[path])

    def media_hash(self, path: str) -> str:
        """The SHA-256 of a media file, hexadecimal."""
        return hashlib.sha256(self.files[path]).hexdigest()

    @property
    def content_hash(self) -> str:
        """The name of this content: SHA-256 over every path and its normalised bytes.

        The slug is no part of it, nor are companions such as a README.
        """
        digest = hashlib.sha256()
        for path in sorted(self.files):
            if path in _COMPANIONS:
                continue
            data = self.files[path]
            if path.endswith((".md", ".yml")):
                data = normal_text(data).encode()
            digest.update(f"{path}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()


def normal_text(data: bytes | str) -> str:
    """Text in its normal form. Raises UnicodeDecodeError for bytes that are not UTF-8."""
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if not line.isprintable():  # most lines need no closer look
            lines[index] = "".join(c for c in line if c == "\t" or _is_visible(c))
    text = "\n".join(lines)
    return text.rstrip() + "\n" if text.strip() else ""


def _is_visible(char: str) -> bool:
    # Controls, surrogates, private use and direction overrides have no place in a lesson;
    # joiners (U+200C, U+200D) and variation selectors do, inside emoji.
    if char in "\u200c\u200d":
        return True
    return unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cf") or char == "\u00ad"


def lesson_name(path: str) -> tuple[int, str, str | None] | None:
    """(number, key, language of a translation) for a lesson's path, None for another file."""
    match = _LESSON.fullmatch(path)
    return (int(match[1]), match[2], match[3]) if match else None


def bank_name(path: str) -> tuple[str, str | None] | None:
    """(topic, language of a translation) for a file of the question bank."""
    match = _BANK.fullmatch(path)
    return (match[1], match[2]) if match else None


def media_type(path: str) -> str | None:
    """The media type that a file is served with, by its ending; None for another kind."""
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower())


def from_folder(folder: Path) -> tuple[Bundle, list[Problem]]:
    """Read a course folder. Hidden files are passed over; links are never followed."""
    problems = ProblemList(str(folder))
    files: dict[str, bytes] = {}
    size = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        problems.file = name
        if path.is_symlink():
            problems.error(1, "file-link", _l("liên kết tới tệp khác không được dùng"))
            continue
        size += path.stat().st_size
        if size > MOST_BYTES or len(files) >= MOST_FILES:
            _too_big(problems)
            break
        files[name] = path.read_bytes()
    bundle, found = from_files(folder.resolve().name, files)
    return bundle, problems.found + found


def from_zip(data: bytes, slug: str | None = None) -> tuple[Bundle, list[Problem]]:
    """Read a zipped course. One folder around everything names the course.

    What it unpacks to is counted while it unpacks, so a bomb stops at the limit.
    """
    problems = ProblemList("zip")
    files: dict[str, bytes] = {}
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        entries = [e for e in archive.infolist() if not e.is_dir()]
        if len(entries) > MOST_FILES:
            _too_big(problems)
            entries = []
        left = MOST_BYTES
        for entry in entries:
            if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                problems.error(1, "file-link", _l("liên kết tới tệp khác không được dùng"))
                continue
            with archive.open(entry) as stream:
                content = stream.read(left + 1)
            left -= len(content)
            if left < 0:
                _too_big(problems)
                break
            files[entry.filename] = content
    except UNREADABLE_ZIP:
        problems.error(1, "zip", _l("tệp zip không đọc được"))
    files = {n: c for n, c in files.items() if not n.startswith("__MACOSX/")}
    tops = {name.partition("/")[0] for name in files if "/" in name}
    if "course.yml" not in files and len(tops) == 1:
        top = tops.pop()
        slug = slug or top
        files = {name.removeprefix(f"{top}/"): content for name, content in files.items()}
    bundle, found = from_files(slug or "", files)
    return bundle, problems.found + found


def from_files(slug: str, files: Mapping[str, bytes]) -> tuple[Bundle, list[Problem]]:
    """A bundle of the files that belong to a course, and what is wrong with the others."""
    problems = ProblemList("course.yml")
    kept: dict[str, bytes] = {}
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        problems.error(
            1,
            "slug",
            _l(
                "tên thư mục “%(slug)s” chỉ gồm chữ thường không dấu, chữ số và gạch nối",
                slug=slug[:80],
            ),
        )
    if sum(map(len, files.values())) > MOST_BYTES or len(files) > MOST_FILES:
        _too_big(problems)
        files = {}
    folded: dict[str, str] = {}
    for name in sorted(files):
        problems.file = name
        path = unicodedata.normalize("NFC", name)
        if path.startswith(("/", "\\")) or ".." in path.split("/") or "\\" in path:
            problems.error(1, "file-outside", _l("đường dẫn ra ngoài thư mục khóa học"))
        elif any(part.startswith(".") for part in path.split("/")):
            continue
        elif path.lower() in folded:
            problems.error(
                1,
                "file-twice",
                _l(
                    "tên tệp chỉ khác “%(other)s” ở chữ hoa, chữ thường", other=folded[path.lower()]
                ),
            )
        elif _belongs(path, files[name], problems):
            folded[path.lower()] = path
            kept[path] = files[name]
    if "course.yml" not in kept and not any(p.file == "course.yml" for p in problems.found):
        problems.file = "course.yml"
        problems.error(1, "no-course-file", _l("thư mục không có course.yml"))
    return Bundle(slug, MappingProxyType(dict(sorted(kept.items())))), problems.found


def _belongs(path: str, data: bytes, problems: ProblemList) -> bool:
    if path in _COMPANIONS:
        return True
    if any(_WINDOWS_NAMES.fullmatch(part) for part in path.split("/")):
        problems.error(1, "file-name", _l("hệ điều hành Windows không dùng được tên này"))
        return False
    if path.startswith("media/"):
        if not _MEDIA.fullmatch(path):
            problems.error(
                1, "file-name", _l("tên tệp chỉ gồm chữ, chữ số, gạch nối, gạch dưới và dấu chấm")
            )
            return False
        if not media_type(path):
            problems.error(
                1,
                "file-kind",
                _l(
                    "không dùng được loại tệp này; các loại được dùng: %(kinds)s",
                    kinds=", ".join(sorted(MEDIA_TYPES)),
                ),
            )
            return False
        return True
    if path != "course.yml" and not lesson_name(path) and not bank_name(path):
        problems.error(
            1,
            "file-unknown",
            _l(
                "tệp không có chỗ trong khóa học: bài là “01-ten-bai.md”, câu hỏi ở "
                "“questions/chu-de.md”, hình và tệp ở “media/”"
            ),
        )
        return False
    if len(data) > MOST_TEXT_BYTES:
        problems.error(1, "file-big", _l("tệp văn bản lớn hơn 1 MB"))
        return False
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        problems.error(line, "file-encoding", _l("tệp không ở bảng mã UTF-8"))
        return False
    return True


def _walk(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _too_big(problems: ProblemList) -> None:
    problems.error(
        1,
        "too-big",
        _l(
            "khóa học lớn hơn %(megabytes)s MB hoặc nhiều hơn %(files)s tệp",
            megabytes=MOST_BYTES // 1024**2,
            files=MOST_FILES,
        ),
    )
