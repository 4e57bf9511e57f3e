"""One's own certificates, and their printed pages."""

from __future__ import annotations

from typing import Any

from flask import Response, abort

from app.credentials import codes, printing, queries, rules
from app.credentials.views import pages
from app.credentials.views.desk import roots
from app.kernel import clock
from app.kernel.web import database, me, open_to, own_transactions, page


@pages.get("/giay-chung-nhan")
@open_to("learner")
def own() -> Any:
    return page(
        "credentials/own.html",
        certificates=queries.certificates_of(me().id, today=clock.today()),
        waiting=queries.completions_without_certificate(me().id),
        names=rules,
    )


@pages.get("/giay-chung-nhan/<code>.pdf")
@open_to("learner")
@own_transactions
def pdf(code: str) -> Any:
    plain = codes.normalized(code) or abort(404)
    with database().unit_of_work(write=False):
        found = queries.to_print(plain, me().id, roots()) or abort(404)
    content, digest = printing.page_of(found, database())
    return _answer(content, f"{found.certificate.code}.pdf", digest)


def _answer(content: bytes, name: str, digest: str) -> Response:
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="giay-chung-nhan-{name}"'
    response.set_etag(digest)
    return response
