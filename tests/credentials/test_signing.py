"""Statements, signatures and the register's chain: what cannot be changed unseen."""

import os
import stat
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credentials import signing
from app.kernel import keys
from app.kernel.keys import KeyUnusable, key_folder

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


@pytest.fixture
def folder(tmp_path):
    return key_folder((tmp_path / "keys").as_uri())


def test_the_canonical_form_is_the_one_of_rfc_8785():
    """Keys by UTF-16 units, shortest escapes, no spaces: after the RFC's example 3.2.3."""
    value = {
        "€": "Euro",
        "\r": "Return",
        "\U0001f600": "Smiley",
        "1": "One",
        "\u0080": "Control",
        "\ufb01": "above the surrogates",
        "ö": "Latin",
        "list": [10, -3, None, True, False],
        "text": "€$\x0f\nA'B\"\\/",
    }
    assert signing.canonical(value) == (
        '{"\\r":"Return","1":"One","list":[10,-3,null,true,false],'
        '"text":"€$\\u000f\\nA\'B\\"\\\\/","\u0080":"Control","ö":"Latin","€":"Euro",'
        '"\U0001f600":"Smiley","\ufb01":"above the surrogates"}'
    )


@given(values)
def test_facts_in_another_order_or_unicode_form_are_the_same_statement(value):
    def turned(value):
        if isinstance(value, dict):
            return {
                unicodedata.normalize("NFD", key): turned(value[key]) for key in reversed(value)
            }
        if isinstance(value, list):
            return [turned(item) for item in value]
        return unicodedata.normalize("NFD", value) if isinstance(value, str) else value

    try:
        expected = signing.canonical(value)
    except ValueError:  # two keys that are one in NFC
        return
    assert signing.canonical(turned(value)) == expected


@pytest.mark.parametrize("value", [1.5, b"bytes", {"a": {1, 2}}, object()])
def test_what_has_no_single_spelling_is_refused(value):
    with pytest.raises(TypeError):
        signing.canonical(value)


def test_a_signature_holds_for_its_statement_and_for_no_other(folder):
    key_id = folder.create()
    public = folder.public(key_id)
    statement = signing.canonical({"tên": "Nguyễn Thị Hồng Ánh", "số": 231}).encode()
    signature = folder.sign(key_id, statement)
    assert keys.is_signed(public, statement, signature)
    assert not keys.is_signed(public, statement.replace(b"231", b"232"), signature)
    assert not keys.is_signed(public, statement, bytes(64))
    assert not keys.is_signed(public, statement, signature[:-1])
    assert not keys.is_signed(folder.public(folder.create()), statement, signature)


def test_private_keys_are_readable_by_their_owner_alone(folder):
    key_id = folder.create()
    file = folder.path / f"{key_id}.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert os.listdir(folder.path) == [file.name]
    assert key_id in folder
    assert "a" * 43 not in folder


def test_a_key_under_the_name_of_another_is_refused(folder):
    one, other = folder.create(), folder.create()
    (folder.path / f"{one}.pem").write_bytes((folder.path / f"{other}.pem").read_bytes())
    with pytest.raises(KeyUnusable):
        folder.sign(one, b"statement")
    with pytest.raises(KeyUnusable):
        folder.sign("../../etc/passwd", b"statement")


def test_keys_lie_where_keys_url_says(tmp_path):
    shared = key_folder(f"file://{tmp_path}/chung%20kh%C3%B3a")
    assert shared.path == tmp_path / "chung khóa"
    for wrong in ("", "s3://keys", "keys", "file://host/keys"):
        with pytest.raises(ValueError, match="KEYS_URL"):
            key_folder(wrong)


def test_a_register_line_depends_on_every_line_before_it():
    def chain(entries):
        head = signing.CHAIN_START
        for entry in entries:
            head = signing.link(head, entry)
        return head

    lines = [{"number": n, "digest": signing.digest(str(n))} for n in (1, 2, 3)]
    changed = [lines[0] | {"digest": signing.digest("x")}, *lines[1:]]
    assert chain(lines) == chain([dict(line) for line in lines])
    assert len({chain(lines), chain(changed), chain(lines[::-1]), chain(lines[:2])}) == 4
