"""Reads of persons, accounts, roles and scopes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, distinct, func, not_, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.kernel.database import session
from app.kernel.refusals import Refusal
from app.kernel.slots import SignedIn
from app.kernel.words import fold
from app.organization.queries import ids_below
from app.people import rules
from app.people.models import (
    Account,
    Invitation,
    Membership,
    Person,
    RoleGrant,
    UserSession,
)


def token_hash(token: str) -> str:
    """What the database keeps of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


# Every request begins with this one: put together once, not for each.
_SIGNED_IN = (
    select(Person, RoleGrant.role, RoleGrant.unit_id)
    .select_from(UserSession)
    .join(Account, Account.id == UserSession.account_id)
    .join(Person, Person.id == Account.person_id)
    .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.ended_at.is_(None)))
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.ended_at.is_(None),
        UserSession.started_at > bindparam("since"),
        Account.closed_at.is_(None),
    )
)


def load_signed_in(token: str, now: datetime) -> SignedIn | None:
    """Who holds a session token, with their roles, in one statement; None when it ended."""
    asked = {"token_hash": token_hash(token), "since": now - rules.SESSION_LIFE}
    rows = session().execute(_SIGNED_IN, asked).all()
    if not rows:
        return None
    roles = tuple((row.role, row.unit_id) for row in rows if row.role)
    return SignedIn(person=rows[0].Person, session_token=token, roles=roles)


def account_for(sign_in_name: str) -> Account | None:
    """The open account behind a staff code, an e-mail or a phone number."""
    name = sign_in_name.strip()
    matches = [
        Person.staff_code == rules.staff_code_key(name),
        Account.email == rules.email_key(name),
    ]
    try:
        phone = rules.phone_in_e164(name)
    except Refusal:
        phone = ""
    if phone:
        matches.append(Account.phone == phone)
    return session().scalar(
        select(Account)
        .join(Person, Person.id == Account.person_id)
        .where(or_(*matches), Account.closed_at.is_(None))
        .limit(1)
    )


def invitation(token: str, now: datetime) -> Invitation | None:
    """An invitation that still works; one to found works only as long as nobody has."""
    found = session().get(Invitation, token_hash(token), populate_existing=True)
    if found is None or found.used_at is not None or found.expires_at <= now:
        return None
    if found.purpose == "found" and is_founded():
        return None
    return found


def persons_in(roots: Sequence[int], on: date) -> Select[int]:
    """Ids of persons with a membership in the units or below on a day, as a subquery."""
    return select(Membership.person_id).where(
        Membership.unit_id.in_(ids_below(roots)),
        Membership.starts_on <= on,
        or_(Membership.ends_on.is_(None), Membership.ends_on > on),
    )


def holds_on(place: Any, day: date) -> ColumnElement[bool]:
    """Whether a membership (or an alias of it) holds on a day."""
    return and_(place.starts_on <= day, or_(place.ends_on.is_(None), place.ends_on > day))


def how_many_people(holds: Callable[[Any], ColumnElement[bool]], day: date) -> Select[int]:
    """How many people of today hold a place on a day in the units that `holds` says of a column.

    Nobody has two primary places without an end (ux_membership_primary): those are counted
    as they are. Only who holds another kind of place there is looked at one by one.
    """
    own, further = aliased(Membership), aliased(Membership)
    merged = select(Person.id).where(Person.current_id.is_not(None))
    is_own = and_(own.is_primary, own.ends_on.is_(None), own.starts_on <= day)
    owners = (
        select(func.count())
        .select_from(own)
        .where(holds(own.unit_id), is_own, own.person_id.not_in(merged))
    )
    others = select(func.count(distinct(further.person_id))).where(
        holds(further.unit_id),
        or_(not_(further.is_primary), further.ends_on.is_not(None)),
        holds_on(further, day),
        further.person_id.not_in(merged),
        ~select(own.id)
        .where(own.person_id == further.person_id, holds(own.unit_id), is_own)
        .correlate(further)
        .exists(),
    )
    return select(owners.scalar_subquery() + others.scalar_subquery())


def kept_in(roots: Sequence[int], on: date) -> ColumnElement[bool]:
    """Whether the units or those below keep a person, for administrators.

    Besides who holds a place there on a day: who will, and who held their last place there.
    """
    place, held = aliased(Membership), aliased(Membership)
    has_a_place = (
        select(held.id)
        .where(
            held.person_id == place.person_id,
            or_(held.ends_on.is_(None), held.ends_on > on),
        )
        .correlate(place)
        .exists()
    )
    return (
        select(place.id)
        .where(
            place.person_id == Person.id,
            place.unit_id.in_(ids_below(roots)),
            or_(place.ends_on.is_(None), place.ends_on > on, ~has_a_place),
        )
        .correlate(Person)
        .exists()
    )


def person_in_scope(person_id: int, roots: Sequence[int], on: date) -> Person | None:
    """A person kept in someone's units, with memberships; None when not there or not theirs."""
    return session().scalar(
        select(Person)
        .where(Person.id == person_id, kept_in(roots, on))
        .options(selectinload(Person.memberships).joinedload(Membership.unit))
    )


def primary_membership(person_id: int, on: date) -> Membership | None:
    """Where a person works on a day: the primary membership, else the oldest."""
    return session().scalar(
        select(Membership)
        .where(
            Membership.person_id == person_id,
            Membership.starts_on <= on,
            or_(Membership.ends_on.is_(None), Membership.ends_on > on),
        )
        .options(joinedload(Membership.unit))
        .order_by(Membership.is_primary.desc(), Membership.id)
        .limit(1)
    )


def memberships_of(person_id: int, on: date) -> Sequence[Membership]:
    """All places a person holds on a day, the primary one first, with their units."""
    return (
        session()
        .scalars(
            select(Membership)
            .where(
                Membership.person_id == person_id,
                Membership.starts_on <= on,
                or_(Membership.ends_on.is_(None), Membership.ends_on > on),
            )
            .options(joinedload(Membership.unit))
            .order_by(Membership.is_primary.desc(), Membership.id)
        )
        .all()
    )


def people_page(
    roots: Sequence[int], *, search: str, on: date, after: tuple[str, int] | None, size: int
) -> Sequence[Person]:
    """Persons in scope by Vietnamese name order, one more than a page to know of a next one."""
    statement = (
        select(Person)
        .where(kept_in(roots, on), Person.current_id.is_(None))
        .options(selectinload(Person.memberships).joinedload(Membership.unit))
        .order_by(Person.name_sort, Person.id)
        .limit(size + 1)
    )
    if search:
        statement = statement.where(
            or_(
                Person.name_fold.contains(fold(search), autoescape=True),
                Person.staff_code == rules.staff_code_key(search),
            )
        )
    if after is not None:
        sort, person_id = after
        statement = statement.where(
            or_(Person.name_sort > sort, and_(Person.name_sort == sort, Person.id > person_id))
        )
    return session().scalars(statement).all()


def roles_of(person_id: int) -> Sequence[RoleGrant]:
    """The roles a person holds now, with their units."""
    return (
        session()
        .scalars(
            select(RoleGrant)
            .where(RoleGrant.person_id == person_id, RoleGrant.ended_at.is_(None))
            .options(joinedload(RoleGrant.unit))
            .order_by(RoleGrant.id)
        )
        .all()
    )


def account_of(person_id: int) -> Account | None:
    """A person's account."""
    return session().scalar(select(Account).where(Account.person_id == person_id))


def sessions_of(account_id: int, now: datetime) -> Sequence[UserSession]:
    """The devices on which an account is signed in at a moment, the latest first."""
    return (
        session()
        .scalars(
            select(UserSession)
            .where(
                UserSession.account_id == account_id,
                UserSession.ended_at.is_(None),
                UserSession.started_at > now - rules.SESSION_LIFE,
            )
            .order_by(UserSession.started_at.desc())
        )
        .all()
    )


def highest_made_code() -> int:
    """The highest number among staff codes that the product made."""
    code = session().scalar(
        select(Person.staff_code)
        .where(
            Person.staff_code >= "KC",
            Person.staff_code < "KD",
            Person.staff_code.regexp_match("^KC[0-9]{6}$"),
        )
        .order_by(Person.staff_code.desc())
        .limit(1)
    )
    return int(code[2:]) if code else 0


def is_founded() -> bool:
    """Whether somebody administers this installation already."""
    return session().scalar(select(RoleGrant.id).limit(1)) is not None


def open_primary(person_id: int) -> Membership | None:
    """The primary membership that nobody has ended."""
    return session().scalar(
        select(Membership).where(
            Membership.person_id == person_id,
            Membership.is_primary,
            Membership.ends_on.is_(None),
        )
    )


def oldest_open_membership(person_id: int) -> Membership | None:
    """The oldest membership that nobody has ended."""
    return session().scalar(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.ends_on.is_(None))
        .order_by(Membership.id)
        .limit(1)
    )


def holds_role_outside(person_id: int, roots: Sequence[int]) -> bool:
    """Whether a person holds a role in a unit that is not one of the roots or below one."""
    return (
        session().scalar(
            select(RoleGrant.id)
            .where(
                RoleGrant.person_id == person_id,
                RoleGrant.ended_at.is_(None),
                RoleGrant.unit_id.not_in(ids_below(roots)),
            )
            .limit(1)
        )
        is not None
    )
