"""The certificate's page: what is printed is what was frozen, in letters and in the QR code."""

import hashlib
import io
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from app.credentials import pdf
from app.credentials.wording import DRAFT, ILLUSTRATION, UNSIGNED, Wording

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 20)
PLAIN = Wording(
    parent="Sở Công Thương tỉnh Minh Sơn",
    issuer="Trung tâm Khuyến công",
    authority="Giám đốc Trung tâm Khuyến công",
    honorific="Bà",
    name="Nguyễn Thị Hồng Ánh",
    born="05/02/1988",
    unit="Phòng Kinh tế xã Tân Lạc",
    course="Lập đề án khuyến công: từ khảo sát đến nghiệm thu",
    starts="01/11/2026",
    ends="15/11/2026",
    mode="học trực tuyến",
    periods="08",
    result="Đạt",
    decision="số 45/QĐ-TTKC ngày 18 tháng 11 năm 2026",
    expires="",
    place="Minh Sơn",
    issued="ngày 20 tháng 11 năm 2026",
    signing_for="",
    signer_title="Giám đốc",
    signer="Trần Quốc Ưng",
    register_number="0231/2026",
    code="K7QM-2F8D-XW",
    address="https://hoc.khuyencong.example/xac-minh/K7QM-2F8D-XW",
    illustration=False,
)
VOWELS = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"


def text_of(page: bytes) -> str:
    """The text of the one page, its line ends as spaces."""
    document = pypdfium2.PdfDocument(page)
    assert len(document) == 1
    return " ".join(document[0].get_textpage().get_text_range().split())


def codes_on(page: bytes) -> list[str]:
    picture = pypdfium2.PdfDocument(page)[0].render(scale=2).to_pil()
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def test_every_printed_word_reads_back_as_it_was_frozen():
    text = text_of(pdf.certificate_pdf(PLAIN, issued_on=DAY))
    spelled = (
        "name born unit course starts ends mode result decision place issued signer "
        "register_number code"
    )
    for field in spelled.split():
        assert getattr(PLAIN, field) in text
    for field in ("heading", "parent", "issuer", "authority", "signer_title"):
        assert getattr(PLAIN, field).upper() in text
    assert "08 tiết" in text
    assert "hoc.khuyencong.example/xac-minh" in text
    assert UNSIGNED in text
    assert ILLUSTRATION not in text


def test_the_qr_code_leads_to_the_public_page():
    assert codes_on(pdf.certificate_pdf(PLAIN, issued_on=DAY)) == [PLAIN.address]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_vietnamese_letter_reads_back_in_both_unicode_forms(form):
    letters = f"{VOWELS} đ {VOWELS.upper()} Đ"
    words = replace(PLAIN, unit=unicodedata.normalize(form, letters))
    text = text_of(pdf.certificate_pdf(words, issued_on=DAY)).replace(" ", "")
    assert letters.replace(" ", "") in unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Đặng Thị Ưng", "Y Blư Ƀih Mlô", "H'Čĭm Niê", "Giàng A Sử"])
def test_names_read_back_as_spelled_in_both_unicode_forms(name, form):
    words = replace(PLAIN, name=unicodedata.normalize(form, name))
    text = text_of(pdf.certificate_pdf(words, issued_on=DAY))
    assert unicodedata.normalize("NFC", name) in unicodedata.normalize("NFC", text)


def test_the_longest_words_still_take_one_page():
    unit = "Phòng Kinh tế, Hạ tầng và Đô thị, Ủy ban nhân dân xã Vĩnh Thuận Đông " * 5
    words = replace(
        PLAIN,
        parent="Ủy ban nhân dân tỉnh Minh Sơn, Sở Công Thương và Phát triển công nghiệp",
        issuer="Trung tâm Khuyến công, Tư vấn phát triển công nghiệp và Xúc tiến thương mại " * 2,
        authority="Giám đốc Trung tâm Khuyến công, Tư vấn và Xúc tiến thương mại " * 2,
        name="Công Tằng Tôn Nữ Thị Hồng Nhung Phương Anh Nguyễn Phúc Thiên Ưng Quỳnh",
        unit=unit,
        course="Chuyển giao công nghệ, sản xuất sạch hơn và tiết kiệm năng lượng " * 3,
        expires="20/11/2029",
        signing_for="KT. Giám đốc",
        illustration=True,
    )
    page = pdf.certificate_pdf(words, issued_on=DAY)
    text = text_of(page)
    assert words.unit in text
    assert words.course in text
    assert words.name in text
    assert codes_on(page) == [words.address]
    assert len(page) <= 100_000


def test_a_text_beyond_any_page_is_refused():
    with pytest.raises(pdf.TooLong):
        pdf.certificate_pdf(replace(PLAIN, unit="Phòng Kinh tế xã " * 400), issued_on=DAY)


def test_a_demo_certificate_says_that_it_is_one():
    text = text_of(pdf.certificate_pdf(replace(PLAIN, illustration=True), issued_on=DAY))
    assert ILLUSTRATION in text


def test_a_deputy_signs_for_the_head():
    words = replace(PLAIN, signing_for="KT. Giám đốc", signer_title="Phó Giám đốc")
    text = text_of(pdf.certificate_pdf(words, issued_on=DAY))
    assert "KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC" in text


def test_lines_without_words_are_left_out():
    words = replace(PLAIN, born="", result="", expires="", parent="")
    text = text_of(pdf.certificate_pdf(words, issued_on=DAY))
    for label in ("Ngày sinh", "Kết quả", "Có giá trị đến"):
        assert label not in text


def test_the_same_words_give_the_same_bytes_in_another_process():
    here = hashlib.sha256(pdf.certificate_pdf(PLAIN, issued_on=DAY)).hexdigest()
    script = (
        "import hashlib, tests.credentials.test_pdf as t;"
        "page = t.pdf.certificate_pdf(t.PLAIN, issued_on=t.DAY);"
        "print(hashlib.sha256(page).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert there.stdout.strip() == here


def test_pages_asked_for_at_the_same_moment_are_all_set():
    holders = [replace(PLAIN, name=f"Nguyễn Văn {letter}") for letter in "ABCDEFGH"]
    with ThreadPoolExecutor(max_workers=4) as threads:
        made = list(threads.map(lambda words: pdf.certificate_pdf(words, issued_on=DAY), holders))
    assert len(set(made)) == len(holders)


def test_the_file_is_tagged_archival_small_and_has_a_title():
    page = pdf.certificate_pdf(PLAIN, issued_on=DAY)
    document = pypdfium2.PdfDocument(io.BytesIO(page))
    assert document.get_metadata_value("Title") == (
        "Giấy chứng nhận số 0231/2026: Nguyễn Thị Hồng Ánh, "
        "Lập đề án khuyến công: từ khảo sát đến nghiệm thu"
    )
    assert len(page) <= 100_000
    assert b"pdfaid:part>2<" in page
    assert b"pdfaid:conformance>A<" in page
    assert b"pdfuaid:part>1<" in page
    assert b"/Lang(vi)" in page


def test_letters_that_no_font_has_are_named_before_anything_is_printed():
    assert pdf.missing_letters("Nguyễn Thị Hồng Ánh ƀ ≤ → ₫ №") == ""
    assert pdf.missing_letters("Trần 漢字 💡 漢") == "漢字💡"
    with pytest.raises(pdf.LettersMissing) as refusal:
        pdf.certificate_pdf(replace(PLAIN, name="阮 Ánh"), issued_on=DAY)
    assert refusal.value.letters == "阮"
    assert "U+962E" in str(refusal.value)


def test_a_draft_says_all_over_that_it_is_one():
    text = text_of(pdf.certificate_pdf(PLAIN, issued_on=DAY, is_draft=True))
    assert DRAFT in text
    assert "BẢN XEM TRƯỚC BẢN XEM TRƯỚC" in text


def test_markup_in_a_name_is_only_letters():
    name = '#let x = 1 *đậm* _nghiêng_ $a^2$ <nhãn> "\\'
    text = text_of(pdf.certificate_pdf(replace(PLAIN, unit=name), issued_on=DAY))
    assert name in text


def test_a_machine_without_the_typesetter_says_so_plainly(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    pdf._typesetter.cache_clear()
    with pytest.raises(pdf.TypesetterMissing, match="chưa cài bộ dàn trang"):
        pdf.certificate_pdf(PLAIN, issued_on=DAY)
    monkeypatch.undo()
    pdf._typesetter.cache_clear()
    assert pdf.certificate_pdf(PLAIN, issued_on=DAY)


MANY = """
from dataclasses import replace
from tests.credentials.test_pdf import DAY, PLAIN
from app.credentials import pdf

def held():
    with open("/proc/self/smaps_rollup") as told:
        return next(int(line.split()[1]) for line in told if line.startswith("Anonymous:"))

def some(first, last):
    for number in range(first, last):
        words = replace(PLAIN, name=f"Trần Văn {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number % 26]}ng",
                        register_number=f"{number:04}/2026")
        pdf.certificate_pdf(words, issued_on=DAY)

some(0, 3)
before = held()
some(3, 23)
print((held() - before) // 1024)
"""


def test_many_certificates_take_no_more_memory_than_a_few():
    ran = subprocess.run(
        [sys.executable, "-c", MANY], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 15
