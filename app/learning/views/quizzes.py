"""The final quiz: its rules, a running attempt, a result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext as _

from app.assessment import actions as assessment
from app.assessment import queries as attempts
from app.assessment import rules as quiz_rules
from app.assessment.models import Attempt
from app.catalog.editions import Edition
from app.kernel import clock
from app.kernel.envelope import read_envelope
from app.kernel.web import done, me, open_to, page
from app.kernel.web.language import current_language
from app.learning import actions, queries, showing
from app.learning.models import Enrollment
from app.learning.views import pages
from app.learning.views.courses import own_enrollment, standing_in


@pages.get("/khoa-hoc/<slug>/kiem-tra")
@open_to("learner")
def quiz(slug: str) -> Any:
    standing = standing_in(slug)
    latest = _latest_attempt(standing.enrollment) if standing.enrollment else None
    if latest is None or latest.closed_at is not None:
        return _results(slug, standing, _tried(standing.enrollment) if latest else (), latest)
    if quiz_rules.is_over(latest.deadline, now=clock.now()):
        return page("learning/quiz_over.html", slug=slug, course=standing.course)
    return _running(slug, standing.edition, latest)


@pages.get("/khoa-hoc/<slug>/kiem-tra/<int:number>")
@open_to("learner")
def attempt(slug: str, number: int) -> Any:
    standing = standing_in(slug)
    tried = _tried(standing.enrollment)
    shown = next((a for a in tried if a.number == number and a.closed_at), None) or abort(404)
    return _results(slug, standing, tried, shown)


@pages.post("/khoa-hoc/<slug>/kiem-tra/bat-dau")
@open_to("learner")
def start_quiz(slug: str) -> Any:
    actions.start_quiz(own_enrollment(standing_in(slug)), now=clock.now())
    return done("", url_for(".quiz", slug=slug))


@pages.post("/khoa-hoc/<slug>/kiem-tra/luu")
@open_to("learner")
def save_answers(slug: str) -> Any:
    answers = _answers()
    if request.accept_mimetypes.best == "application/json" and len(answers) == 1:
        return _save_one(slug, *next(iter(answers.items())))
    running = _open_attempt(slug)
    assessment.save_page(running, answers, read_envelope(request.form), now=clock.now())
    saved = sum(item.answer is not None for item in running.items)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(saved=saved)
    return done(_("Đã lưu %(count)s câu.", count=saved), url_for(".quiz", slug=slug))


def _save_one(slug: str, key: str, values: Sequence[str]) -> Any:
    found = attempts.open_item(me().id, slug, key)
    if found is None:
        _open_attempt(slug)
        abort(404)
    running, item = found
    assessment.save(running, item, values, read_envelope(request.form), now=clock.now())
    return jsonify(saved=attempts.answered(running.id))


@pages.post("/khoa-hoc/<slug>/kiem-tra/nop")
@open_to("learner")
def submit_quiz(slug: str) -> Any:
    enrollment = own_enrollment(standing_in(slug))
    found = _latest_attempt(enrollment) or abort(404)
    assessment.submit(
        found,
        _answers(),
        read_envelope(request.form),
        shown_at=_shown_at(),
        now=clock.now(),
    )
    return done("", url_for(".attempt", slug=slug, number=found.number))


def _tried(enrollment: Enrollment | None) -> Sequence[Attempt]:
    if enrollment is None:
        return []
    return attempts.attempts_of(enrollment.person_id, enrollment.course_id, enrollment.round)


def _results(
    slug: str, standing: queries.Standing, tried: Sequence[Attempt], shown: Attempt | None
) -> Response:
    """Rules and results: the attempt shown with what may be seen of it, and what comes next."""
    version = standing.edition
    rule = version.final_quiz or abort(404)
    closed = [a for a in tried if a.closed_at]
    past = [quiz_rules.PastAttempt(a.closed_at, bool(a.has_passed)) for a in closed if a.closed_at]
    left = quiz_rules.attempts_left(len(past), rule.get("attempts"))
    has_passed = any(a.has_passed for a in closed)
    may_review = shown is not None and quiz_rules.may_review(
        rule.get("review", "after-pass"),
        has_passed=has_passed,
        can_try_again=not has_passed and left != 0,
    )
    opens_at = quiz_rules.opens_at(past, wait_hours=rule.get("wait_hours") or 0)
    marked = shown if shown and may_review else None
    review = _questions(marked, version.language, with_result=True) if marked else []
    return page(
        "learning/quiz.html",
        slug=slug,
        version=version,
        enrollment=standing.enrollment,
        rule=rule,
        pass_mark=version.completion.get("final_quiz"),
        left=left,
        has_passed=has_passed,
        opens_at=opens_at if opens_at and opens_at > clock.now() else None,
        is_running=len(closed) < len(tried),
        shown=shown,
        others=[a for a in closed if a is not shown],
        review=review,
        dots=[(q.number, q.item.id, q.state) for q in review],
        review_opens="" if may_review else _review_opens(rule.get("review", "after-pass")),
    )


def _review_opens(policy: str) -> str:
    if policy == "after-pass":
        return _("Đáp án và lời giải mở khi anh/chị đạt, hoặc khi đã hết lượt làm bài.")
    return _("Khóa học này không công bố đáp án của bài kiểm tra cuối khóa.")


def _running(slug: str, version: Edition, running: Attempt) -> Response:
    now = clock.now()
    left = running.deadline - now if running.deadline else None
    questions = _questions(running, version.language, with_result=False)
    response = page(
        "learning/quiz_running.html",
        slug=slug,
        version=version,
        attempt=running,
        questions=questions,
        dots=[(q.number, q.item.id, q.state) for q in questions],
        saved=sum(q.answer is not None for q in questions),
        minutes_left=max(0, -(-int(left.total_seconds()) // 60)) if left else None,
        now=now,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _questions(shown: Attempt, own: str, *, with_result: bool) -> list[showing.Asked]:
    asked = attempts.questions_of(shown)
    return [
        showing.quiz_question(
            asked[item.question_id].wordings,
            item.answer,
            item.choice_order,
            item.position,
            language=current_language(),
            own=own,
            with_result=with_result,
        )
        for item in shown.items
    ]


def _latest_attempt(enrollment: Enrollment) -> Attempt | None:
    return attempts.latest_attempt(enrollment.person_id, enrollment.course_id, enrollment.round)


def _open_attempt(slug: str) -> Attempt:
    found = _latest_attempt(own_enrollment(standing_in(slug)))
    if found is None or found.closed_at is not None:
        raise quiz_rules.AttemptOver
    return found


def _answers() -> dict[str, list[str]]:
    """What a page or a script sent: a list for each question it names, empty if unanswered."""
    return {key: request.form.getlist(key) for key in request.form.getlist("question")}


def _shown_at() -> datetime | None:
    """When the page that is submitted was made, as it says itself."""
    try:
        moment = datetime.fromisoformat(request.form.get("shown", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
