"""One's own account, the first password, and the founding of an installation."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _

from app.kernel import clock
from app.kernel.refusals import Refusal
from app.kernel.web import database, done, me, open_to, own_transactions, page
from app.organization.actions import found_unit
from app.organization.rules import KIND_NAMES
from app.people import actions, passwords, queries, rules
from app.people.forms import FoundingForm, PasswordForm
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
    with database().unit_of_work(write=False):
        found = queries.invitation(token, now)
    if found is None:
        return page("people/invitation_spent.html", 404)
    if found.purpose == "found":
        return _found(token)
    form: Any = PasswordForm.sent()
    if not _password_fits(form):
        return page("people/set_password.html", 422, form=form, token=token)
    stored = passwords.hashed(form.password.data)
    with database().unit_of_work() as current:
        used = actions.use_invitation(token, now=now)
        person = current.get(Person, used.person_id) or abort(404)
        actions.set_password(person, stored, now=now)
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


def _password_fits(form: PasswordForm) -> bool:
    if not form.validate():
        return False
    try:
        rules.check_password(form.password.data or "")
    except rules.PasswordWeak as weak:
        form.explain({"password": weak})
        return False
    return True


@pages.get("/tai-khoan")
@open_to("learner")
def account() -> Any:
    person = me()
    own = queries.account_of(person.id)
    return page(
        "people/account.html",
        person=person,
        memberships=queries.memberships_of(person.id, clock.today()),
        roles=queries.roles_of(person.id),
        sessions=queries.sessions_of(own.id) if own else [],
        form=PasswordForm(),
        names=rules,
    )


@pages.post("/tai-khoan/mat-khau")
@open_to("learner")
@own_transactions
def change_password() -> Any:
    form = PasswordForm.sent()
    person = me()
    if not _password_fits(form):
        with database().unit_of_work(write=False):
            own = queries.account_of(person.id)
            return page(
                "people/account.html",
                422,
                person=person,
                memberships=queries.memberships_of(person.id, clock.today()),
                roles=queries.roles_of(person.id),
                sessions=queries.sessions_of(own.id) if own else [],
                form=form,
                names=rules,
            )
    old = request.form.get("current", "")
    with database().unit_of_work(write=False):
        own = queries.account_of(person.id)
    if own and own.password_hash and not passwords.is_right(own.password_hash, old):
        raise rules.SignInRefused(_("Mật khẩu hiện tại chưa đúng, nên chưa đổi gì."))
    stored = passwords.hashed(form.password.data)
    with database().unit_of_work():
        actions.set_password(person, stored, now=clock.now())
    return done(_("Đã đổi mật khẩu. Mời anh/chị đăng nhập lại."), url_for("people.sign_in"))
