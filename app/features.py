"""Every package that has pages or commands; fills the kernel's slots."""

from __future__ import annotations

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext

from app.assessment import jobs as _assessment_jobs
from app.assessment import models as _assessment
from app.catalog import commands as catalog_commands
from app.catalog import models as _catalog
from app.catalog import views as catalog
from app.credentials import commands as credentials_commands
from app.credentials import models as _credentials
from app.credentials import printing as _credentials_printing
from app.credentials import rules as credentials_rules
from app.credentials import views as credentials
from app.home import views as home
from app.kernel import acts, audit, jobs, limits, mail, slots, upkeep
from app.kernel import commands as kernel_commands
from app.kernel.slots import NavigationEntry, SignedIn
from app.kernel.web import submissions
from app.learning import jobs as _learning_jobs
from app.learning import models as _learning
from app.learning import views as learning
from app.organization import commands as organization_commands
from app.organization import models as _organization
from app.organization import rules as organization_rules
from app.organization import views as organization
from app.people import commands as people_commands
from app.people import models as _people
from app.people import queries as people_queries
from app.people import rules as people_rules
from app.people import views as people
from app.reporting import exporting as _reporting_exporting
from app.reporting import models as _reporting
from app.reporting import rules as reporting_rules
from app.reporting import views as reporting
from app.requirements import models as _requirements
from app.requirements import rules as requirements_rules
from app.requirements import views as requirements
from app.seed import commands as seed_commands

# Every module with tables: what migrations compare with.
TABLES = (
    audit,
    jobs,
    limits,
    mail,
    submissions,
    _organization,
    _people,
    _catalog,
    _assessment,
    _learning,
    _credentials,
    _requirements,
    _reporting,
)
# Every module with tasks: what workers can run.
TASKS = (
    upkeep,
    mail,
    _assessment_jobs,
    _learning_jobs,
    _credentials_printing,
    _reporting_exporting,
)


def install(app: Flask) -> None:
    """Register pages and commands, and fill the kernel's slots."""
    for room in (
        organization,
        people,
        catalog,
        credentials,
        learning,
        requirements,
        reporting,
        home,
    ):
        app.register_blueprint(room.pages)
    for commands in (
        kernel_commands.audit,
        kernel_commands.worker,
        organization_commands.units,
        people_commands.people,
        catalog_commands.courses,
        credentials_commands.certificates,
        seed_commands.command,
    ):
        app.cli.add_command(commands)
    for rules in (
        organization_rules,
        people_rules,
        credentials_rules,
        requirements_rules,
        reporting_rules,
    ):
        acts.declare(rules.ACTS)
    slots.fill(signed_in=people_queries.load_signed_in, entries=navigation)


# Pages without an entry of their own, by the entry one comes from.
_REACHED_FROM = {
    "reporting.lists": (
        "reporting.enrollments",
        "reporting.completions",
        "reporting.certificates",
        "reporting.trained",
    ),
    "credentials.awaiting": ("credentials.standing",),
}


def navigation(who: SignedIn | None) -> list[NavigationEntry]:
    """The main navigation of whoever is signed in; five entries at most stay in sight."""
    if who is None:
        entries = [
            (pgettext("navigation", "Khóa học"), "learning.catalogue", "courses"),
            (pgettext("navigation", "Xác minh"), "credentials.check", "verify"),
            (_("Đăng nhập"), "people.sign_in", "sign-in"),
        ]
    else:
        entries = [
            (_("Trang chủ"), "home.index", "home"),
            (pgettext("navigation", "Khóa học"), "learning.catalogue", "courses"),
            (_("Chứng nhận"), "credentials.own", "certificates"),
            (_("Hồ sơ bồi dưỡng"), "reporting.own_record", "record"),
        ]
        if who.is_a("manager"):
            entries = [
                (_("Tổng quan"), "reporting.overview", "overview"),
                (pgettext("navigation", "Học viên"), "reporting.people", "people"),
                (_("Công nhận"), "credentials.awaiting", "check"),
                (_("Giao học"), "requirements.requirements", "calendar"),
                (pgettext("navigation", "Danh sách"), "reporting.lists", "reports"),
                *entries[1:],
            ]
        if who.is_a("administrator"):
            entries += [
                (pgettext("navigation", "Đơn vị"), "organization.units", "units"),
                (_("Nhân sự"), "people.persons", "people"),
            ]
        if who.is_a("manager"):
            entries.append((_("Nhật ký"), "people.acts", "list"))
        entries.append((_("Tài khoản"), "people.account", "person"))
    addresses = [url_for(endpoint) for _label, endpoint, _icon in entries]
    held = {
        url_for(page): url_for(endpoint)
        for _label, endpoint, _icon in entries
        for page in (endpoint, *_REACHED_FROM.get(endpoint, ()))
    }
    here = held.get(max((a for a in held if _holds(a, request.path)), key=len, default=""))
    return [
        NavigationEntry(label, address, icon, is_current=address == here)
        for (label, _endpoint, icon), address in zip(entries, addresses, strict=True)
    ]


def _holds(address: str, path: str) -> bool:
    """Whether a page belongs to an entry: the longest address that holds it is the current one."""
    return path == address or (address != "/" and path.startswith(f"{address}/"))
