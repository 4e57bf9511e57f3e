"""The page behind every QR code, open to all."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _

from app.credentials import actions, codes, queries, rules
from app.credentials.forms import CodeForm, ConfirmForm
from app.credentials.views import pages
from app.kernel import clock
from app.kernel.web import database, done, open_to, own_transactions, page


@pages.get("/xac-minh")
@open_to("public")
def check() -> Any:
    form = CodeForm(request.args)
    if "code" not in request.args:
        return page("credentials/check.html", form=CodeForm())
    code = codes.normalized(form.code.data or "") if form.validate() else None
    if code is None:
        form.explain({} if form.errors else {"code": _not_a_code()})
        return page("credentials/check.html", 422, form=form)
    return redirect(url_for(".public", code=code), 303)


@pages.get("/xac-minh/<code>")
@open_to("public")
def public(code: str) -> Any:
    plain = codes.normalized(code)
    seen = queries.shown(plain, today=clock.today()) if plain else None
    if seen is None:
        return _unknown(code, plain)
    answer = page("credentials/public.html", seen=seen, form=ConfirmForm(), names=rules)
    # A person's certificate is for whoever holds its code, not for whoever searches the web.
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _unknown(typed: str, plain: str | None) -> Any:
    with database().unit_of_work():
        allowed = actions.may_ask_again(request.remote_addr or "", now=clock.now())
    if not allowed:
        abort(429)
    form = CodeForm(code=typed[:40])
    if plain is None:
        form.explain({"code": _not_a_code()})
    return page("credentials/unknown.html", 404, form=form, is_code=plain is not None)


def _not_a_code() -> str:
    return _("Mã gồm 10 chữ và số, không có O, 0, I, 1. Hãy xem lại từng ký tự.")


@pages.post("/xac-minh/<code>")
@open_to("public")
@own_transactions
def confirm(code: str) -> Any:
    plain, form = codes.normalized(code), ConfirmForm.sent()
    with database().unit_of_work(write=False):
        seen = queries.shown(plain, today=clock.today()) if plain else None
    if plain is None or seen is None:
        return _unknown(code, plain)
    typed = {name: form[name].data for name in ("born", "unit", "result") if form[name].data}
    if not form.validate() or not typed:
        flash(_("Hãy nhập ít nhất một mục in trên giấy."), "warning")
        return done("", url_for(".public", code=plain))
    with database().unit_of_work():
        allowed = actions.may_confirm(plain, request.remote_addr or "", now=clock.now())
    if not allowed:
        abort(429)
    for name, text in typed.items():
        if rules.matches(name, text, seen.words[name]):
            flash(_("%(field)s: khớp.", field=form[name].label.text), "good")
        else:
            flash(_("%(field)s: không khớp.", field=form[name].label.text), "bad")
    return done("", url_for(".public", code=plain))
