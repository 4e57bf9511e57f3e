"""The people: who they are, where they belong, who manages whom."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from app.people.models import Account, Membership, Person, RoleGrant
from app.people.rules import staff_code_of
from app.seed.loading import Loader
from app.seed.names import Names, keys_of
from app.seed.span import DAY, HOUR, Chance, Span
from app.seed.trail import Trail
from app.seed.units import Country, Place, ProvincePlaces

_IMPORTED_AT_ONCE = 0.4
"""The share of people who were entered in the first month; the others came one by one."""
_BIG_CITIES = {"01": 2.5, "79": 3.0}
"""How many times more people than their communes let one expect."""


@dataclass(slots=True, eq=False)
class Stay:
    """A place of somebody's: days counted from the span's first, the end day excluded."""

    unit: Place
    kind: str
    position: str
    is_primary: bool
    starts: int
    ends: int | None = None

    def holds(self, day: int) -> bool:
        """Whether it is held on a day."""
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass(slots=True, eq=False)
class Learner:
    """A person as the seed knows them while it works."""

    id: int
    name: str
    gender: str
    born: date | None
    came: int
    stays: tuple[Stay, ...]

    def unit_on(self, day: int) -> Place | None:
        """The unit of the primary place on a day, as `primary_membership` finds it."""
        held = [stay for stay in self.stays if stay.holds(day)]
        primary = next((stay for stay in held if stay.is_primary), None)
        return primary.unit if primary else held[0].unit if held else None

    def leaves(self) -> int | None:
        """The day of leaving for good, if any."""
        ends = [stay.ends for stay in self.stays]
        return None if None in ends else max(end for end in ends if end is not None)


@dataclass(frozen=True)
class Staff:
    """Somebody who holds a role: the fixed part of every seed."""

    code: str
    role: str
    unit: Place
    position: str


@dataclass(slots=True)
class Population:
    """Everybody, and who manages which unit."""

    learners: list[Learner]
    managers: dict[int, Learner]
    """By unit id."""


def staff_of(country: Country) -> list[Staff]:
    """Who holds a role, with the staff codes they sign in with."""
    ministry, agency = country.ministry, country.agency
    found = [
        Staff("BCT-QT", "administrator", ministry, "Quản trị hệ thống"),
        Staff("BCT-QL", "manager", ministry, "Chuyên viên cao cấp"),
        Staff("CKC-QL", "manager", agency, "Chuyên viên chính"),
        Staff("CKC-GV", "trainer", agency, "Giảng viên"),
    ]
    for places in country.provinces:
        code, department, centre = places.province.code, places.department, places.centre
        found.append(Staff(f"SCT{code}-QL", "manager", department, "Phó Giám đốc Sở"))
        found.append(Staff(f"TTKC{code}-QL", "manager", centre, "Phó Giám đốc"))
        if int(code) % 2:
            found.append(Staff(f"SCT{code}-GV", "trainer", department, "Giảng viên"))
    return found


def make(
    learners: int, country: Country, loader: Loader, trail: Trail, span: Span, chance: Chance
) -> Population:
    """Draw and store everybody."""
    people = _People(learners, country, loader, trail, span, chance)
    for staff in staff_of(country):
        people.add_staff(staff)
    for number in range(learners):
        people.add_learner(number)
    loader.finish()
    return people.population


class _People:
    def __init__(
        self,
        learners: int,
        country: Country,
        loader: Loader,
        trail: Trail,
        span: Span,
        chance: Chance,
    ) -> None:
        self.learners, self.trail, self.span = learners, trail, span
        self.chance = chance.of("persons")
        self.names = Names(chance.of("names"), people=learners)
        self.population = Population([], {})
        self.homes = _Homes(country)
        self.administrator: Learner | None = None
        self.people = self.memberships = self.accounts = self.grants = 0
        self.add_person = loader.into(
            Person,
            *("id", "staff_code", "full_name", "name_sort", "name_fold", "birth_date", "gender"),
            *("email", "phone", "created_at"),
        )
        self.add_account = loader.into(Account, "id", "person_id", "email", "phone", "created_at")
        self.add_membership = loader.into(
            Membership,
            *("id", "person_id", "unit_id", "kind", "position", "is_primary", "starts_on"),
            "ends_on",
        )
        self.add_grant = loader.into(
            RoleGrant, "id", "person_id", "role", "unit_id", "granted_by_id", "granted_at"
        )
        trail.begin(loader)

    def add_staff(self, staff: Staff) -> None:
        """Somebody with a role, there from the first day."""
        came = 7 * HOUR + self.people * 30
        stay = Stay(staff.unit, "officer", staff.position, True, -self.chance.randrange(700))
        person = self._person(staff.code, came, (stay,), None)
        self._store(person, staff.code)
        if self.administrator is None:
            self.administrator = person
        if staff.role == "manager":
            self.population.managers[staff.unit.id] = person
        self.grants += 1
        self.add_grant(
            (
                *(self.grants, person.id, staff.role, staff.unit.id, self.administrator.id),
                self.span.text(came),
            )
        )
        self.trail.record(
            "role.grant",
            actor=(self.administrator.id, self.administrator.name),
            subject=f"person:{person.id}",
            unit_id=staff.unit.id,
            after={"role": staff.role},
            at=came,
        )

    def add_learner(self, number: int) -> None:
        """The learner of a number, who comes when that number's turn is."""
        came = self._came(number / self.learners)
        province, home = self.homes.draw(self.chance)
        stays = self._stays(province, home, came // DAY)
        prefix = province.province.code if province else "TW"
        code = (
            staff_code_of(number + 1)
            if stays[0].kind == "collaborator"
            else f"CB{prefix}-{number + 1:05}"
        )
        person = self._person(code, came, stays, self.names.hard(number))
        self.population.learners.append(person)
        self._store(person, code)

    def _came(self, share: float) -> int:
        if share < _IMPORTED_AT_ONCE:
            days = share / _IMPORTED_AT_ONCE * 30
        else:
            rest = (share - _IMPORTED_AT_ONCE) / (1 - _IMPORTED_AT_ONCE)
            days = 30 + rest * (self.span.days - 31)
        # In the order of numbers also within a day, between eight and five.
        day = int(days)
        return day * DAY + 8 * HOUR + int((days - day) * 9 * HOUR)

    def _person(
        self, code: str, came: int, stays: tuple[Stay, ...], hard: tuple[str, str] | None
    ) -> Learner:
        chance = self.chance
        age = int(chance.triangular(22, 61, 36))
        born: date | None = date(self.span.until.year - age, chance.randint(1, 12), 1)
        assert born is not None
        born = born.replace(day=chance.randint(1, 28))
        gender = "male" if chance.random() < 0.56 else "female"
        name = self.names.draw(gender, born.year)
        if hard is not None:
            name, gender = hard
        if chance.random() < 0.015:
            gender = ""
        if chance.random() < 0.015:
            born = None  # an old list had none: no certificate is printed without
        self.people += 1
        return Learner(self.people, name, gender, born, came, stays)

    def _stays(self, province: ProvincePlaces | None, home: Place, day: int) -> tuple[Stay, ...]:
        chance, span = self.chance, self.span
        starts = day - (chance.randrange(700) if chance.random() < 0.6 else 0)
        is_collaborator = home.kind in ("network",) or (
            province is not None and home is province.network and chance.random() < 0.75
        )
        kind = "collaborator" if is_collaborator else "officer"
        position = "Cộng tác viên" if is_collaborator else chance.choice(_POSITIONS)
        later = chance.random()
        first = Stay(home, kind, position, True, starts)
        if later < 0.025 and day + 60 < span.days:
            first.ends = chance.randrange(day + 60, span.days)
            return (first,)
        if later < 0.085 and province is not None and day + 60 < span.days:
            first.ends = chance.randrange(day + 60, span.days)
            target = chance.choice((province.centre, province.network, province.department))
            if target is not home:
                kind = "collaborator" if target.kind == "network" else "officer"
                position = "Cộng tác viên" if kind == "collaborator" else "Chuyên viên"
                return first, Stay(target, kind, position, True, first.ends)
            first.ends = None
        elif later < 0.185 and province is not None:
            if home.kind == "network":
                commune = chance.choice(province.communes)
                return first, Stay(commune, "officer", "Công chức xã", False, starts)
            if province.network is not home:
                second = Stay(province.network, "collaborator", "Cộng tác viên", False, starts)
                return first, second
        return (first,)

    def _store(self, person: Learner, code: str) -> None:
        chance, span = self.chance, self.span
        sort, folded = keys_of(person.name)
        created = span.text(person.came)
        email = phone = ""
        if chance.random() < 0.62:
            words = "".join(c for c in folded if c.isascii() and (c.isalnum() or c == " ")).split()
            email = f"{'.'.join((words[-1], words[0]))}.{person.id}@khuyencong.example"
        if chance.random() < 0.7:
            # 053 was given to no network; multiplying spreads the numbers without repeating one.
            phone = f"+8453{person.id * 7_368_787 % 10_000_000:07}"
        born = person.born.isoformat() if person.born else None
        self.add_person(
            (
                *(person.id, code, person.name, sort, folded, born, person.gender),
                *(email, phone, created),
            )
        )
        if chance.random() < 0.97:
            self.accounts += 1
            self.add_account((self.accounts, person.id, email or None, phone or None, created))
        subject = f"person:{person.id}"
        self.trail.record(
            "person.register",
            subject=subject,
            after={"name": person.name, "staff_code": code},
            at=person.came,
        )
        for stay in person.stays:
            self._store_stay(person, stay, subject)

    def _store_stay(self, person: Learner, stay: Stay, subject: str) -> None:
        span = self.span
        self.memberships += 1
        starts = span.day_text(stay.starts)
        ends = None if stay.ends is None else span.day_text(stay.ends)
        self.add_membership(
            (
                *(self.memberships, person.id, stay.unit.id, stay.kind, stay.position),
                *(stay.is_primary, starts, ends),
            )
        )
        self.trail.record(
            "membership.join",
            subject=subject,
            unit_id=stay.unit.id,
            after={"kind": stay.kind, "position": stay.position, "from": starts},
            at=max(person.came, stay.starts * DAY + 8 * HOUR),
        )
        if stay.ends is not None:
            self.trail.record(
                "membership.leave",
                subject=subject,
                unit_id=stay.unit.id,
                after={"on": ends},
                at=stay.ends * DAY + 8 * HOUR,
            )


_POSITIONS = ("Chuyên viên", "Chuyên viên", "Chuyên viên", "Chuyên viên chính", "Trưởng phòng")


class _Homes:
    """Where somebody new belongs: mostly networks, centres and communes."""

    _KINDS = ("network", "centre", "department", "commune")
    _KIND_WEIGHTS = (54, 67, 75, 100)
    _CENTRAL_SHARE = 0.02

    def __init__(self, country: Country) -> None:
        self.country = country
        self.weights = list(
            accumulate(
                len(places.communes) * _BIG_CITIES.get(places.province.code, 1.0)
                for places in country.provinces
            )
        )

    def draw(self, chance: random.Random) -> tuple[ProvincePlaces | None, Place]:
        """A province and a unit in it; None and a unit of the Ministry's own."""
        if chance.random() < self._CENTRAL_SHARE:
            return None, chance.choice((self.country.ministry, self.country.agency))
        places = chance.choices(self.country.provinces, cum_weights=self.weights)[0]
        kind = chance.choices(self._KINDS, cum_weights=self._KIND_WEIGHTS)[0]
        if kind == "commune":
            return places, chance.choice(places.communes)
        home: Place = getattr(places, kind)
        return places, home
