"""The manager's lists, each declared once: what is seen is what is exported.

A row belongs to the unit that was its person's when it happened. People are listed by the
memberships they hold today. A merged person is shown as the one who remains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from app.catalog.models import Course, CourseVersion
from app.catalog.words import THEME_NAMES
from app.credentials.models import (
    ENDING_KINDS,
    Certificate,
    CertificateEvent,
    Recognition,
    RecognizedCompletion,
)
from app.credentials.queries import ended, visible_to
from app.credentials.rules import STATE_NAMES, State, state_on
from app.kernel import clock
from app.kernel.database import is_sqlite
from app.kernel.lists.columns import Column, Expression, Kind
from app.kernel.lists.filters import Choice, Condition, DateOf, Narrowing, Period, Search
from app.kernel.lists.listing import List
from app.kernel.lists.rows import Join, Rows, Walk, not_of_one_table, unindexed
from app.kernel.words import Words, _l
from app.learning.models import Completion, Enrollment
from app.organization.models import Unit
from app.organization.queries import Breadth, ids_below, in_units
from app.people.models import Membership, Person
from app.people.queries import holds_on, how_many_people
from app.people.rules import MEMBERSHIP_NAMES
from app.reporting import rules
from app.reporting.administrative import decision_text, note_of

UNIT, COURSE, THEME, STATE, MEMBER = "don-vi", "khoa", "chu-de", "trang-thai", "loai"

# The person of today: whoever survived the merges of the one a row was made with.
Today = aliased(Person, name="today")
Issuer = aliased(Unit, name="issuer")

# Made once, since making them takes longer than asking with them.
_Merged = aliased(Person, name="merged")
_Newer = aliased(Certificate, name="newer")
_Place, _Held = aliased(Membership, name="place"), aliased(Membership, name="held")


@dataclass(frozen=True)
class Scope:
    """What somebody may see: the units they manage with all below, on a day."""

    roots: tuple[int, ...]
    on: date
    language: str = "vi"
    breadth: Breadth = Breadth.PART

    @property
    def units(self) -> Select[int]:
        """Ids of the units in scope, as a subquery."""
        return ids_below(self.roots)

    @property
    def is_broad(self) -> bool:
        """Whether it is a good part of the country."""
        return self.breadth is not Breadth.PART

    def holds(self, unit_id: Any) -> ColumnElement[bool]:
        """Whether a row's unit is in scope, said in the way that its breadth makes quick."""
        return in_units(unit_id, self.roots, self.breadth)

    def narrowed(self, arguments: Mapping[str, str]) -> Scope:
        """The scope of the unit that was chosen in a filter, itself where none was."""
        chosen = arguments.get(UNIT)
        if not chosen or self.roots == (int(chosen),):
            return self
        return replace(self, roots=(int(chosen),), breadth=Breadth.PART)


def title_in(language: str) -> ColumnElement[Any]:
    """A course's title in a language, else as it was written."""
    title = CourseVersion.title
    return func.coalesce(
        title[language].as_string(), title["vi"].as_string(), title["en"].as_string()
    ).label("course")


def is_latest_certificate() -> ColumnElement[bool]:
    """Whether a certificate is its completion's: the one issued last, where it was replaced.

    Says of the completion first, which both databases look up by index.
    """
    newer = _Newer
    latest = (
        select(func.max(newer.id))
        .where(newer.completion_id == Completion.id)
        .correlate(Completion)
        .scalar_subquery()
    )
    return and_(Certificate.completion_id == Completion.id, Certificate.id == latest)


def ended_by() -> ColumnElement[Any]:
    """How a certificate ended; null while it holds."""
    return (
        select(func.max(CertificateEvent.kind))
        .where(
            CertificateEvent.certificate_id == Certificate.id,
            CertificateEvent.kind.in_(ENDING_KINDS),
        )
        .correlate(Certificate)
        .scalar_subquery()
    )


def _there_is(one: Select[Any]) -> ColumnElement[bool]:
    """Whether a person has something, asked of each on the way.

    As a value, not as EXISTS: PostgreSQL would first gather everybody who has.
    """
    return one.limit(1).correlate(Person).scalar_subquery().is_not(None)


def _of_person(counted: Expression, owner: Expression) -> Select[Any]:
    """What belongs to a person of today and to all who were merged into them."""
    return select(counted).where(owner.in_(_everybody_who_is(Person.id))).correlate(Person)


def _everybody_who_is(person_id: Any) -> Any:
    """Ids of a person of today and of all who were merged into them, looked up by index.

    Two questions put together: of one with alternatives, neither database is sure to see it.
    """
    return union_all(
        select(unindexed(person_id)),
        select(_Merged.id).where(_Merged.current_id == unindexed(person_id)),
    )


@cache
def _deeds() -> tuple[ColumnElement[Any], ...]:
    """What somebody has done in all: the same columns for whoever asks."""
    counted = {
        "enrolled": _of_person(func.count(), Enrollment.person_id),
        "completed": _of_person(func.count(), Completion.person_id),
        "periods": _of_person(func.coalesce(func.sum(Completion.periods), 0), Completion.person_id),
        "certified": _of_person(func.count(), Certificate.person_id).where(~ended()),
        "active_at": _of_person(func.max(Enrollment.last_activity_at), Enrollment.person_id),
    }
    return tuple(found.scalar_subquery().label(key) for key, found in counted.items())


def _people(scope: Scope) -> Rows:
    place, held = _Place, _Held
    first_place = (
        select(place.id)
        .where(
            place.person_id == Person.id,
            # Of a person's few places, not of all units one by one whether the person is there.
            scope.holds(unindexed(place.unit_id)),
            holds_on(place, scope.on),
        )
        .order_by(place.is_primary.desc(), place.id)
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    among_members = Person.id.in_(
        select(held.person_id).where(scope.holds(held.unit_id), holds_on(held, scope.on))
    )
    has_a_place = _there_is(
        select(held.id).where(
            held.person_id == Person.id,
            scope.holds(unindexed(held.unit_id)),
            holds_on(held, scope.on),
        )
    )
    return Rows(
        table=Person,
        where=(Person.current_id.is_(None), has_a_place if scope.is_broad else among_members),
        row_by_row=(Person.current_id.is_(None), has_a_place),
        is_broad=scope.is_broad,
        walks={Unit: lambda: _members_by_unit(scope, first_place)} if is_sqlite() else {},
        joins=(
            Join(Membership, Membership.id == first_place),
            Join(Unit, Unit.id == Membership.unit_id),
        ),
        columns=(
            Person.id.label("person_id"),
            Person.full_name,
            Person.staff_code,
            Membership.kind,
            Membership.position,
            Unit.name.label("unit_name"),
            *_deeds(),
        ),
        total=lambda: how_many_people(scope.holds, scope.on),
    )


def _members_by_unit(scope: Scope, first_place: ColumnElement[Any]) -> Walk:
    """People by the names of their units; PostgreSQL sorts everybody sooner than it does this."""
    return Walk(
        Unit,
        (
            Join(Membership, Membership.unit_id == unindexed(Unit.id)),
            Join(Person, Person.id == Membership.person_id),
        ),
        (scope.holds(unindexed(Unit.id)), Membership.id == first_place),
    )


def _of_today(person_id: Any) -> tuple[Join, Join]:
    return (
        Join(Person, Person.id == person_id),
        Join(Today, Today.id == func.coalesce(Person.current_id, Person.id)),
    )


def _walks(scope: Scope, table: Any) -> dict[Any, Callable[[], Walk]]:
    return {
        Today: lambda: _by_name(table),
        Unit: lambda: _by_unit(scope, table),
        CourseVersion: lambda: _by_course(table),
    }


def _by_name(table: Any) -> Walk:
    """By names of people a long list begins with them, since an index has that order."""
    first = (unindexed(Today.current_id).is_(None),)
    if not is_sqlite():
        is_same = or_(Person.id == Today.id, Person.current_id == Today.id)
        joins = (Join(Person, is_same), Join(table, table.person_id == Person.id))
        return Walk(Today, joins, first)
    # SQLite looks up by an index for a list of ids, for alternatives it does not always.
    same = _everybody_who_is(Today.id)
    return Walk(Today, (Join(table, table.person_id.in_(same)),), first)


def _by_course(table: Any) -> Walk:
    """By titles of courses it begins with these, which are few."""
    of_version = and_(
        table.course_id == unindexed(CourseVersion.course_id),
        unindexed(table.version_id) == unindexed(CourseVersion.id),
    )
    return Walk(CourseVersion, (Join(table, of_version),))


def _by_unit(scope: Scope, table: Any) -> Walk:
    """By names of units likewise."""
    is_there = table.unit_id == unindexed(Unit.id)
    if is_sqlite():
        # A list of one: for an equality it might first make an index of its own.
        is_there = table.unit_id.in_(select(unindexed(Unit.id)))
    return Walk(Unit, (Join(table, is_there),), (scope.holds(unindexed(Unit.id)),))


def _enrollments(scope: Scope) -> Rows:
    return Rows(
        table=Enrollment,
        where=(scope.holds(Enrollment.unit_id),),
        is_broad=scope.is_broad,
        joins=(
            *_of_today(Enrollment.person_id),
            Join(CourseVersion, CourseVersion.id == Enrollment.version_id),
            Join(Unit, Unit.id == Enrollment.unit_id),
        ),
        walks=_walks(scope, Enrollment),
        columns=(
            Today.id.label("person_id"),
            Today.full_name,
            Today.staff_code,
            Unit.name.label("unit_name"),
            title_in(scope.language),
            CourseVersion.theme,
            CourseVersion.completion.label("rule"),
            Enrollment.round,
            Enrollment.enrolled_at,
            Enrollment.lessons_done,
            Enrollment.last_activity_at,
            Enrollment.completed_at,
        ),
    )


def _completions(scope: Scope) -> Rows:
    return Rows(
        table=Completion,
        where=(scope.holds(Completion.unit_id),),
        is_broad=scope.is_broad,
        joins=(
            *_of_today(Completion.person_id),
            Join(CourseVersion, CourseVersion.id == Completion.version_id),
            Join(Unit, Unit.id == Completion.unit_id),
            Join(
                RecognizedCompletion,
                RecognizedCompletion.completion_id == Completion.id,
                is_outer=True,
            ),
            Join(
                Recognition,
                Recognition.id == RecognizedCompletion.recognition_id,
                is_outer=True,
            ),
            Join(Certificate, is_latest_certificate(), is_outer=True),
        ),
        walks=_walks(scope, Completion),
        columns=(
            Today.id.label("person_id"),
            Today.full_name,
            Today.staff_code,
            func.coalesce(func.nullif(Completion.unit_name, ""), Unit.name).label("unit_name"),
            title_in(scope.language),
            CourseVersion.theme,
            Completion.periods,
            Completion.source,
            Completion.completed_at,
            Completion.percent,
            Recognition.decision_number,
            Recognition.decision_date,
            Certificate.register_no,
            Certificate.issued_on,
            ended_by().label("ended_by"),
        ),
    )


def _trained(scope: Scope) -> Rows:
    position = func.coalesce(
        _position(Membership.unit_id == Completion.unit_id),
        _position(Membership.is_primary.is_(True)),
    )
    rows = _completions(scope)
    return replace(rows, columns=(*rows.columns, Today.birth_date, position.label("position")))


def _position(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """The latest position that a person of a completion holds or held in some place."""
    return (
        select(Membership.position)
        .where(Membership.person_id == Today.id, condition)
        .order_by(Membership.id.desc())
        .limit(1)
        .correlate(Today, Completion)
        .scalar_subquery()
    )


def _certificates(scope: Scope) -> Rows:
    is_visible = (
        Certificate.issuer_id.is_not(None)
        if scope.breadth is Breadth.ALL
        else visible_to(scope.roots)
    )
    return Rows(
        table=Certificate,
        where=(is_visible,),
        is_broad=scope.is_broad,
        joins=(
            *_of_today(Certificate.person_id),
            Join(Completion, Completion.id == Certificate.completion_id),
            Join(CourseVersion, CourseVersion.id == Completion.version_id),
            Join(Unit, Unit.id == Completion.unit_id, is_outer=True),
            Join(Issuer, Issuer.id == Certificate.issuer_id),
            Join(RecognizedCompletion, RecognizedCompletion.id == Certificate.recognized_id),
            Join(Recognition, Recognition.id == RecognizedCompletion.recognition_id),
        ),
        walks={Today: lambda: _by_name(Certificate)},
        columns=(
            Certificate.code,
            Certificate.register_no,
            Today.id.label("person_id"),
            Today.full_name,
            Today.staff_code,
            func.coalesce(func.nullif(Completion.unit_name, ""), Unit.name).label("unit_name"),
            title_in(scope.language),
            CourseVersion.theme,
            Completion.periods,
            Completion.completed_at,
            Issuer.name.label("issuer_name"),
            Recognition.decision_number,
            Recognition.decision_date,
            Certificate.issued_on,
            Certificate.expires_on,
            literal(scope.on, Date()).label("seen_on"),
            ended_by().label("ended_by"),
        ),
    )


# Columns


def _named(names: dict[str, Words], key: str) -> Callable[[Any], str]:
    """The word for a code of the row; a code without a word shows itself."""
    return lambda row: str(names.get(getattr(row, key), getattr(row, key)))


def certificate_state(row: Any, on: date) -> str:
    """What holds of a row's certificate on a day."""
    return str(STATE_NAMES[state_on(on, expires_on=row.expires_on, ended_by=row.ended_by)])


def progress(row: Any) -> float | None:
    """The share of the lessons that count which are finished; a completion is the whole."""
    if row.completed_at is not None:
        return 1.0
    counted = len(row.rule.get("lessons") or ()) if row.rule else 0
    return min(row.lessons_done / counted, 1.0) if counted else None


def _completion_state(row: Any) -> str:
    state = rules.completion_state(row.decision_number, row.register_no)
    return str(rules.COMPLETION_STATES[state])


def _name_columns(person: Any) -> tuple[Column, ...]:
    return (
        Column(
            key="full_name",
            heading=_l("Họ và tên"),
            kind=Kind.NAME,
            width=26,
            sort=(person.name_sort,),
        ),
        Column(
            key="staff_code",
            heading=_l("Mã cán bộ"),
            kind=Kind.CODE,
            width=12,
            sort=(person.staff_code,),
            beneath="full_name",
        ),
    )


def _unit_column(*, is_nullable: bool = False, beneath: str = "") -> Column:
    return Column(
        key="unit_name",
        heading=_l("Đơn vị"),
        width=34,
        sort=(Unit.name_sort, Today.name_sort),
        nullable=is_nullable,
        beneath=beneath,
    )


_COURSE = Column(
    key="course",
    heading=_l("Khóa học"),
    width=38,
    sort=(CourseVersion.title_sort, Today.name_sort),
)
_THEME = Column(
    key="theme",
    heading=_l("Chủ đề"),
    width=22,
    value=_named(THEME_NAMES, "theme"),
    beneath="course",
)
_PERIODS = Column(
    key="periods", heading=_l("Số tiết"), kind=Kind.NUMBER, width=8, sort=(Completion.periods,)
)
_COMPLETED = Column(
    key="completed_at",
    heading=_l("Ngày hoàn thành"),
    kind=Kind.DATE,
    width=12,
    sort=(Completion.completed_at,),
)
_DECISION = Column(
    key="decision_number", heading=_l("Quyết định công nhận"), kind=Kind.CODE, width=18
)
_DECISION_DATE = Column(
    key="decision_date",
    heading=_l("Ngày quyết định"),
    kind=Kind.DATE,
    width=12,
    sort=(Recognition.decision_date,),
    nullable=True,
    beneath="decision_number",
)
_REGISTER_NO = Column(
    key="register_no",
    heading=_l("Số vào sổ"),
    kind=Kind.CODE,
    width=12,
    sort=(Certificate.register_no,),
    nullable=True,
)
_OF_REGISTER = (
    Column(
        key="register_no",
        heading=_l("Số vào sổ"),
        kind=Kind.CODE,
        width=12,
        sort=(Certificate.register_no,),
    ),
    Column(
        key="issued_on",
        heading=_l("Ngày cấp"),
        kind=Kind.DATE,
        width=12,
        sort=(Certificate.issued_on,),
        beneath="register_no",
    ),
)
_ISSUED = Column(
    key="issued_on",
    heading=_l("Ngày cấp"),
    kind=Kind.DATE,
    width=12,
    sort=(Certificate.issued_on,),
    nullable=True,
    beneath="register_no",
)


# Filters


def _unit_filter(column: Any = None) -> Choice:
    """A unit with all below it: a smaller scope, or a condition on a column of its own."""
    return Choice(
        key=UNIT,
        heading=_l("Đơn vị"),
        condition=lambda value: true() if column is None else column.in_(ids_below([int(value)])),
        everything=_l("Toàn bộ đơn vị của tôi"),
    )


def _of_slug(slug: str) -> ColumnElement[int]:
    return select(Course.id).where(Course.slug == slug).scalar_subquery()


def _of_theme(theme: str) -> Select[int]:
    return select(CourseVersion.id).where(CourseVersion.theme == theme)


def _course_filter(course_id: Any) -> Choice:
    return Choice(
        key=COURSE,
        heading=_l("Khóa học"),
        condition=lambda value: course_id == _of_slug(value),
        everything=_l("Mọi khóa học"),
    )


def _theme_filter(condition: Callable[[Select[int]], Condition]) -> Choice:
    return Choice(
        key=THEME,
        heading=_l("Chủ đề"),
        condition=lambda value: condition(_of_theme(value)),
        everything=_l("Mọi chủ đề"),
    )


def _search(person_id: Any) -> Search:
    """People are found by what they are called today; their rows are those of every merge."""

    def rows_of(is_called: ColumnElement[bool]) -> Narrowing:
        merged = _Merged
        found = select(Today.id).where(is_called, unindexed(Today.current_id).is_(None))
        were_others = (
            select(merged.id)
            .join(Today, Today.id == unindexed(merged.current_id))
            .where(merged.current_id.is_not(None), not_of_one_table(is_called, merged.id))
        )
        return Narrowing(
            keys=union_all(found, were_others),
            among=person_id.in_,
            row_by_row=not_of_one_table(is_called, person_id),
        )

    return Search(
        heading=_l("Tìm tên hoặc mã"),
        columns=(Today.name_fold,),
        codes=(Today.staff_code,),
        within=rows_of,
    )


_OF_COMPLETION = DateOf(
    key="hoan-thanh",
    heading=_l("Ngày hoàn thành"),
    column=Completion.completed_at,
    is_moment=True,
)
_OF_DECISION = DateOf(
    key="quyet-dinh",
    heading=_l("Ngày quyết định"),
    column=Recognition.decision_date,
)
_OF_ISSUE = DateOf(
    key="cap",
    heading=_l("Ngày cấp"),
    column=Certificate.issued_on,
)


def _who_has(owner: Any, condition: ColumnElement[bool]) -> Narrowing:
    """People to whom an enrollment or a completion of a kind belongs."""
    return Narrowing(
        keys=select(owner).where(condition).distinct(),
        among=Person.id.in_,
        row_by_row=_there_is(select(owner).where(owner == Person.id, condition)),
    )


def _has_completed(condition: ColumnElement[bool]) -> Narrowing:
    return _who_has(Completion.person_id, condition)


def _has_enrolled(condition: ColumnElement[bool]) -> Narrowing:
    return _who_has(Enrollment.person_id, condition)


def _has_certificate() -> ColumnElement[bool]:
    """Whether a certificate was issued, be it taken back since."""
    issued = _Newer
    found = select(issued.id).where(issued.completion_id == Completion.id).correlate(Completion)
    return or_(Completion.certified_on.is_not(None), found.exists())


def _completion_condition(value: str) -> ColumnElement[bool]:
    return {
        rules.WAITING: Completion.recognized_at.is_(None),
        rules.RECOGNIZED: and_(Completion.recognized_at.is_not(None), ~_has_certificate()),
        rules.CERTIFIED: _has_certificate(),
    }[value]


def _certificate_condition(value: str) -> Condition:
    has_expired = and_(Certificate.expires_on.is_not(None), Certificate.expires_on <= clock.today())
    if value == State.IN_FORCE:
        return and_(~ended(), ~has_expired)
    if value == State.EXPIRED:
        return and_(~ended(), has_expired)
    # In so many words, as the index of the few ends says it.
    ends: BindParameter[Any] = bindparam(None, ENDING_KINDS, expanding=True, literal_execute=True)
    return Narrowing(
        keys=select(CertificateEvent.certificate_id).where(
            CertificateEvent.kind.in_(ends), CertificateEvent.kind == value
        ),
        among=Certificate.id.in_,
        row_by_row=ended_by() == value,
    )


# The lists

PEOPLE: List[Scope] = List(
    name="people",
    title=_l("Cán bộ và cộng tác viên"),
    columns=(
        *_name_columns(Person),
        Column(key="kind", heading=_l("Loại"), width=20, value=_named(MEMBERSHIP_NAMES, "kind")),
        Column(key="position", heading=_l("Chức vụ"), width=22, beneath="kind"),
        Column(
            key="unit_name",
            heading=_l("Đơn vị"),
            width=34,
            sort=(Unit.name_sort, Person.name_sort),
        ),
        Column(key="enrolled", heading=_l("Lượt ghi danh"), kind=Kind.NUMBER, width=10),
        Column(key="completed", heading=_l("Hoàn thành"), kind=Kind.NUMBER, width=10),
        Column(key="periods", heading=_l("Số tiết"), kind=Kind.NUMBER, width=10),
        Column(key="certified", heading=_l("Số giấy"), kind=Kind.NUMBER, width=10),
        Column(key="active_at", heading=_l("Hoạt động gần nhất"), kind=Kind.DATE, width=12),
    ),
    rows=_people,
    row_id=Person.id,
    sorted_by="full_name",
    filters=(
        _unit_filter(),
        Choice(
            key=MEMBER,
            heading=_l("Loại"),
            condition=lambda value: Membership.kind == value,
            everything=_l("Mọi người"),
        ),
        Choice(
            key=COURSE,
            heading=_l("Khóa học"),
            condition=lambda value: _has_enrolled(Enrollment.course_id == _of_slug(value)),
            everything=_l("Mọi khóa học"),
        ),
        _theme_filter(lambda versions: _has_enrolled(Enrollment.version_id.in_(versions))),
        Period(
            dates=(
                DateOf(
                    key="hoan-thanh",
                    heading=_l("Có khóa hoàn thành trong khoảng ngày"),
                    column=Completion.completed_at,
                    is_moment=True,
                    within=_has_completed,
                ),
                DateOf(
                    key="ghi-danh",
                    heading=_l("Có ghi danh trong thời gian"),
                    column=Enrollment.enrolled_at,
                    is_moment=True,
                    within=_has_enrolled,
                ),
            )
        ),
        Search(
            heading=_l("Tìm tên hoặc mã"),
            columns=(Person.name_fold,),
            codes=(Person.staff_code,),
            within=lambda is_called: Narrowing(
                keys=select(Person.id).where(is_called), among=Person.id.in_, row_by_row=is_called
            ),
        ),
    ),
    narrowed=Scope.narrowed,
)

ENROLLMENTS: List[Scope] = List(
    name="enrollments",
    title=_l("Lượt ghi danh"),
    columns=(
        *_name_columns(Today),
        _unit_column(),
        _COURSE,
        _THEME,
        Column(key="round", heading=_l("Lượt"), kind=Kind.NUMBER, width=6),
        Column(
            key="enrolled_at",
            heading=_l("Ngày ghi danh"),
            kind=Kind.DATE,
            width=12,
            sort=(Enrollment.enrolled_at,),
        ),
        Column(key="progress", heading=_l("Tiến độ"), kind=Kind.PERCENT, width=9, value=progress),
        Column(
            key="last_activity_at",
            heading=_l("Hoạt động gần nhất"),
            kind=Kind.DATE,
            width=12,
            sort=(Enrollment.last_activity_at,),
        ),
        Column(
            key="completed_at",
            heading=_l("Ngày hoàn thành"),
            kind=Kind.DATE,
            width=12,
            sort=(Enrollment.completed_at,),
            nullable=True,
        ),
    ),
    rows=_enrollments,
    row_id=Enrollment.id,
    sorted_by="-enrolled_at",
    filters=(
        _unit_filter(),
        _course_filter(Enrollment.course_id),
        _theme_filter(Enrollment.version_id.in_),
        Choice(
            key=STATE,
            heading=_l("Trạng thái"),
            condition=lambda value: (
                Enrollment.completed_at.is_(None)
                if value == rules.LEARNING
                else Enrollment.completed_at.is_not(None)
            ),
        ),
        Period(
            dates=(
                DateOf(
                    key="ghi-danh",
                    heading=_l("Ngày ghi danh"),
                    column=Enrollment.enrolled_at,
                    is_moment=True,
                ),
                DateOf(
                    key="hoan-thanh",
                    heading=_l("Ngày hoàn thành"),
                    column=Enrollment.completed_at,
                    is_moment=True,
                ),
            )
        ),
        _search(Enrollment.person_id),
    ),
    narrowed=Scope.narrowed,
)

_COMPLETION_FILTERS = (
    _unit_filter(),
    _course_filter(Completion.course_id),
    _theme_filter(Completion.version_id.in_),
    Choice(key=STATE, heading=_l("Trạng thái"), condition=_completion_condition),
    Period(dates=(_OF_COMPLETION, _OF_DECISION, _OF_ISSUE)),
    _search(Completion.person_id),
)

COMPLETIONS: List[Scope] = List(
    name="completions",
    title=_l("Lượt hoàn thành"),
    columns=(
        *_name_columns(Today),
        _unit_column(),
        _COURSE,
        _THEME,
        _PERIODS,
        Column(
            key="source",
            heading=_l("Hình thức"),
            width=14,
            value=_named(rules.SOURCE_NAMES, "source"),
            beneath="completed_at",
        ),
        _COMPLETED,
        Column(
            key="percent",
            heading=_l("Kết quả"),
            kind=Kind.PERCENT,
            width=9,
            value=lambda row: None if row.percent is None else row.percent / 100,
            decimals=1,
        ),
        _DECISION,
        _DECISION_DATE,
        _REGISTER_NO,
        _ISSUED,
        Column(key="state", heading=_l("Trạng thái"), width=22, value=_completion_state),
    ),
    rows=_completions,
    row_id=Completion.id,
    sorted_by="-completed_at",
    filters=_COMPLETION_FILTERS,
    narrowed=Scope.narrowed,
)

CERTIFICATES: List[Scope] = List(
    name="certificates",
    title=_l("Giấy chứng nhận đã cấp"),
    columns=(
        _OF_REGISTER[0],
        *_name_columns(Today),
        _unit_column(is_nullable=True, beneath="full_name"),
        _COURSE,
        _PERIODS,
        _COMPLETED,
        _OF_REGISTER[1],
        Column(key="issuer_name", heading=_l("Đơn vị cấp"), width=34),
        _DECISION,
        _DECISION_DATE,
        Column(key="code", heading=_l("Mã xác minh"), kind=Kind.CODE, width=18),
        Column(
            key="state",
            heading=_l("Trạng thái"),
            width=18,
            value=lambda row: certificate_state(row, row.seen_on),
        ),
    ),
    rows=_certificates,
    row_id=Certificate.id,
    sorted_by="-issued_on",
    filters=(
        _unit_filter(Completion.unit_id),
        _course_filter(Certificate.course_id),
        _theme_filter(Completion.version_id.in_),
        Choice(key=STATE, heading=_l("Trạng thái"), condition=_certificate_condition),
        Period(dates=(_OF_ISSUE, _OF_DECISION, _OF_COMPLETION)),
        _search(Certificate.person_id),
    ),
)


TRAINED: List[Scope] = List(
    name="trained",
    title=_l("Danh sách đã được bồi dưỡng"),
    columns=(
        Column(
            key="full_name",
            heading=_l("Họ và tên"),
            kind=Kind.NAME,
            # A person's rows stand together, in the order of their completions.
            sort=(Today.name_sort, Today.id, Completion.completed_at),
        ),
        Column(key="birth_date", heading=_l("Ngày sinh"), kind=Kind.DATE),
        Column(key="position", heading=_l("Chức vụ")),
        Column(key="unit_name", heading=_l("Đơn vị công tác")),
        Column(key="course", heading=_l("Khóa đã hoàn thành")),
        Column(key="periods", heading=_l("Số tiết"), kind=Kind.NUMBER),
        Column(key="completed_at", heading=_l("Ngày hoàn thành"), kind=Kind.DATE),
        Column(key="register_no", heading=_l("Số vào sổ"), kind=Kind.CODE),
        Column(
            key="decision",
            heading=_l("Quyết định công nhận"),
            value=lambda row: decision_text(row.decision_number, row.decision_date),
        ),
        Column(
            key="note",
            heading=_l("Ghi chú"),
            value=lambda row: note_of(row.register_no, row.ended_by),
        ),
    ),
    rows=_trained,
    row_id=Completion.id,
    sorted_by="full_name",
    filters=_COMPLETION_FILTERS,
    narrowed=Scope.narrowed,
)

BY_ADDRESS: dict[str, List[Scope]] = {
    "hoc-vien": PEOPLE,
    "ghi-danh": ENROLLMENTS,
    "hoan-thanh": COMPLETIONS,
    "giay-chung-nhan": CERTIFICATES,
    "danh-sach-boi-duong": TRAINED,
}
STATES = {
    ENROLLMENTS.name: rules.ENROLLMENT_STATES,
    COMPLETIONS.name: rules.COMPLETION_STATES,
    TRAINED.name: rules.COMPLETION_STATES,
    CERTIFICATES.name: {state.value: name for state, name in STATE_NAMES.items()},
}
