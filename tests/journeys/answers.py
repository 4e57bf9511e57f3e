"""A learner who knows the course by heart: right answers from its folder, never from a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from playwright.sync_api import Locator, Page

from app.catalog.bundle import from_folder
from app.catalog.source import read_course
from app.questions.kinds import Question


class Course:
    """A course folder as its author wrote it."""

    def __init__(self, folder: Path) -> None:
        bundle, _problems = from_folder(folder)
        source = read_course(bundle)
        assert source.file is not None
        self.slug = folder.name
        self.title = source.file.title["vi"]
        self.file = source.file
        self.lessons = [lesson.key for lesson in source.lessons]
        self.questions = {asked.question.id: asked.question for asked, _where in source.asked()}
        self.asked_in = {lesson.key: list(lesson.source.questions) for lesson in source.lessons}

    def address(self, *rest: str) -> str:
        """A page of the course."""
        return "/".join(("/khoa-hoc", self.slug, *rest))

    def give(self, page: Page, name: str, *, right: bool = True) -> None:
        """Tick or type an answer to a question on the page, in a wrong way if so told."""
        question, asked = self.questions[name], fieldset(page, name)
        if question.choices:
            wanted = [c.key for c in question.choices if c.right is right]
            if question.kind == "one":
                asked.locator(f"input[value='{wanted[0]}']").check()
            else:
                for choice in question.choices:
                    box = asked.locator(f"input[value='{choice.key}']")
                    box.set_checked(choice.key in wanted)
        else:
            asked.locator("input[type=text]").fill(self.spoken(name) if right else "7777")

    def right(self, name: str) -> str | list[str]:
        """The right answer as a form sends it: the keys of choices, or what is typed."""
        question = self.questions[name]
        keys = [choice.key for choice in question.choices if choice.right]
        return keys if question.choices else self.spoken(name)

    def spoken(self, name: str) -> str:
        """The right answer of a question without choices, as a person types it."""
        question = self.questions[name]
        if question.number is None:
            return question.texts[0].text
        value = question.number.value / question.number.scale
        return f"{value.normalize():f}".replace(".", ",")

    def percent(self, asked: list[str], *, wrong: str) -> float:
        """The score of a quiz in which one question that has one answer was answered wrongly,
        rounded down: nobody passes by rounding."""
        points = {name: self.questions[name].points for name in asked}
        share = 1 - points[wrong] / sum(points.values())
        return float((100 * share).quantize(Decimal("0.1"), ROUND_DOWN))


def fieldset(page: Page, name: str) -> Locator:
    """A question on a page."""
    return page.locator(f"fieldset[data-question='{name}']")


def asked_on(page: Page) -> list[str]:
    """The questions on a page, in their order."""
    return [
        name
        for one in page.locator("fieldset[data-question]").all()
        if (name := one.get_attribute("data-question"))
    ]


def assert_gives_nothing_away(page: Page, course: Course) -> None:
    """No unanswered question on the page tells, to a person or to a programme, what is right."""
    for name in asked_on(page):
        if fieldset(page, name).locator(".outcome").count():
            continue
        html = " ".join(fieldset(page, name).evaluate("e => e.outerHTML").split())
        told = [words for words in _told_afterwards(course.questions[name]) if words in html]
        assert told == [], f"{page.url}: {name} gives away {told}"
        shapes = fieldset(page, name).evaluate(
            """e => [...e.querySelectorAll(".choice")].map(choice =>
                [choice, ...choice.querySelectorAll("label, input, label > span")].map(part =>
                    [part.tagName, part.className, ...part.getAttributeNames()].join(" ")
                ).join(" | "))"""
        )
        assert len(set(shapes)) <= 1, f"{page.url}: the choices of {name} differ: {shapes}"
        for typed in fieldset(page, name).locator("input[type=text]").all():
            assert typed.input_value() == ""


def _told_afterwards(question: Question) -> Iterator[str]:
    """Stretches of plain words of everything that is shown only once a question is answered."""
    texts = [question.explanation, *(choice.feedback for choice in question.choices)]
    texts += [answer.feedback for answer in question.texts]
    texts += [question.number.feedback] if question.number else []
    for text in texts:
        for stretch in re.findall(r"[^*_`\[\]()$<>&\"'\\|{}\n]{15,}", text):
            yield " ".join(stretch.split())
