"""Translations: kept as readable .po files, compiled into the instance folder when they change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

SOURCE = Path(__file__).resolve().parents[1] / "translations"


def compiled(instance: Path) -> Path:
    """The folder of compiled translations for this source, made if it is not there yet."""
    files = sorted(SOURCE.glob("*/LC_MESSAGES/messages.po"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    folder = instance / "translations" / digest
    for path in files:
        target = folder / path.relative_to(SOURCE).with_suffix(".mo")
        if not target.exists():
            _compile(path, target)
    return folder


def _compile(source: Path, target: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parts[-3])
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, delete=False) as partial:
        write_mo(partial, catalog)
    # Processes that start together may both come here; each replaces the whole file.
    os.replace(partial.name, target)
