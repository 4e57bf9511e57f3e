"""A course: what it is, what completes it, enrolling, going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.assessment import queries as attempts
from app.catalog import editions
from app.catalog.editions import Edition
from app.catalog.words import AUDIENCE_NAMES, LEVEL_NAMES, THEME_NAMES
from app.kernel import clock
from app.kernel.web import done, me, open_to, page, signed_in
from app.kernel.web.language import current_language
from app.kernel.words import show_number
from app.learning import actions, queries, rules
from app.learning.models import Enrollment
from app.learning.views import pages


def standing_in(slug: str) -> queries.Standing:
    """The published course of an address and where whoever is signed in stands in it, or 404."""
    who = signed_in()
    return queries.standing(slug, who.person.id if who else None) or abort(404)


def own_enrollment(standing: queries.Standing) -> Enrollment:
    """The signed-in person's enrollment; raises NotEnrolled."""
    if standing.enrollment is None:
        raise rules.NotEnrolled
    return standing.enrollment


@pages.get("/khoa-hoc/<slug>")
@open_to("public")
def course(slug: str) -> Any:
    standing = standing_in(slug)
    who = signed_in()
    found, enrollment, version = standing.course, standing.enrollment, standing.edition
    entries = queries.outline(version, enrollment.id if enrollment else None)
    tried = (
        attempts.attempts_of(enrollment.person_id, found.id, enrollment.round)
        if enrollment and version.final_quiz
        else []
    )
    asked = rules.points(
        version.completion,
        [e.lesson.key for e in entries if e.is_finished],
        best_percent=attempts.best_percent(tried),
        has_passed=any(a.has_passed for a in tried),
    )
    assert found.current_id is not None
    return page(
        "learning/course.html",
        course=found,
        version=version,
        current=editions.edition(found.current_id),
        enrollment=enrollment,
        entries=lesson_entries(slug, version, entries, enrollment),
        steps=step_rows(asked, enrollment),
        percent=_percent(enrollment, version, asked),
        is_complete=rules.is_complete(asked),
        required=queries.required_courses(version, who.person.id if who else None),
        review_due=rules.is_review_due(version.reviewed_on, today=clock.today()),
        is_closed=bool(version.closes_on and clock.today() > version.closes_on),
        themes=THEME_NAMES,
        levels=LEVEL_NAMES,
        audiences=AUDIENCE_NAMES,
    )


@pages.post("/khoa-hoc/<slug>/ghi-danh")
@open_to("learner")
def enroll(slug: str) -> Any:
    standing = standing_in(slug)
    enrollment = actions.enroll(me(), standing.course, now=clock.now())
    return done(_("Đã ghi danh. Chúc anh/chị học tốt."), _onward(slug, enrollment))


@pages.get("/khoa-hoc/<slug>/tiep-tuc")
@open_to("learner")
def resume(slug: str) -> Any:
    """Lead to where the learner goes on: a lesson, the quiz, or the course."""
    enrollment = standing_in(slug).enrollment
    if enrollment is None:
        return redirect(url_for(".course", slug=slug), 303)
    return redirect(_onward(slug, enrollment), 303)


@pages.post("/khoa-hoc/<slug>/phien-ban")
@open_to("learner")
def accept_version(slug: str) -> Any:
    actions.accept_version(own_enrollment(standing_in(slug)), now=clock.now())
    return done(_("Anh/chị đang học bản mới của khóa học."), url_for(".course", slug=slug))


def _onward(slug: str, enrollment: Enrollment) -> str:
    version = editions.edition(enrollment.version_id)
    entries = queries.outline(version, enrollment.id)
    key = rules.where_to_continue(
        [e.lesson.key for e in entries],
        {e.lesson.key for e in entries if e.is_finished},
        enrollment.last_lesson_key,
    )
    if key is not None:
        return url_for(".lesson", slug=slug, key=key)
    if version.final_quiz and enrollment.completion is None:
        return url_for(".quiz", slug=slug)
    return url_for(".course", slug=slug)


def lesson_entries(
    slug: str,
    version: Edition,
    entries: Sequence[queries.LessonEntry],
    enrollment: Enrollment | None,
    *,
    here: str = "",
) -> list[dict[str, Any]]:
    """The rows of the outline beside a lesson and on the course's page."""
    language, note = current_language(), _("%(minutes)s phút")
    # Keys are made of letters, digits and hyphens: one address is the start of all.
    addresses = url_for(".lesson", slug=slug, key="-").removesuffix("-")
    return [
        {
            "address": addresses + entry.lesson.key,
            "label": f"{number}. {lesson_title(entry, language, version)}",
            "note": note % {"minutes": entry.lesson.minutes},
            "state": _state(entry, enrollment),
            "is_current": entry.lesson.key == here,
        }
        for number, entry in enumerate(entries, 1)
    ]


def lesson_title(entry: queries.LessonEntry, language: str, version: Edition) -> str:
    """A lesson's title in the reader's language, else in the course's own."""
    titles = entry.lesson.titles
    return str(titles.get(language) or titles[version.language])


def _state(entry: queries.LessonEntry, enrollment: Enrollment | None) -> str:
    if entry.is_finished:
        return "done"
    is_last = enrollment is not None and enrollment.last_lesson_key == entry.lesson.key
    return "half" if is_last else "none"


def step_rows(
    asked: Sequence[rules.Point], enrollment: Enrollment | None
) -> list[tuple[str, str, str]]:
    """What completion asks for, as state, words and a note on how far the learner is."""
    return [
        (
            "done" if point.is_met else "none",
            _point_words(point),
            _point_note(point) if enrollment else "",
        )
        for point in asked
    ]


def _point_words(point: rules.Point) -> str:
    number = show_number(point.needed)
    if point.kind == "lessons":
        return _("Học xong %(number)s bài", number=number)
    return _("Đạt từ %(number)s%% điểm bài kiểm tra cuối khóa", number=number)


def _point_note(point: rules.Point) -> str:
    if point.kind == "quiz":
        if point.done is None:
            return _("Chưa làm")
        return _("Kết quả tốt nhất: %(number)s%%", number=show_number(point.done))
    left = int(point.needed - (point.done or 0))
    if left == 0:
        return _("Đã đủ")
    return ngettext("Còn %(num)d bài", "Còn %(num)d bài", left)


def _percent(
    enrollment: Enrollment | None, version: Edition, asked: Sequence[rules.Point]
) -> int | None:
    if enrollment is None:
        return None
    if enrollment.completion is not None:
        return 100
    return rules.percent_done(
        version.completion,
        enrollment.lessons_done,
        has_passed=any(p.is_met for p in asked if p.kind == "quiz"),
    )
