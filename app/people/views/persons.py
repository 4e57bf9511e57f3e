"""Administration of persons: find, register, place, invite, give and take roles."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.lists.paging import page_key
from app.kernel.refusals import Refusal
from app.kernel.web import done, me, open_to, page, settings, signed_in
from app.organization import queries as organization
from app.people import actions, queries, rules
from app.people.forms import MembershipForm, PersonForm, RoleForm
from app.people.models import Membership, Person, RoleGrant
from app.people.views import pages

PAGE_SIZE = 50


def _roots() -> list[int]:
    who = signed_in()
    return who.roots("administrator") if who else []


def _person(person_id: int) -> Person:
    found = queries.person_in_scope(person_id, _roots(), clock.today())
    return found or abort(404)


@pages.get("/quan-tri/nguoi")
@open_to("administrator")
def persons() -> Any:
    search = request.args.get("q", "").strip()
    after = page_key(request.args.get("sau", ""))
    rows = queries.people_page(
        _roots(), search=search, on=clock.today(), after=after, size=PAGE_SIZE
    )
    following = None
    if len(rows) > PAGE_SIZE:
        last = rows[PAGE_SIZE - 1]
        following = url_for(".persons", q=search or None, sau=f"{last.id}~{last.name_sort}")
    return page(
        "people/persons.html",
        rows=rows[:PAGE_SIZE],
        search=search,
        following=following,
        names=rules,
        today=clock.today(),
    )


@pages.get("/quan-tri/nguoi/them")
@open_to("administrator")
def new_person() -> Any:
    return _new_person_page(PersonForm(starts_on=clock.today()), 200)


@pages.post("/quan-tri/nguoi/them")
@open_to("administrator")
def add_person() -> Any:
    form = _sent(PersonForm.sent())
    if not form.validate():
        return _new_person_page(form, 422)
    unit = organization.unit(form.unit_id.data) or abort(404)
    try:
        person = actions.register_person(
            full_name=form.full_name.data,
            staff_code=form.staff_code.data,
            birth_date=form.birth_date.data,
            gender=form.gender.data,
            email=form.email.data or "",
            phone=form.phone.data or "",
            by=me(),
            now=clock.now(),
        )
        actions.join_unit(
            person,
            unit,
            kind=form.kind.data,
            position=form.position.data,
            is_primary=True,
            starts_on=form.starts_on.data,
            by=me(),
            now=clock.now(),
        )
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _new_person_page(form, 422)
    return done(
        _("Đã thêm %(name)s.", name=person.full_name), url_for(".person", person_id=person.id)
    )


@pages.get("/quan-tri/nguoi/<int:person_id>")
@open_to("administrator")
def person(person_id: int) -> Any:
    found = _person(person_id)
    roles = queries.roles_of(found.id)
    shown = [place.unit_id for place in found.memberships] + [role.unit_id for role in roles]
    choices = _choices()
    return page(
        "people/person.html",
        person=found,
        roles=roles,
        choices=choices,
        within_reach=organization.among_below(_roots(), shown),
        account=queries.account_of(found.id),
        membership_form=_with_choices(MembershipForm(starts_on=clock.today()), choices),
        role_form=_with_choices(RoleForm(), choices),
        names=rules,
        today=clock.today(),
    )


@pages.post("/quan-tri/nguoi/<int:person_id>/noi-cong-tac")
@open_to("administrator")
def add_membership(person_id: int) -> Any:
    found = _person(person_id)
    form = _sent(MembershipForm.sent())
    if not form.validate():
        return page("people/place_form.html", 422, person=found, form=form)
    actions.join_unit(
        found,
        organization.unit(form.unit_id.data) or abort(404),
        kind=form.kind.data,
        position=form.position.data,
        is_primary=form.is_primary.data,
        starts_on=form.starts_on.data,
        by=me(),
        now=clock.now(),
    )
    return done(_("Đã thêm nơi công tác."), url_for(".person", person_id=found.id))


@pages.post("/quan-tri/nguoi/<int:person_id>/noi-cong-tac/<int:membership_id>/ket-thuc")
@open_to("administrator")
def end_membership(person_id: int, membership_id: int) -> Any:
    found = _person(person_id)
    place: Membership = next(
        (m for m in found.memberships if m.id == membership_id), None
    ) or abort(404)
    if not organization.is_below(_roots(), place.unit_id):
        abort(404)
    actions.leave_unit(place, on=clock.today(), by=me(), now=clock.now())
    return done(_("Đã kết thúc nơi công tác này từ hôm nay."), url_for(".persons"))


@pages.post("/quan-tri/nguoi/<int:person_id>/loi-moi")
@open_to("administrator")
def invite(person_id: int) -> Any:
    found = _person(person_id)
    token = actions.invite(found, purpose="password", by=me(), within=_roots(), now=clock.now())
    # SITE_URL goes before what the request calls this host: anybody can write a Host header.
    base = settings().site_url or request.host_url.rstrip("/")
    address = base + url_for(".invitation", token=token)
    actions.mail_invitation(found, address, now=clock.now())
    # Shown once on this page: an address in a redirect would stay in logs and histories.
    return page("people/invited.html", person=found, address=address)


@pages.post("/quan-tri/nguoi/<int:person_id>/vai-tro")
@open_to("administrator")
def grant_role(person_id: int) -> Any:
    found = _person(person_id)
    form = _sent(RoleForm.sent())
    if not form.validate():
        return page("people/role_form.html", 422, person=found, form=form)
    unit = organization.unit(form.unit_id.data) or abort(404)
    actions.grant_role(found, form.role.data, unit, by=me(), within=_roots(), now=clock.now())
    return done(_("Đã giao vai trò."), url_for(".person", person_id=found.id))


@pages.post("/quan-tri/nguoi/<int:person_id>/vai-tro/<int:grant_id>/ket-thuc")
@open_to("administrator")
def end_role(person_id: int, grant_id: int) -> Any:
    found = _person(person_id)
    grant: RoleGrant = next(
        (g for g in queries.roles_of(found.id) if g.id == grant_id), None
    ) or abort(404)
    actions.end_role(grant, by=me(), within=_roots(), now=clock.now())
    return done(_("Đã kết thúc vai trò."), url_for(".person", person_id=found.id))


def _new_person_page(form: PersonForm, status: int) -> Any:
    choices = _choices(form.unit_id.data)
    return page(
        "people/new_person.html", status, form=_with_choices(form, choices), choices=choices
    )


def _choices(chosen: int | None = None) -> organization.UnitChoices:
    """The units that a form offers: those near, those searched for, the one that was sent."""
    search = request.args.get("tim-don-vi", "").strip()[:100]
    return organization.unit_choices(_roots(), chosen=chosen, search=search)


def _sent(form: Any) -> Any:
    return _with_choices(form, _choices(form.unit_id.data))


def _with_choices(form: Any, units: organization.UnitChoices) -> Any:
    choices = {
        "unit_id": units.labelled,
        "kind": [(key, str(name)) for key, name in rules.MEMBERSHIP_NAMES.items()],
        "gender": [(key, str(name)) for key, name in rules.GENDER_NAMES.items()],
        "role": [(key, str(name)) for key, name in rules.ROLE_NAMES.items() if key != "learner"],
    }
    for name, options in choices.items():
        if name in form:
            form[name].choices = options
    if isinstance(form, RoleForm):
        form.unit_id.id = "role-unit"  # it stands on one page with MembershipForm
    return form
