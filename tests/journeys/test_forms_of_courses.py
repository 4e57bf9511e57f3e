"""The forms that courses hand out open in an office programme and calculate."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import openpyxl
import pytest

from tests.journeys import papers
from tests.journeys.conftest import ROOT

FORMS = sorted(
    path for kind in ("docx", "xlsx") for path in (ROOT / "courses").glob(f"*/media/*.{kind}")
)
# What a cell shows whose formula cannot be calculated.
BROKEN = re.compile(r"#(?:REF|NAME|VALUE|DIV/0|N/A|NUM|NULL)[!?]?|\bErr:\d{3}\b")


@pytest.fixture(scope="session")
def opened(
    libreoffice: Callable[..., list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, str]:
    """The text of every form as LibreOffice prints it."""
    folder = tmp_path_factory.mktemp("forms")
    copies = [
        Path(shutil.copyfile(path, folder / f"{number:03}{path.suffix}"))
        for number, path in enumerate(FORMS)
    ]
    made = libreoffice("pdf", folder, *copies)
    return {path: " ".join(papers.pages_of(pdf)) for path, pdf in zip(FORMS, made, strict=True)}


@pytest.mark.parametrize("form", FORMS, ids=lambda path: f"{path.parents[1].name}/{path.name}")
def test_a_form_opens_with_all_its_words_and_no_broken_formula(form: Path, opened: dict[Path, str]):
    written = list(written_in(form))
    assert written
    papers.has(opened[form], *written)
    assert BROKEN.findall(opened[form]) == []


def written_in(form: Path) -> Iterator[str]:
    """The headings of a form: each sheet's first words, or a document's first paragraphs."""
    if form.suffix == ".xlsx":
        for sheet in openpyxl.load_workbook(form).worksheets:
            texts = (cell.value for row in sheet.iter_rows() for cell in row)
            yield next(text for text in texts if isinstance(text, str) and text[:1] != "=")
    else:
        texts = [p.text for p in docx.Document(str(form)).paragraphs if p.text.strip()]
        yield from texts[:3]
