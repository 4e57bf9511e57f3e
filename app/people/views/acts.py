"""The audit page: who did what to whom, in plain words."""

from __future__ import annotations

from typing import Any

from flask import abort, request

from app.kernel import chain, clock
from app.kernel.database import session
from app.kernel.lists.filters import NotThere
from app.kernel.web import open_to, page, signed_in
from app.organization.queries import breadth_of
from app.people import audit_list, queries
from app.people.views import pages


@pages.get("/quan-ly/nhat-ky")
@open_to("manager")
def acts() -> Any:
    who = signed_in()
    roots = who.roots("manager") if who else []
    person = None
    if audit_list.ABOUT in request.args:
        number = request.args.get(audit_list.ABOUT, type=int)
        person = queries.person_in_scope(number or 0, roots, clock.today()) or abort(404)
    scope = audit_list.AuditScope(tuple(roots), breadth_of(roots), person.id if person else None)
    options = audit_list.options()
    try:
        asked = audit_list.LIST.ask(request.args, scope, options)
    except NotThere:
        abort(404)
    shown = asked.page(session())
    return page(
        "people/acts.html",
        asked=asked,
        options=options,
        shown=shown,
        told=audit_list.told(row.source for row in shown.rows),
        person=person,
        about=audit_list.ABOUT,
        head=chain.head(),
    )
