"""Every error and reminder of a course, and the content that a course without errors has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.catalog.blocks import Callout, Line
from app.catalog.bundle import PICTURES, Bundle, from_folder
from app.catalog.content import CourseContent, ReadyLesson
from app.catalog.course_file import PERIOD_MINUTES, CourseFile, Draw
from app.catalog.pictures import UnsafePicture, check_svg
from app.catalog.preparing import prepare
from app.catalog.rules import CourseHasErrors
from app.catalog.source import CourseSource, LessonText, read_course
from app.kernel.words import Words, _l
from app.questions.kinds import Question
from app.questions.problems import Problem

LONGEST_LESSON = 45
PICTURE_BYTES = 300 * 1024
SHARE_OF_PERIODS = 0.75

_AS_OF = ("tính đến", "as of", "as at")


@dataclass(frozen=True)
class Checked:
    """What a check found; `content` is None where an error stands."""

    problems: tuple[Problem, ...]
    content: CourseContent | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the course from being published."""
        return tuple(p for p in self.problems if p.is_error)

    @property
    def reminders(self) -> tuple[Problem, ...]:
        """What a good editor would say."""
        return tuple(p for p in self.problems if not p.is_error)


def check(
    bundle: Bundle,
    found: Iterable[Problem] = (),
    *,
    known_courses: Collection[str] | None = None,
) -> Checked:
    """Check and render a course. `found` is what reading its files found already.

    `known_courses` are the slugs that `requires` may name; None leaves them unchecked.
    """
    course = read_course(bundle)
    checker = _Checker(course, known_courses)
    content = checker.run()
    problems = sorted(
        {*found, *course.problems, *checker.problems},
        key=lambda p: (p.file != "course.yml", p.file, p.line, p.level, p.code),
    )
    has_errors = any(p.is_error for p in problems)
    return Checked(tuple(problems), None if has_errors else content)


def check_folder(folder: Path, *, known_courses: Collection[str] | None = None) -> Checked:
    """Check the course in a folder."""
    bundle, found = from_folder(folder)
    return check(bundle, found, known_courses=known_courses)


def ready(checked: Checked) -> CourseContent:
    """The content of a course without errors. Raises CourseHasErrors."""
    if checked.content is None:
        raise CourseHasErrors(checked.errors)
    return checked.content


class _Checker:
    def __init__(self, course: CourseSource, known_courses: Collection[str] | None) -> None:
        self.course = course
        self.bundle = course.bundle
        self.known_courses = known_courses
        self.problems: list[Problem] = []
        self.used: Collection[str] = ()

    def run(self) -> CourseContent | None:
        file = self.course.file
        if not self.course.lessons and not any(
            p.is_error and p.file != "course.yml" for p in self.course.problems
        ):
            self._error("course.yml", 1, "no-lessons", _l("khóa học chưa có bài nào"))
        if file:
            self._completion(file)
            self._requires(file)
            self._version(file)
        self._lesson_rules()
        self._question_kinds()
        self._draws()
        prepared = prepare(self.course)
        self.problems += prepared.problems
        self.used = prepared.used
        self._media()
        if file is None:
            return None
        self._minutes(file, prepared.lessons)
        self._languages(file)
        return CourseContent(self.bundle, file, prepared.lessons, prepared.questions)

    def _error(self, file: str, line: int, code: str, message: Words) -> None:
        self.problems.append(Problem(file, line, "error", code, message))

    def _remind(self, file: str, line: int, code: str, message: Words) -> None:
        self.problems.append(Problem(file, line, "reminder", code, message))

    # course.yml against the folder

    def _completion(self, file: CourseFile) -> None:
        rule, lines = file.completion, file.completion.lines
        keys = {lesson.key for lesson in self.course.lessons}
        if isinstance(rule.lessons, int) and rule.lessons > len(keys):
            self._error(
                "course.yml",
                lines.get("lessons", rule.line),
                "completion-lessons",
                _l(
                    "cần %(wanted)s bài mà khóa học chỉ có %(count)s bài",
                    wanted=rule.lessons,
                    count=len(keys),
                ),
            )
        for key in rule.lessons if isinstance(rule.lessons, tuple) else ():
            if key not in keys:
                self._error(
                    "course.yml",
                    lines.get("lessons", rule.line),
                    "completion-lessons",
                    _l("không có bài “%(key)s”", key=key),
                )
        if rule.final_quiz is not None and file.final_quiz is None:
            self._error(
                "course.yml",
                lines.get("final_quiz", rule.line),
                "final-quiz-missing",
                _l("điều kiện hoàn thành có bài kiểm tra mà chưa có phần final_quiz"),
            )
        if file.final_quiz and rule.final_quiz is None:
            self._error(
                "course.yml",
                file.final_quiz.line,
                "final-quiz-mark",
                _l("có bài kiểm tra thì completion cần final_quiz: tỷ lệ phần trăm để đạt"),
            )
        if rule.assignments:
            self._error(
                "course.yml",
                lines.get("assignments", rule.line),
                "assignment-not-built",
                _l("bài tập nộp cho giảng viên chưa được làm; hãy viết thành khối activity"),
            )
        if file.final_quiz and file.final_quiz.review == "after-close":
            self._error(
                "course.yml",
                file.final_quiz.line,
                "review-not-built",
                _l("review: after-close chưa được làm; dùng after-submit, after-pass hoặc never"),
            )

    def _requires(self, file: CourseFile) -> None:
        line = file.lines.get("requires", 1)
        for slug in file.requires:
            if slug == self.bundle.slug:
                self._error("course.yml", line, "requires", _l("khóa học đòi chính nó"))
            elif self.known_courses is not None and slug not in self.known_courses:
                self._error(
                    "course.yml", line, "requires", _l("không có khóa học “%(slug)s”", slug=slug)
                )

    def _version(self, file: CourseFile) -> None:
        if bool(file.change) != bool(file.what_changed):
            line = file.lines.get("change") or file.lines.get("what_changed", 1)
            self._remind(
                "course.yml",
                line,
                "what-changed",
                _l("change và what_changed đi cùng nhau: người học cần biết điều gì đã đổi"),
            )

    def _minutes(self, file: CourseFile, lessons: Sequence[ReadyLesson]) -> None:
        quiz = (file.final_quiz.minutes or 0) if file.final_quiz else 0
        total = sum(lesson.minutes for lesson in lessons) + quiz
        wanted = file.periods * PERIOD_MINUTES
        if total < SHARE_OF_PERIODS * wanted:
            self._remind(
                "course.yml",
                file.lines.get("periods", 1),
                "periods",
                _l(
                    "các bài và bài kiểm tra cộng lại %(total)s phút, dưới ba phần tư của "
                    "%(periods)s tiết (%(wanted)s phút)",
                    total=total,
                    periods=file.periods,
                    wanted=wanted,
                ),
            )

    def _languages(self, file: CourseFile) -> None:
        spoken = {name for lesson in self.course.lessons for name in lesson.translations}
        for language in sorted(spoken):
            for lesson in self.course.lessons:
                if language not in lesson.translations:
                    self._remind(
                        lesson.source.path,
                        1,
                        "translation-missing",
                        _l("bài chưa có bản dịch .%(language)s.md", language=language),
                    )
            for name in ("title", "summary", "objectives"):
                if language not in getattr(file, name):
                    self._remind(
                        "course.yml",
                        file.lines.get(name, 1),
                        "translation-missing",
                        _l("“%(name)s” chưa có bản %(language)s", name=name, language=language),
                    )

    # Lessons

    def _lesson_rules(self) -> None:
        keys = {lesson.key for lesson in self.course.lessons}
        former: dict[str, str] = {}
        for lesson in self.course.lessons:
            file, path = lesson.source.file, lesson.source.path
            if file.kind == "assignment":
                self._error(
                    path,
                    file.lines.get("kind", 1),
                    "assignment-not-built",
                    _l("bài tập nộp cho giảng viên chưa được làm; hãy viết thành khối activity"),
                )
            if file.kind == "practice":
                self._error(
                    path,
                    file.lines.get("kind", 1),
                    "practice-not-built",
                    _l("bài luyện tập rút câu hỏi chưa được làm; hãy đặt câu hỏi trong bài đọc"),
                )
            elif file.draw:
                self._error(
                    path,
                    file.lines.get("draw", 1),
                    "unknown-key",
                    _l("draw chỉ dùng trong bài có kind: practice"),
                )
            if file.was:
                line = file.lines.get("was", 1)
                if file.was in keys or file.was in former:
                    self._error(
                        path,
                        line,
                        "lesson-was",
                        _l("“%(key)s” đang là khóa của bài khác", key=file.was),
                    )
                former[file.was] = path
            if file.minutes > LONGEST_LESSON:
                self._remind(
                    path,
                    file.lines.get("minutes", 1),
                    "lesson-long",
                    _l(
                        "bài dài %(minutes)s phút; nên chia thành các bài không quá %(most)s phút",
                        minutes=file.minutes,
                        most=LONGEST_LESSON,
                    ),
                )
            for text in (lesson.source, *lesson.translations.values()):
                self._law_dates(text)

    def _law_dates(self, text: LessonText) -> None:
        """A law callout says as of which day it holds."""
        law: Callout | None = None
        words: list[str] = []
        for block in text.blocks:
            if isinstance(block, Callout) and block.name == "law" and law is None:
                law, words = block, [block.title]
            elif isinstance(block, Line):
                words.append(block.text)
            elif law and not isinstance(block, Callout):
                if not any(sign in " ".join(words).lower() for sign in _AS_OF):
                    self._remind(
                        text.path,
                        law.line,
                        "law-date",
                        _l("căn cứ pháp lý nên ghi “tính đến ngày …”"),
                    )
                law = None

    # Questions

    def _question_kinds(self) -> None:
        for asked, _ in self.course.asked():
            if not asked.question.is_marked:
                self._error(
                    asked.path,
                    asked.question.line,
                    "kind-not-built",
                    _l(
                        "loại câu hỏi “%(kind)s” đọc được nhưng chưa chấm được; hiện chấm: một lựa "
                        "chọn, nhiều lựa chọn, số, trả lời ngắn",
                        kind=asked.question.kind,
                    ),
                )

    def _draws(self) -> None:
        file = self.course.file
        draws = list(file.final_quiz.draw) if file and file.final_quiz else []
        bank = [
            (topic.name, asked.question)
            for topic in self.course.topics
            for asked in topic.questions.values()
        ]
        names = {topic.name for topic in self.course.topics}
        for draw in draws:
            if draw.topic not in names:
                self._error(
                    "course.yml",
                    draw.line,
                    "draw-topic",
                    _l("không có tệp “questions/%(topic)s.md”", topic=draw.topic),
                )
        self._enough([draw for draw in draws if draw.topic in names], bank)
        if file:
            self._unused(draws)

    def _enough(self, draws: Sequence[Draw], bank: Sequence[tuple[str, Question]]) -> None:
        """Whatever the narrower draws take, every draw finds its count.

        A quiz lets the draw with the fewest candidates choose first.
        """
        pools = [{q.id for topic, q in bank if draw.matches(topic, q)} for draw in draws]
        order = sorted(range(len(draws)), key=lambda place: len(pools[place]))
        for turn, place in enumerate(order):
            draw, pool = draws[place], pools[place]
            taken = sum(min(draws[p].count, len(pool & pools[p])) for p in order[:turn])
            if len(pool) - taken < draw.count:
                self._error(
                    "course.yml",
                    draw.line,
                    "draw-short",
                    _l(
                        "cần %(wanted)s câu từ “%(topic)s” mà chỉ còn %(count)s câu phù hợp",
                        wanted=draw.count,
                        topic=draw.topic,
                        count=max(0, len(pool) - taken),
                    ),
                )

    def _unused(self, draws: Sequence[Draw]) -> None:
        for topic in self.course.topics:
            for asked in topic.questions.values():
                if not any(draw.matches(topic.name, asked.question) for draw in draws):
                    self._remind(
                        asked.path,
                        asked.question.line,
                        "question-unused",
                        _l("không bài kiểm tra nào rút câu “%(id)s”", id=asked.question.id),
                    )

    # Media

    def _media(self) -> None:
        for path, data in self.bundle.files.items():
            if not path.startswith("media/"):
                continue
            kind = path.rpartition(".")[2].lower()
            if kind == "svg":
                try:
                    check_svg(data)
                except UnsafePicture as unsafe:
                    self._error(
                        path,
                        1,
                        "svg-unsafe",
                        _l(
                            "hình SVG không được có mã lệnh, địa chỉ bên ngoài hay DOCTYPE "
                            "(%(what)s)",
                            what=str(unsafe),
                        ),
                    )
            if kind in PICTURES and len(data) > PICTURE_BYTES:
                self._remind(
                    path,
                    1,
                    "picture-big",
                    _l(
                        "hình nặng %(size)s KB; nên dưới %(most)s KB",
                        size=round(len(data) / 1024),
                        most=PICTURE_BYTES // 1024,
                    ),
                )
            if path not in self.used:
                self._remind(path, 1, "media-unused", _l("không bài nào dùng tệp này"))
