"""Verbs on persons: register, join, invite, set a password, sign in and out, give roles."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from app.kernel import audit, limits, mail
from app.kernel.database import serialize, session
from app.kernel.words import _l, fold
from app.organization.models import Unit
from app.organization.queries import is_below
from app.people import queries, rules
from app.people.models import (
    Account,
    Invitation,
    Membership,
    Person,
    RoleGrant,
    UserSession,
)


def register_person(
    *,
    full_name: str,
    staff_code: str = "",
    birth_date: date | None = None,
    gender: str = "",
    email: str = "",
    phone: str = "",
    by: Any = None,
    now: datetime,
) -> Person:
    """Make a person known, with an account that has no password yet.

    Makes a staff code where none is given. Raises NameInvalid, PhoneInvalid, StaffCodeTaken
    or SignInNameTaken.
    """
    name = rules.check_name(full_name)
    phone, email = rules.phone_in_e164(phone), rules.email_key(email)
    code = staff_code.strip().upper()
    serialize("person.staff_code")
    if not code:
        code = rules.staff_code_of(queries.highest_made_code() + 1)
    elif session().scalar(select(Person.id).where(Person.staff_code == code)):
        raise rules.StaffCodeTaken
    if _name_taken(Account.email, email) or _name_taken(Account.phone, phone):
        raise rules.SignInNameTaken
    person = Person(
        staff_code=code,
        birth_date=birth_date,
        gender=gender,
        email=email,
        phone=phone,
        created_at=now,
    )
    person.rename(name)
    session().add(person)
    session().flush()
    session().add(
        Account(person_id=person.id, email=email or None, phone=phone or None, created_at=now)
    )
    audit.record(
        "person.register",
        actor=by,
        subject=f"person:{person.id}",
        after={"name": name, "staff_code": code},
        now=now,
    )
    return person


def _name_taken(column: Any, value: str) -> bool:
    return bool(value) and session().scalar(select(Account.id).where(column == value)) is not None


def join_unit(
    person: Person,
    unit: Unit,
    *,
    kind: str,
    position: str = "",
    is_primary: bool,
    starts_on: date,
    by: Any = None,
    now: datetime,
) -> Membership:
    """Give a person a place in a unit. A new primary place ends none: it takes the flag over."""
    if is_primary:
        session().execute(
            update(Membership)
            .where(Membership.person_id == person.id, Membership.is_primary)
            .values(is_primary=False)
        )
    membership = Membership(
        person_id=person.id,
        unit_id=unit.id,
        kind=kind,
        position=position,
        is_primary=is_primary,
        starts_on=starts_on,
    )
    session().add(membership)
    session().flush()
    audit.record(
        "membership.join",
        actor=by,
        subject=f"person:{person.id}",
        unit_id=unit.id,
        after={"kind": kind, "position": position, "from": starts_on.isoformat()},
        now=now,
    )
    return membership


def leave_unit(membership: Membership, *, on: date, by: Any, now: datetime) -> None:
    """End a membership from a day on; it stays readable."""
    if membership.ends_on is None:
        membership.ends_on = max(on, membership.starts_on)
        audit.record(
            "membership.leave",
            actor=by,
            subject=f"person:{membership.person_id}",
            unit_id=membership.unit_id,
            after={"on": membership.ends_on.isoformat()},
            now=now,
        )


def grant_role(
    person: Person,
    role: str,
    unit: Unit,
    *,
    by: Any,
    within: list[int] | None,
    now: datetime,
) -> RoleGrant:
    """Give a role in a unit and all below it; giving it again changes nothing.

    `within` are the units that the giver administers, or None for the machine itself.
    Raises RoleOutOfReach.
    """
    if within is not None and not is_below(within, unit.id):
        raise rules.RoleOutOfReach
    held = session().scalar(
        select(RoleGrant).where(
            RoleGrant.person_id == person.id,
            RoleGrant.role == role,
            RoleGrant.unit_id == unit.id,
            RoleGrant.ended_at.is_(None),
        )
    )
    if held is not None:
        return held
    grant = RoleGrant(
        person_id=person.id,
        role=role,
        unit_id=unit.id,
        granted_by_id=getattr(by, "id", None),
        granted_at=now,
    )
    session().add(grant)
    session().flush()
    audit.record(
        "role.grant",
        actor=by,
        subject=f"person:{person.id}",
        unit_id=unit.id,
        after={"role": role},
        now=now,
    )
    return grant


def end_role(grant: RoleGrant, *, by: Any, within: list[int], now: datetime) -> None:
    """Take a role back. Raises RoleOutOfReach."""
    if not is_below(within, grant.unit_id):
        raise rules.RoleOutOfReach
    if grant.ended_at is None:
        grant.ended_at = now
        audit.record(
            "role.end",
            actor=by,
            subject=f"person:{grant.person_id}",
            unit_id=grant.unit_id,
            before={"role": grant.role},
            now=now,
        )


def invite(person: Person | None, *, purpose: str, by: Any = None, now: datetime) -> str:
    """Make a one-time link's token: "password" for a person, "found" for the first one."""
    token = secrets.token_urlsafe(24)
    session().add(
        Invitation(
            token_hash=queries.token_hash(token),
            purpose=purpose,
            person_id=person.id if person else None,
            made_at=now,
            expires_at=now + rules.INVITATION_LIFE,
        )
    )
    audit.record(
        "invitation.make",
        actor=by,
        subject=f"person:{person.id}" if person else "installation",
        after={"purpose": purpose},
        now=now,
    )
    return token


def use_invitation(token: str, *, now: datetime) -> Invitation:
    """Spend an invitation. Raises InvitationSpent when it was used or is too old."""
    found = queries.invitation(token, now)
    if found is None:
        raise rules.InvitationSpent
    found.used_at = now
    return found


def set_password(person: Person, password_hash: str, *, now: datetime) -> Account:
    """Set a person's password (already hashed) and end every session it had."""
    account = queries.account_of(person.id)
    if account is None:
        account = Account(person_id=person.id, created_at=now)
        session().add(account)
    account.password_hash = password_hash
    session().flush()
    session().execute(
        update(UserSession)
        .where(UserSession.account_id == account.id, UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    audit.record("password.set", actor=person, subject=f"person:{person.id}", now=now)
    return account


def count_try(sign_in_name: str, address: str, *, now: datetime) -> bool:
    """Count a sign-in attempt against the name and the address; False when over the limit.

    Run it in a transaction of its own: a refused attempt counts too.
    """
    window = rules.TRY_WINDOW
    name_key = f"sign-in:name:{fold(sign_in_name)[:80]}"
    by_name = limits.take(name_key, limit=rules.ACCOUNT_TRIES, window=window, now=now)
    by_address = limits.take(
        f"sign-in:address:{address}", limit=rules.ADDRESS_TRIES, window=window, now=now
    )
    return by_name and by_address


def start_session(account: Account, *, sign_in_name: str, agent: str, now: datetime) -> str:
    """Sign a device in and return its token; the name's failed tries are forgiven."""
    token = secrets.token_urlsafe(32)
    session().add(
        UserSession(
            token_hash=queries.token_hash(token),
            account_id=account.id,
            started_at=now,
            seen_at=now,
            agent=agent[:200],
        )
    )
    limits.forgive(f"sign-in:name:{fold(sign_in_name)[:80]}")
    return token


def end_session(token: str, *, now: datetime) -> None:
    """Sign a device out; signing out twice is signing out once."""
    session().execute(
        update(UserSession)
        .where(UserSession.token_hash == queries.token_hash(token), UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def mail_invitation(person: Person, address: str, *, now: datetime) -> None:
    """Write the link to the person where an e-mail address is known."""
    if not person.email:
        return
    body = _l(
        "Kính gửi %(name)s,\n\n"
        "Anh/chị được mời tham gia học trên Bồi dưỡng Khuyến công. "
        "Hãy mở liên kết sau để đặt mật khẩu (dùng một lần, trong 7 ngày):\n\n%(address)s\n\n"
        "Mã cán bộ của anh/chị: %(code)s\n",
        name=person.full_name,
        address=address,
        code=person.staff_code,
    )
    mail.write(
        f"invitation:{queries.token_hash(address)}",
        to=person.email,
        subject=str(_l("Lời mời tham gia Bồi dưỡng Khuyến công")),
        body=str(body),
        now=now,
    )
