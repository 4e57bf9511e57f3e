"""When this happens, that follows: the only place where side effects are joined."""

from __future__ import annotations

from datetime import datetime

from app.assessment.models import AttemptClosed
from app.catalog.models import VersionPublished
from app.credentials import actions as credentials
from app.credentials.models import CertificateIssued
from app.kernel import mail, news
from app.kernel.words import _l
from app.learning import actions as learning
from app.learning.models import CourseCompleted


def join() -> None:
    """Join every effect to its news."""
    news.when(AttemptClosed, learning.follow_attempt)
    news.when(VersionPublished, learning.follow_publication)
    news.when(CourseCompleted, issue_where_a_unit_decided_so)
    news.when(CertificateIssued, write_of_a_certificate)


def issue_where_a_unit_decided_so(completed: CourseCompleted, now: datetime) -> None:
    """A unit's standing decision turns a completion into a certificate at once."""
    credentials.issue_under_standing_decision(completed.completion, now)


def write_of_a_certificate(issued: CertificateIssued, now: datetime) -> None:
    """The person learns of a certificate by mail, where an address is known."""
    certificate = issued.certificate
    if not certificate.person.email:
        return
    mail.write(
        f"certificate:{certificate.code}",
        to=certificate.person.email,
        subject=str(_l("Anh/chị có giấy chứng nhận mới")),
        body=str(
            _l(
                "Kính gửi %(name)s,\n\nAnh/chị đã được cấp giấy chứng nhận hoàn thành khóa "
                "%(course)s, số vào sổ %(number)s.\n\n"
                "Mời anh/chị đăng nhập để xem và tải về.\n",
                name=certificate.person.full_name,
                course=certificate.printed["course"],
                number=certificate.register_no,
            )
        ),
        now=now,
    )
