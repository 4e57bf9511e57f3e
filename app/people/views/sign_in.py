"""Signing in and out, choosing a language."""

from __future__ import annotations

from typing import Any

from flask import abort, make_response, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from app.kernel import clock
from app.kernel.slots import SignedIn
from app.kernel.web import database, done, open_to, own_transactions, page, settings, signed_in
from app.kernel.web.answers import come_from, is_safe_local_address
from app.kernel.web.language import LANGUAGES, language_cookie
from app.people import actions, demo_roles, passwords, queries, rules
from app.people.forms import SignInForm
from app.people.models import Account, Person
from app.people.views import pages


@pages.get("/dang-nhap")
@open_to("public")
def sign_in() -> Any:
    if signed_in():
        return redirect(come_from("/"), 303)
    return _form(SignInForm(tiep=request.args.get("tiep", "")))


@pages.post("/dang-nhap")
@open_to("public")
@own_transactions
def enter() -> Any:
    form = SignInForm.sent()
    if not form.validate():
        return _form(form, 422)
    now = clock.now()
    with database().unit_of_work():
        account, allowed = actions.try_account(form.name.data, request.remote_addr or "", now=now)
    if not allowed:
        form.explain({"name": rules.TooManyTries()})
        return _form(form, 429)
    # Hashing is slow on purpose: no transaction is open while it runs.
    if not passwords.is_right(account.password_hash if account else None, form.password.data):
        form.explain({"name": rules.SignInRefused()})
        return _form(form, 422)
    assert account is not None
    with database().unit_of_work():
        actions.forgive_tries(account, request.remote_addr or "", now=now)
        token = _start(account)
    return _welcome(account.person_id, token, form.tiep.data or "")


@pages.post("/dang-nhap/thu")
@open_to("public")
def enter_demo() -> Any:
    """Sign in as one of the demo's people with one press; on a loopback demo only."""
    if not settings().allows_demo_sign_in:
        abort(404)
    person = demo_roles.person_for(request.form.get("vai", "")) or abort(404)
    account = queries.account_of(person.id) or abort(404)
    return _welcome(person.id, _start(account), request.form.get("tiep", ""))


@pages.post("/dang-xuat")
@open_to("public")
def sign_out() -> Any:
    who = signed_in()
    if who:
        actions.end_session(who.session_token, now=clock.now())
    logout_user()
    session.clear()
    return done(_("Đã đăng xuất."), "/")


@pages.post("/ngon-ngu")
@open_to("public")
def choose_language() -> Any:
    language = request.form.get("ngon_ngu", "")
    if language not in LANGUAGES:
        abort(400)
    response = make_response(redirect(come_from("/"), 303))
    response.set_cookie(
        language_cookie(),
        language,
        max_age=31536000,
        secure=settings().is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _start(account: Account) -> str:
    agent, now, who = request.headers.get("User-Agent", ""), clock.now(), signed_in()
    if who:
        actions.end_session(who.session_token, now=now)
    return actions.start_session(account, agent=agent, now=now)


def _welcome(person_id: int, token: str, wanted: str) -> Any:
    session.clear()  # a session id known before the sign-in must not survive it
    login_user(SignedIn(person=Person(id=person_id), session_token=token))
    session.permanent = True
    return redirect(wanted if is_safe_local_address(wanted) else url_for("home.index"), 303)


def _form(form: SignInForm, status: int = 200) -> Any:
    demo = demo_roles.BUTTONS if settings().allows_demo_sign_in else ()
    return page("people/sign_in.html", status, form=form, demo=demo)
