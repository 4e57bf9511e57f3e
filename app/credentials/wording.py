"""Every word on the face of a certificate, as it was printed on the day of issue.

The words are frozen at issue and signed together; the PDF is set from them and from nothing
else, so renaming a unit, a course or a person later changes no certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from app.kernel.words import nfc

HEADING = "Giấy chứng nhận"
UNSIGNED = "Bản điện tử chưa ký, đóng dấu"
ILLUSTRATION = "MINH HỌA · dữ liệu không có thật"
DRAFT = "BẢN XEM TRƯỚC · chưa cấp, chưa có số"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The printed words, each ready to be set; an empty text is a line that is left out."""

    heading: str = HEADING
    parent: str
    """The superior body, first line of the heading on the left."""
    issuer: str
    authority: str
    """Who certifies: the office of the head of unit, "Giám đốc Trung tâm Khuyến công …"."""
    honorific: str
    name: str
    """As spelled on the day of issue."""
    born: str
    unit: str
    course: str
    starts: str
    ends: str
    mode: str
    periods: str
    result: str
    decision: str
    """Number and date of the decision that recognised the completion."""
    expires: str
    place: str
    issued: str
    signing_for: str
    """"KT. Giám đốc", "TL. …" or "TUQ. …" where a deputy signs; empty otherwise."""
    signer_title: str
    signer: str
    register_number: str
    code: str
    address: str
    """What the QR code holds: the public page of this certificate."""
    illustration: bool

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, nfc(value))

    def texts(self) -> list[str]:
        """Every text on the face, for the check that the fonts have its letters."""
        values = [getattr(self, field.name) for field in fields(self)]
        return [value for value in values if isinstance(value, str) and value]
