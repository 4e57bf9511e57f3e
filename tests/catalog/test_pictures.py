"""Sizes are read from a picture's head; a drawing holds nothing that acts."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.catalog.pictures import UnsafePicture, check_svg, size_of
from tests.catalog.folders import SVG


def picture(kind: str, **options: object) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (37, 21)).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", picture("PNG")),
        ("a.gif", picture("GIF")),
        ("a.jpg", picture("JPEG")),
        ("a.jpeg", picture("JPEG", progressive=True)),
        ("a.webp", picture("WEBP")),
        ("a.webp", picture("WEBP", lossless=True)),
    ],
)
def test_the_size_is_that_of_the_picture(name: str, data: bytes):
    assert size_of(name, data) == (37, 21)


def test_a_drawing_has_the_size_it_says_or_that_of_its_box():
    assert size_of("a.svg", SVG.encode()) == (40, 20)
    assert size_of(
        "a.svg", SVG.replace("viewBox", 'width="80px" height="40" viewBox').encode()
    ) == (
        80,
        40,
    )


def test_what_does_not_say_has_no_size():
    assert size_of("a.png", b"khong phai") is None
    assert size_of("a.pdf", b"%PDF") is None
    assert size_of("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>') is None


@given(st.binary(max_size=60), st.sampled_from(["png", "gif", "jpg", "webp"]))
def test_any_bytes_have_a_size_or_none(data: bytes, kind: str):
    heads = {
        "png": b"\x89PNG\r\n\x1a\n",
        "gif": b"GIF89a",
        "jpg": b"\xff\xd8",
        "webp": b"RIFF" + struct.pack("<I", 4) + b"WEBP",
    }
    for content in (data, heads[kind] + data):
        size = size_of(f"a.{kind}", content)
        assert size is None or len(size) == 2


def test_a_plain_drawing_is_safe():
    check_svg(SVG.encode())
    check_svg(SVG.replace("<rect", '<style>.a{fill:url(#b)}</style><use href="#b"/><rect').encode())


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onload="alert(1)"/>',
        '<image href="https://example.org/a.png"/>',
        '<a href="#x"><rect/></a>',
        "<foreignObject/>",
        "<style>@import 'x.css';</style>",
        "<style>rect{fill:url(https://example.org)}</style>",
        '<rect style="fill:url(//example.org)"/>',
        '<use xmlns:x="http://www.w3.org/1999/xlink" x:href="javascript:alert(1)"/>',
        '<set attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_a_drawing_that_acts_is_refused(inside: str):
    with pytest.raises(UnsafePicture):
        check_svg(SVG.replace("<rect", inside + "<rect").encode())


@pytest.mark.parametrize(
    "data",
    [
        b"<html/>",
        b"<svg",
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
)
def test_what_is_no_drawing_is_refused(data: bytes):
    with pytest.raises(UnsafePicture):
        check_svg(data)
