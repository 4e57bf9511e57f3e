"""What may be said of persons, sign-in names, passwords and roles."""

from __future__ import annotations

import re
from datetime import date, timedelta

from app.kernel.acts import Act, among
from app.kernel.refusals import Refusal
from app.kernel.words import _l, fold, nfc

PASSWORD_MIN = 10
PASSWORD_MAX = 200
ACCOUNT_TRIES, ADDRESS_TRIES = 8, 40
TRY_WINDOW = timedelta(minutes=15)
INVITATION_LIFE = timedelta(days=7)
SESSION_LIFE = timedelta(days=30)

ROLE_NAMES = {
    "learner": _l("Học viên"),
    "trainer": _l("Giảng viên"),
    "manager": _l("Quản lý"),
    "administrator": _l("Quản trị"),
}
MEMBERSHIP_NAMES = {
    "officer": _l("Cán bộ khuyến công"),
    "collaborator": _l("Cộng tác viên khuyến công"),
    "other": _l("Khác"),
}
GENDER_NAMES = {"": _l("Không ghi"), "male": _l("Nam"), "female": _l("Nữ")}


class SignInRefused(Refusal):
    """One sentence for every cause: it must not tell which accounts exist."""

    text = _l("Tên đăng nhập hoặc mật khẩu chưa đúng. Hãy kiểm tra lại rồi thử lần nữa.")


class TooManyTries(Refusal):
    """Attempts are limited per account and per address."""

    text = _l("Đã thử quá nhiều lần. Hãy đợi 15 phút rồi thử lại, hoặc nhờ quản trị đặt lại.")


class PasswordWeak(Refusal):
    """Length decides (ASVS 5.0 6.2.1); no rules about kinds of characters."""

    text = _l("Mật khẩu cần từ 10 đến 200 ký tự và không được là mật khẩu quá phổ biến.")


class InvitationSpent(Refusal):
    """A link works once and for a week."""

    text = _l("Liên kết này đã dùng hoặc đã hết hạn. Hãy nhờ quản trị gửi liên kết mới.")


class StaffCodeTaken(Refusal):
    """A staff code names one person."""

    text = _l("Mã cán bộ này đã thuộc về người khác.")


class SignInNameTaken(Refusal):
    """An e-mail or phone can open one account only."""

    text = _l("Thư điện tử hoặc số điện thoại này đã dùng cho tài khoản khác.")


class PhoneInvalid(Refusal):
    """Ten digits from 0, or +84 and nine."""

    text = _l("Số điện thoại gồm 10 chữ số bắt đầu bằng 0, ví dụ 0912 345 678.")


class EmailInvalid(Refusal):
    """Something before an @ and a host behind it; only a letter can tell more."""

    text = _l("Địa chỉ thư điện tử này chưa đúng, ví dụ đúng: ten@tinh.gov.vn.")


class StaffCodeInvalid(Refusal):
    """A staff code is short and plain, and looks like no e-mail and no phone number."""

    text = _l(
        "Mã cán bộ gồm chữ, số và các dấu . _ / - (không có dấu cách), dài đến 30 ký tự, "
        "và không phải là số điện thoại."
    )


class BirthDateInvalid(Refusal):
    """Nobody at work was born tomorrow."""

    text = _l("Ngày sinh phải trước hôm nay.")


class NameInvalid(Refusal):
    """A name holds at least one letter; one word is a name too."""

    text = _l("Họ và tên cần có chữ cái và dài không quá 120 ký tự.")


class RoleOutOfReach(Refusal):
    """Nobody gives a role outside the units they administer."""

    text = _l("Anh/chị chỉ giao vai trò trong những đơn vị mình quản trị.")


class AccountOutOfReach(Refusal):
    """Whoever makes a password link could use it: so never for somebody with wider powers."""

    text = _l(
        "Người này giữ vai trò ngoài những đơn vị anh/chị quản trị. "
        "Hãy nhờ người quản trị của đơn vị đó tạo liên kết."
    )


_COMMON = {
    "1234567890",
    "0123456789",
    "0987654321",
    "1111111111",
    "0000000000",
    "qwertyuiop",
    "password123",
    "matkhau123",
    "khuyencong123",
    "khuyencong",
}


def check_password(password: str, *, names: tuple[str, ...] = ()) -> None:
    """Raise PasswordWeak for a password too short, too long, common, or a name of its owner."""
    lowered = password.lower()
    if (
        not PASSWORD_MIN <= len(password) <= PASSWORD_MAX
        or lowered in _COMMON
        or len(set(lowered)) < 4
        or fold(lowered).replace(" ", "") in {fold(n).replace(" ", "") for n in names if n}
    ):
        raise PasswordWeak


def check_name(full_name: str) -> str:
    """The name in its stored form; raises NameInvalid."""
    name = nfc(full_name)
    if not any(c.isalpha() for c in name) or len(name) > 120:
        raise NameInvalid
    return name


def phone_in_e164(text: str) -> str:
    """+84912345678 from what people type; empty stays empty. Raises PhoneInvalid.

    Landlines (02…, eleven digits) are accepted loosely (domain.md 6.5).
    """
    digits = re.sub(r"[\s.\-()]", "", text)
    if not digits:
        return ""
    digits = re.sub(r"^00(?=84)", "+", digits)
    if digits.startswith("+84"):
        digits = "0" + digits[3:].removeprefix("0")
    elif digits.startswith("84") and len(digits) == 11:
        digits = "0" + digits[2:]
    if not re.fullmatch(r"0[35789][0-9]{8}|02[0-9]{9}", digits):
        raise PhoneInvalid
    return "+84" + digits[1:]


def show_phone(e164: str) -> str:
    """0912 345 678 from +84912345678."""
    if not e164.startswith("+84"):
        return e164
    digits = "0" + e164[3:]
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"


def email_key(text: str) -> str:
    """An e-mail address as it is compared: NFC, no spaces, lower case."""
    return nfc(text).replace(" ", "").lower()


def check_email(text: str) -> str:
    """The address in its compared form; empty stays empty. Raises EmailInvalid."""
    email = email_key(text)
    if email and not re.fullmatch(r"[^@<>,;:\"()\[\]\\]{1,64}@[\w-]+(\.[\w-]+)+", email):
        raise EmailInvalid
    return email


def staff_code_key(text: str) -> str:
    """A staff code as it is stored and compared: NFC, capitals."""
    return nfc(text).upper()


def check_staff_code(text: str) -> str:
    """The code in its stored form; empty stays empty. Raises StaffCodeInvalid."""
    code = staff_code_key(text)
    if not code:
        return ""
    if not re.fullmatch(r"[0-9A-ZĐ][0-9A-ZĐ._/-]{0,29}", code) or _is_phone(code):
        raise StaffCodeInvalid
    return code


def _is_phone(text: str) -> bool:
    try:
        return bool(phone_in_e164(text))
    except PhoneInvalid:
        return False


def check_birth_date(birth_date: date | None, today: date) -> None:
    """Raise BirthDateInvalid."""
    if birth_date is not None and birth_date >= today:
        raise BirthDateInvalid


def staff_code_of(number: int) -> str:
    """The code that the product makes where an office has none: KC and six digits."""
    return f"KC{number:06}"


_ROLE = {"role": among(ROLE_NAMES)}
_PURPOSE = {"purpose": among({"password": _l("đặt mật khẩu"), "found": _l("thiết lập ban đầu")})}

ACTS = {
    "person.register": Act(
        group="person", sentence=_l("thêm người %(name)s, mã cán bộ %(staff_code)s")
    ),
    "person.rename": Act(group="person", sentence=_l("ghi lại họ tên của %(subject)s: %(name)s")),
    "membership.join": Act(
        group="person",
        sentence=_l("thêm nơi công tác cho %(subject)s: %(kind)s, từ %(from)s"),
        says={"kind": among(MEMBERSHIP_NAMES)},
    ),
    "membership.leave": Act(
        group="person", sentence=_l("kết thúc nơi công tác của %(subject)s từ %(on)s")
    ),
    "role.grant": Act(
        group="role", sentence=_l("giao vai trò %(role)s cho %(subject)s"), says=_ROLE
    ),
    "role.end": Act(
        group="role", sentence=_l("thu lại vai trò %(role)s của %(subject)s"), says=_ROLE
    ),
    "invitation.make": Act(
        group="sign-in",
        sentence=_l("tạo liên kết %(purpose)s cho %(subject)s"),
        says=_PURPOSE,
    ),
    "password.set": Act(group="sign-in", sentence=_l("đặt mật khẩu của %(subject)s")),
    "session.end-others": Act(
        group="sign-in", sentence=_l("đăng xuất %(subject)s khỏi các thiết bị khác")
    ),
}
