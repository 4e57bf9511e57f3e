"""The frame around every request: sign-in, transaction, language, refusals, headers."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask_babel import gettext
from flask_login import LoginManager
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from app.kernel import acts, assets, audit, clock, slots, words
from app.kernel.database import Database, serialize, set_current
from app.kernel.envelope import new_uuid
from app.kernel.refusals import Refusal
from app.kernel.web import language, submissions
from app.kernel.web.access import open_to, without_database
from app.kernel.web.answers import after_refusal, is_safe_local_address, page
from app.kernel.web.language import current_language
from app.kernel.web.security import SAFE_METHODS, harden, is_cross_site

MAX_KEY = 2**63 - 1
MIN_ZIP = 800
log = logging.getLogger(__name__)


class KeyConverter(IntegerConverter):
    """Row ids in addresses; a number that no database could hold is an unknown address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": MAX_KEY, **kwargs})


def install(app: Flask, database: Database, settings: Any) -> None:
    """Put the frame around an application."""
    app.extensions["database"], app.extensions["settings"] = database, settings
    # A cookie goes out when it changes, not with every answer: some answers are shared caches' own.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.url_map.converters["int"] = KeyConverter
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    _install_sign_in(app)
    language.install(app)
    _install_templates(app, settings)
    # After-request functions run last registered first: headers and zipping come last.
    app.after_request(lambda response: _finish(response, settings))
    app.after_request(_close_transaction)
    app.before_request(_begin)
    app.teardown_request(_drop_transaction)
    app.register_error_handler(Refusal, _answer_refusal)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_failure)
    app.add_url_rule("/static/<version>/<path:name>", "static", _static)


def _install_sign_in(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # phones change their address and agent all the time
    manager.init_app(app, add_context_processor=False)

    @manager.user_loader
    def load(token: str) -> slots.SignedIn | None:
        return slots.load_signed_in(token, clock.now())


def _install_templates(app: Flask, settings: Any) -> None:
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        date=words.show_date,
        moment=words.show_moment,
        number=words.show_number,
        percent=words.show_percent,
    )
    env.globals.update(
        asset=assets.address,
        new_uuid=new_uuid,
        stored_html=stored_html,
    )

    @app.context_processor
    def names() -> dict[str, Any]:
        who = g.get("signed_in")
        return {
            "me": who.person if who else None,
            "signed_in": who,
            "navigation": slots.navigation(who),
            "language": current_language(),
            "site": {
                "name": settings.site_name,
                "motto": gettext("Học để phục vụ cơ sở tốt hơn"),
                "is_demo": settings.demo,
            },
        }


def stored_html(html: str) -> Markup:
    """Show course HTML that was sanitised when it was published; nothing else goes here."""
    return Markup(html)


def _view() -> Any:
    from flask import current_app

    return current_app.view_functions.get(request.endpoint or "")


def _begin() -> Any:
    g.write = request.method not in SAFE_METHODS
    if is_cross_site(request):
        abort(403)
    # Reading the form here also means that the whole body is in before a transaction opens.
    if any("\0" in text for text in _texts()):
        abort(400)  # nobody types it, and PostgreSQL takes no text that holds it
    view = _view()
    if getattr(view, "without_database", False):
        return None
    database: Database = _database()
    own = getattr(view, "own_transactions", False)
    g.session = database.begin(write=g.write and not own)
    g.restore = set_current(database, g.session)
    answer = _admit(view)
    if own and answer is None:
        _release()
    return answer


def _texts() -> Iterator[str]:
    yield request.path
    for sent in (request.args, request.form) if g.write else (request.args,):
        for name, texts in sent.lists():
            yield name.join((*texts, ""))


def _database() -> Database:
    from flask import current_app

    result: Database = current_app.extensions["database"]
    return result


def _admit(view: Any) -> Any:
    from flask_login import current_user

    user = current_user._get_current_object() if current_user else None
    g.signed_in = user if isinstance(user, slots.SignedIn) else None
    if view is None:
        return None  # no such address: the 404 page still greets whoever is signed in
    roles: tuple[str, ...] = getattr(view, "open_to", ())
    if "public" not in roles:
        if g.signed_in is None:
            if g.write:
                return page("errors/sign_in_again.html", 401)
            return redirect(url_for("people.sign_in", tiep=request.full_path.rstrip("?")), 303)
        if not g.signed_in.is_a(*roles):
            abort(403)
    if g.write and g.signed_in:
        uuid = submissions.valid_uuid(request.form.get("uuid", ""))
        if uuid:
            g.once = uuid
            # Two presses at once: the second waits here until the first has its answer.
            serialize(f"submission:{g.signed_in.person.id}:{uuid}")
            address = submissions.first_answer(g.signed_in.person.id, uuid)
            if address is not None:
                return redirect(address, 303)
    return None


def _close_transaction(response: Response) -> Response:
    _note_refused_power(response)
    current = g.get("session")
    if current is not None:
        if g.write and response.status_code < 400:
            if g.get("once") and g.get("answered_with") and g.get("signed_in"):
                submissions.remember(
                    g.signed_in.person.id, g.once, g.answered_with, now=clock.now()
                )
            current.commit()
        else:
            current.rollback()
        _release()
    if g.get("after_refusal"):
        rest, g.after_refusal = g.after_refusal, []
        with _database().unit_of_work():
            for act in rest:
                act()
    return response


_REFUSED = frozenset({403, 404, 409})
_POWERS = frozenset({"trainer", "manager", "administrator"})


def _note_refused_power(response: Response) -> None:
    """An act of power that was refused is kept too: who tried what, and what was answered."""
    who = g.get("signed_in")
    if not g.get("write") or who is None or response.status_code not in _REFUSED:
        return
    if not _POWERS.intersection(getattr(_view(), "open_to", ())):
        return
    actor = _Actor(who.person.id, who.person.full_name)  # the row is gone with its transaction
    tried = {"address": request.path[:200], "status": response.status_code}
    now = clock.now()
    after_refusal(
        lambda: audit.record(
            acts.REFUSED, actor=actor, after=tried | {"why": g.get("refused_with", "")}, now=now
        )
    )


class _Actor(NamedTuple):
    id: int
    full_name: str


def _release() -> None:
    current, restore = g.pop("session", None), g.pop("restore", None)
    if restore is not None:
        restore()
    if current is not None:
        current.close()


def _drop_transaction(_error: BaseException | None) -> None:
    _release()


def _answer_refusal(refusal: Refusal) -> Response:
    g.refused_with = str(refusal)
    return page("errors/409.html", 409, text=str(refusal), back=_back())


def _back() -> str:
    from urllib.parse import urlsplit

    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    is_own = referer.netloc == request.host and is_safe_local_address(referer.path)
    return referer.path if is_own else "/"


_OWN_PAGES = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 503})


def _answer_http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    if code not in _OWN_PAGES:
        return error if code < 500 else _answer_failure(error)
    name = 400 if code == 405 else code
    response = page(
        f"errors/{name}.html", code, **({"text": "", "back": "/"} if code == 409 else {})
    )
    for header in ("Allow", "Retry-After"):
        value = error.get_response().headers.get(header)
        if value:
            response.headers[header] = value
    return response


def _answer_failure(error: Exception) -> Any:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    # The page must not need what may just have failed: no session, no person.
    g.signed_in = None
    return page("errors/500.html", 500)


def _finish(response: Response, settings: Any) -> Response:
    harden(response, is_secure=settings.is_secure)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if (
        response.is_sequence
        and not response.direct_passthrough
        and response.mimetype in ("text/html", "application/json")
        and "Content-Encoding" not in response.headers
        and "gzip" in request.accept_encodings
    ):
        body = response.get_data()
        if len(body) >= MIN_ZIP:
            response.set_data(gzip.compress(body, 5, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
            response.vary.add("Accept-Encoding")
    return response


@open_to("public")
@without_database
def _static(version: str, name: str) -> Response:
    found = assets.asset(name)
    if found is None:
        abort(404)
    zipped = found.zipped is not None and "gzip" in request.accept_encodings
    response = Response(found.zipped if zipped else found.body, content_type=found.kind)
    if found.kind.startswith("text/"):
        response.content_type = f"{found.kind}; charset=utf-8"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    is_current = version == assets.version()
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_current else "no-cache"
    )
    return response
