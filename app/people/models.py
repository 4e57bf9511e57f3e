"""Persons, memberships, accounts, roles, sessions and invitations."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.database import Base
from app.kernel.words import name_fold, name_sort_key, nfc
from app.organization.models import Unit

MEMBERSHIP_KINDS = ("officer", "collaborator", "other")
ROLES = ("trainer", "manager", "administrator")
GENDERS = ("male", "female", "")


class Person(Base):
    """A human being known to the network, with or without an account."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_code: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    name_sort: Mapped[str] = mapped_column(index=True)
    name_fold: Mapped[str] = mapped_column(index=True)
    birth_date: Mapped[date | None]
    gender: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    current_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    """The survivor of a merge; every read goes through it, undo sets it back to None."""
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="person", order_by="Membership.id"
    )

    def place_on(self, day: date) -> Membership | None:
        """Where the person works on a day: the primary place, else the oldest, else none."""
        held = [place for place in self.memberships if place.holds_on(day)]
        return min(held, key=lambda place: (not place.is_primary, place.id), default=None)

    def rename(self, full_name: str) -> None:
        """Set the name with its sort and search keys; display order is family name first."""
        self.full_name = nfc(full_name)
        self.name_sort = name_sort_key(self.full_name)
        self.name_fold = name_fold(self.full_name)


class Membership(Base):
    """A person's place in a unit for a time; the work unit and the network may both hold."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        Index(
            "ux_membership_primary",
            "person_id",
            unique=True,
            sqlite_where=text("is_primary AND ends_on IS NULL"),
            postgresql_where=text("is_primary AND ends_on IS NULL"),
        ),
        # Who holds a place where on a day is read from these indexes alone …
        Index(
            "ix_membership_unit",
            *("unit_id", "ends_on", "starts_on", "is_primary", "person_id", "kind"),
        ),
        Index("ix_membership_person", "person_id", "unit_id", "starts_on", "ends_on", "kind"),
        # … and the few places that may be somebody's second one from this.
        Index(
            "ix_membership_further",
            *("unit_id", "ends_on", "starts_on", "person_id", "kind"),
            sqlite_where=text("is_primary = 0 OR ends_on IS NOT NULL"),
            postgresql_where=text("NOT is_primary OR ends_on IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    position: Mapped[str] = mapped_column(default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """Half-open: the first day on which it no longer holds."""

    person: Mapped[Person] = relationship(back_populates="memberships")
    unit: Mapped[Unit] = relationship()

    def holds_on(self, day: date) -> bool:
        """Whether the place is held on a day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


class Account(Base):
    """A way to sign in: staff code, e-mail or phone, and a password once one is set."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    phone: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class RoleGrant(Base):
    """A role held in a unit and all below it, from its grant until its end."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()


class UserSession(Base):
    """One signed-in device; the cookie holds the token, the table only its hash."""

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(default="")


class Invitation(Base):
    """A one-time link: to set the first password, or to found the installation."""

    __tablename__ = "invitation"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
