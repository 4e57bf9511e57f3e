"""One's own account, the first password, and the founding of an installation."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import database, done, me, open_to, own_transactions, page, signed_in
from app.organization.actions import found_unit
from app.organization.rules import KIND_NAMES
from app.people import actions, passwords, queries, rules
from app.people.forms import FoundingForm, PasswordChangeForm, PasswordForm
from app.people.models import Person
from app.people.views import pages


@pages.get("/loi-moi/<token>")
@open_to("public")
def invitation(token: str) -> Any:
    found = queries.invitation(token, clock.now())
    if found is None:
        return page("people/invitation_spent.html", 404)
    if found.purpose == "found":
        return page("people/found.html", form=_founding_form(FoundingForm()), token=token)
    return page("people/set_password.html", form=PasswordForm(), token=token)


@pages.post("/loi-moi/<token>")
@open_to("public")
@own_transactions
def accept_invitation(token: str) -> Any:
    now = clock.now()
    with database().unit_of_work(write=False) as current:
        found = queries.invitation(token, now)
        invited = current.get(Person, found.person_id) if found and found.person_id else None
    if found is None:
        return page("people/invitation_spent.html", 404)
    if invited is None:
        return _found(token)
    form: Any = PasswordForm.sent()
    if not _password_fits(form, invited):
        return page("people/set_password.html", 422, form=form, token=token)
    stored = passwords.hashed(form.password.data)
    try:
        with database().unit_of_work():
            actions.use_invitation(token, now=now)
            actions.set_password(invited, stored, now=now)
    except rules.InvitationSpent:
        return page("people/invitation_spent.html", 404)
    return done(_("Đã đặt mật khẩu. Mời anh/chị đăng nhập."), url_for("people.sign_in"))


def _found(token: str) -> Any:
    form: Any = _founding_form(FoundingForm.sent())
    if not (form.validate() and _password_fits(form)):
        return page("people/found.html", 422, form=form, token=token)
    stored, now = passwords.hashed(form.password.data), clock.now()
    try:
        with database().unit_of_work():
            actions.use_invitation(token, now=now)
            person = actions.register_person(
                full_name=form.full_name.data, email=form.email.data, now=now
            )
            unit = found_unit(
                code=form.unit_code.data,
                kind=form.unit_kind.data,
                name=form.unit_name.data,
                parent=None,
                opened_on=clock.today(),
                by=person,
                now=now,
            )
            actions.join_unit(
                person, unit, kind="other", is_primary=True, starts_on=clock.today(), now=now
            )
            for role in ("administrator", "manager"):
                actions.grant_role(person, role, unit, by=None, within=None, now=now)
            actions.set_password(person, stored, now=now)
    except rules.InvitationSpent:
        return page("people/invitation_spent.html", 404)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page("people/found.html", 422, form=form, token=token)
    return done(
        _("Đã tạo đơn vị và tài khoản quản trị. Mời anh/chị đăng nhập."),
        url_for("people.sign_in"),
    )


def _founding_form(form: FoundingForm) -> FoundingForm:
    form.unit_kind.choices = [(kind, str(name)) for kind, name in KIND_NAMES.items()]
    return form


def _password_fits(form: PasswordForm, owner: Person | None = None) -> bool:
    if not form.validate():
        return False
    names = (owner.full_name, owner.staff_code, owner.email, owner.phone) if owner else ()
    try:
        rules.check_password(form.password.data or "", names=names)
    except rules.PasswordWeak as weak:
        form.explain({"password": weak})
        return False
    return True


@pages.get("/tai-khoan")
@open_to("learner")
def account() -> Any:
    return _account_page(PasswordChangeForm(), 200)


@pages.post("/tai-khoan/mat-khau")
@open_to("learner")
@own_transactions
def change_password() -> Any:
    form: Any = PasswordChangeForm.sent()
    person, now = me(), clock.now()
    if not _password_fits(form, person):
        return _account_again(form, 422)
    with database().unit_of_work():
        allowed = actions.count_try(person.staff_code, request.remote_addr or "", now=now)
        own = queries.account_of(person.id)
    if not allowed:
        form.explain({"current": rules.TooManyTries()})
        return _account_again(form, 429)
    if own and own.password_hash and not passwords.is_right(own.password_hash, form.current.data):
        form.explain({"current": _("Mật khẩu hiện tại chưa đúng, nên chưa đổi gì.")})
        return _account_again(form, 422)
    stored = passwords.hashed(form.password.data)
    with database().unit_of_work():
        changed = actions.set_password(person, stored, now=now)
        actions.forgive_tries(changed, request.remote_addr or "", now=now)
    return done(_("Đã đổi mật khẩu. Mời anh/chị đăng nhập lại."), url_for("people.sign_in"))


def _account_again(form: PasswordChangeForm, status: int) -> Any:
    with database().unit_of_work(write=False):
        return _account_page(form, status)


def _account_page(form: PasswordChangeForm, status: int) -> Any:
    person = me()
    own = queries.account_of(person.id)
    # Whoever has a password proves it; only a first one is set without.
    form.current.flags.required = bool(own and own.password_hash)
    return page(
        "people/account.html",
        status,
        person=person,
        memberships=queries.memberships_of(person.id, clock.today()),
        roles=queries.roles_of(person.id),
        sessions=queries.sessions_of(own.id, clock.now()) if own else [],
        form=form,
        names=rules,
    )


@pages.post("/tai-khoan/dang-xuat-may-khac")
@open_to("learner")
def end_other_sessions() -> Any:
    who = signed_in()
    if who is not None:
        actions.end_other_sessions(me(), who.session_token, now=clock.now())
    return done(_("Đã đăng xuất các máy khác."), url_for(".account"))
