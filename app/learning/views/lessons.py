"""A lesson: reading, answering in place, finishing."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask_babel import gettext as _

from app.assessment import queries as answers
from app.catalog import editions
from app.kernel import clock
from app.kernel.envelope import read_envelope
from app.kernel.refusals import Refusal
from app.kernel.web import done, open_to, page
from app.kernel.web.language import current_language
from app.learning import actions, queries, rules, showing
from app.learning.views import pages
from app.learning.views.courses import lesson_entries, lesson_title, own_enrollment, standing_in


@pages.get("/khoa-hoc/<slug>/bai/<key>")
@open_to("learner")
def lesson(slug: str, key: str) -> Any:
    return _lesson_page(slug, key)


@pages.post("/khoa-hoc/<slug>/bai/<key>/xong")
@open_to("learner")
def finish_lesson(slug: str, key: str) -> Any:
    standing = standing_in(slug)
    enrollment = own_enrollment(standing)
    keys = [lesson.key for lesson in standing.edition.lessons]
    if key not in keys:
        abort(404)
    was_complete = enrollment.completion is not None
    actions.finish_lesson(enrollment, key, read_envelope(request.form), now=clock.now())
    if enrollment.completion is not None and not was_complete:
        return done(_("Anh/chị đã hoàn thành khóa học."), url_for(".course", slug=slug))
    place = keys.index(key) + 1
    if place < len(keys):
        return done("", url_for(".lesson", slug=slug, key=keys[place]))
    onward = ".quiz" if standing.edition.final_quiz else ".course"
    return done(_("Đã học xong bài cuối."), url_for(onward, slug=slug))


@pages.post("/khoa-hoc/<slug>/bai/<key>/tra-loi")
@open_to("learner")
def answer(slug: str, key: str) -> Any:
    standing = standing_in(slug)
    enrollment, version = own_enrollment(standing), standing.edition
    question_key = request.form.get("question", "")
    question = editions.lesson_questions(version.id, key).get(question_key) or abort(404)
    try:
        given = actions.answer(
            enrollment,
            question,
            lesson_key=key,
            values=request.form.getlist(question_key),
            envelope=read_envelope(request.form),
            now=clock.now(),
        )
    except rules.NothingAnswered as refusal:
        return _unanswered(slug, key, question_key, refusal)
    if not request.headers.get("X-Fragment"):
        address = url_for(".lesson", slug=slug, key=key, _anchor=f"form-{question_key}")
        return done("", address)
    asked = showing.asked(question.wordings, given.answer, current_language(), version.language)
    return page("learning/_answer.html", slug=slug, key=key, asked=asked, error=None)


def _unanswered(slug: str, key: str, question_key: str, refusal: Refusal) -> Any:
    return _lesson_page(slug, key, status=422, errors={question_key: str(refusal)})


def _lesson_page(
    slug: str, key: str, *, status: int = 200, errors: dict[str, str] | None = None
) -> Any:
    standing = standing_in(slug)
    enrollment, version = standing.enrollment, standing.edition
    entries = queries.outline(version, enrollment.id if enrollment else None)
    place = next((i for i, e in enumerate(entries) if e.lesson.key == key), None)
    if place is None:
        return _renamed(slug, key, entries)
    entry = entries[place]
    asked_for = current_language()
    language = asked_for if asked_for in entry.lesson.contents else version.language
    content = editions.lesson_text(entry.lesson.contents[language]) or abort(404)
    questions = editions.lesson_questions(version.id, key) if content.has_questions else {}
    given = (
        answers.lesson_answers(enrollment.person_id, enrollment.course_id, key)
        if enrollment and questions
        else {}
    )
    return page(
        "learning/lesson.html",
        status,
        slug=slug,
        key=key,
        version=version,
        enrollment=enrollment,
        content=content,
        content_language=language,
        is_stale=language in entry.lesson.stale,
        minutes=entry.lesson.minutes,
        number=place + 1,
        total=len(entries),
        is_finished=entry.is_finished,
        parts=showing.lesson_parts(
            content.parts,
            {k: question.wordings for k, question in questions.items()},
            given,
            language=language,
            own=version.language,
        ),
        errors=errors or {},
        entries=lesson_entries(slug, version, entries, enrollment, here=key),
        before=entries[place - 1] if place else None,
        after=entries[place + 1] if place + 1 < len(entries) else None,
        title_of=lambda e: lesson_title(e, asked_for, version),
    )


def _renamed(slug: str, key: str, entries: list[queries.LessonEntry]) -> Any:
    """An old address of a lesson that was renamed still leads to it."""
    now_called = next((e.lesson.key for e in entries if e.lesson.was == key), None)
    if now_called is None:
        abort(404)
    return redirect(url_for(".lesson", slug=slug, key=now_called), 303)
