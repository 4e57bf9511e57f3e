"""Every package that has pages or commands; fills the kernel's slots."""

from __future__ import annotations

from flask import Flask

from app.assessment import models as _assessment
from app.catalog import models as _catalog
from app.credentials import models as _credentials
from app.kernel import audit, jobs, limits, mail
from app.kernel.web import submissions
from app.learning import models as _learning
from app.organization import models as _organization
from app.people import models as _people
from app.reporting import models as _reporting
from app.requirements import models as _requirements

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


def install(app: Flask) -> None:
    """Register pages and commands, and fill the kernel's slots."""
