"""The language of a page: which one, and its words looked up once a request, not once a word."""

from __future__ import annotations

from gettext import translation
from typing import Any

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from app.kernel import words

LANGUAGES = ("vi", "en")
MOST_READY = 10_000
"""How many sentences a process keeps ready; the product has fewer."""


def install(app: Flask) -> None:
    """Give pages, views and the rooms' lazy words the language of whoever asks."""
    babel = Babel(
        app,
        locale_selector=lambda: current_language() if request else "vi",
        default_locale="vi",
        default_timezone="Asia/Ho_Chi_Minh",
    )
    babel.domain_instance = _PageDomain()
    words.set_translator(_translated)
    folder = app.config["BABEL_TRANSLATION_DIRECTORIES"]
    words.set_catalogue(lambda language: _catalogue(folder, language))
    env = app.jinja_env
    env.globals.update(
        _=_template_gettext,
        gettext=_template_gettext,
        ngettext=_template_ngettext,
        pgettext=_template_pgettext,
    )


def _catalogue(folder: str, language: str) -> words.Translate:
    """A language's sentences without a request: for what is made for somebody who is away."""
    found = translation("messages", folder, [language], fallback=True).gettext
    return lambda text: found(text) if text else text


def language_cookie() -> str:
    """The name of the cookie that keeps the chosen language."""
    # The prefix binds the cookie to this host and to https (ASVS 5.0 3.3.1, 3.3.3).
    return "__Host-lang" if current_app.extensions["settings"].is_secure else "lang"


def current_language() -> str:
    """The language this page is shown in: vi or en."""
    chosen = request.cookies.get(language_cookie())
    return chosen if chosen in LANGUAGES else "vi"


class _PageDomain(Domain):  # type: ignore[misc]
    """Finds the words of a request once; the library's own finds them anew for every sentence."""

    def get_translations(self) -> Translations | NullTranslations:
        context = g.get("_flask_babel")
        if context is None:
            return super().get_translations()
        # The library drops `babel_locale` when a block speaks another language.
        locale = getattr(context, "babel_locale", None)
        kept = g.get("page_translations")
        if kept is None or locale is None or kept[0] is not locale:
            found = super().get_translations()
            kept = g.page_translations = (context.babel_locale, found)
        return kept[1]


def _translated(text: str) -> str:
    return str(_words().ugettext(text)) if text and has_request_context() else text


def _spoken(context: Context, text: str, variables: dict[str, Any]) -> str:
    # As Jinja's own: what is put into a translated sentence is escaped where the page is.
    if context.eval_ctx.autoescape:
        text = Markup(text)  # noqa: S704 - a sentence of ours
    return text % variables


@pass_context
def _template_gettext(context: Context, text: str, /, **variables: Any) -> str:
    words = _words()
    if variables or not context.eval_ctx.autoescape:
        return _spoken(context, words.ugettext(text), variables)
    # Most sentences of a page say the same to everybody: each is made ready once a process.
    ready: dict[str, str] = words.__dict__.setdefault("ready", {})
    if (said := ready.get(text)) is None:
        said = _spoken(context, words.ugettext(text), variables)
        if len(ready) < MOST_READY:
            ready[text] = said
    return said


@pass_context
def _template_ngettext(
    context: Context, singular: str, plural: str, num: int, /, **variables: Any
) -> str:
    variables.setdefault("num", num)
    return _spoken(context, _words().ungettext(singular, plural, num), variables)


@pass_context
def _template_pgettext(context: Context, about: str, text: str, /, **variables: Any) -> str:
    variables.setdefault("context", about)
    return _spoken(context, _words().upgettext(about, text), variables)


def _words() -> Any:
    here = g._get_current_object()  # looked for once, asked twice
    kept = here.get("page_translations")
    if kept is not None and kept[0] is getattr(here.get("_flask_babel"), "babel_locale", None):
        return kept[1]
    from flask_babel import get_translations

    return get_translations()
