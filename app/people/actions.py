"""Verbs on persons: register, join, invite, set a password, sign in and out, give roles."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from app.kernel import audit, limits, mail
from app.kernel.clock import local_date
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

    Makes a staff code where none is given. Raises NameInvalid, PhoneInvalid, EmailInvalid,
    BirthDateInvalid, StaffCodeInvalid, StaffCodeTaken or SignInNameTaken.
    """
    name = rules.check_name(full_name)
    phone, email = rules.phone_in_e164(phone), rules.check_email(email)
    rules.check_birth_date(birth_date, local_date(now))
    code = rules.check_staff_code(staff_code)
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
    """Give a person a place in a unit. A new primary place ends none: it takes the flag over.

    The first place is the primary one, whatever is asked: one of them always is.
    """
    primary = queries.open_primary(person.id)
    if primary is None:
        is_primary = True
    elif is_primary:
        primary.is_primary = False
        session().flush()
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
    """End a membership from a day on; it stays readable.

    Where it was the primary one, the oldest of the others becomes primary.
    """
    if membership.ends_on is None:
        membership.ends_on = max(on, membership.starts_on)
        session().flush()
        heir = queries.oldest_open_membership(membership.person_id)
        if membership.is_primary and heir is not None:
            heir.is_primary = True
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


def invite(
    person: Person | None,
    *,
    purpose: str,
    by: Any = None,
    within: list[int] | None = None,
    now: datetime,
) -> str:
    """Make a one-time link's token: "password" for a person, "found" for the first one.

    `within` are the units that the maker administers, or None for the machine itself.
    Raises AccountOutOfReach for a person who holds a role outside them.
    """
    if within is not None and person is not None and queries.holds_role_outside(person.id, within):
        raise rules.AccountOutOfReach
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
        unit_id=_unit_of(person, now) if person else None,
        after={"purpose": purpose},
        now=now,
    )
    return token


def use_invitation(token: str, *, now: datetime) -> Invitation:
    """Spend an invitation. Raises InvitationSpent when it was used or is too old.

    Of two who open one link at once, the second waits here and is refused.
    """
    serialize("invitation.use")
    found = queries.invitation(token, now)
    if found is None:
        raise rules.InvitationSpent
    found.used_at = now
    return found


def _unit_of(person: Person, now: datetime) -> int | None:
    place = queries.primary_membership(person.id, local_date(now))
    return place.unit_id if place else None


def set_password(person: Person, password_hash: str, *, now: datetime) -> Account:
    """Set a person's password (already hashed); ends every session and every other link to it."""
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
    session().execute(
        update(Invitation)
        .where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
        .values(used_at=now)
    )
    audit.record(
        "password.set",
        actor=person,
        subject=f"person:{person.id}",
        unit_id=_unit_of(person, now),
        now=now,
    )
    return account


def count_try(sign_in_name: str, address: str, *, now: datetime) -> bool:
    """Count an attempt against the account and the address; False when over the limit.

    However a name is spelled, it counts against the one account that it opens. Run it in a
    transaction of its own: a refused attempt counts too.
    """
    return try_account(sign_in_name, address, now=now)[1]


def try_account(sign_in_name: str, address: str, *, now: datetime) -> tuple[Account | None, bool]:
    """What `count_try` does, and the account that it counted against, if the name opens one."""
    window = rules.TRY_WINDOW
    account = queries.account_for(sign_in_name)
    by_account = limits.take(
        _account_key(account) if account else f"sign-in:name:{_unknown(sign_in_name)}",
        limit=rules.ACCOUNT_TRIES,
        window=window,
        now=now,
    )
    by_address = limits.take(
        _address_key(address), limit=rules.ADDRESS_TRIES, window=window, now=now
    )
    return account, by_account and by_address


def forgive_tries(account: Account, address: str, *, now: datetime) -> None:
    """After the right password: the account's failed tries are forgotten.

    At the address only this one try is uncounted: an office may sit behind one address, and
    whoever knows one password must not wash away guesses at others.
    """
    limits.forgive(_account_key(account))
    limits.give_back(_address_key(address), window=rules.TRY_WINDOW, now=now)


def _account_key(account: Account) -> str:
    return f"sign-in:account:{account.id}"


def _address_key(address: str) -> str:
    return f"sign-in:address:{address}"


def _unknown(sign_in_name: str) -> str:
    # Only a digest: people type passwords into the wrong box.
    return queries.token_hash(fold(sign_in_name).replace(" ", ""))


def start_session(account: Account, *, agent: str, now: datetime) -> str:
    """Sign a device in and return its token."""
    token = secrets.token_urlsafe(32)
    session().add(
        UserSession(
            token_hash=queries.token_hash(token),
            account_id=account.id,
            started_at=now,
            agent=agent[:200],
        )
    )
    return token


def end_session(token: str, *, now: datetime) -> None:
    """Sign a device out; signing out twice is signing out once."""
    session().execute(
        update(UserSession)
        .where(UserSession.token_hash == queries.token_hash(token), UserSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_other_sessions(person: Person, token: str, *, now: datetime) -> None:
    """Sign a person out everywhere but on the device that holds this token."""
    account = queries.account_of(person.id)
    if account is None:
        return
    session().execute(
        update(UserSession)
        .where(
            UserSession.account_id == account.id,
            UserSession.token_hash != queries.token_hash(token),
            UserSession.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    audit.record(
        "session.end-others",
        actor=person,
        subject=f"person:{person.id}",
        unit_id=_unit_of(person, now),
        now=now,
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
