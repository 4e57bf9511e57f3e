"""Virtual people: learners, managers, an administrator, visitors, somebody at a terminal.

Each acts at random from a chance of its own, writes every act into the book before it is sent,
and behaves as people do on a bad line: presses twice, opens two tabs, gives up, tries again.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from tests.faults import processes
from tests.faults.book import DONE, REFUSED, UNKNOWN, UNSENT, Act, Book
from tests.faults.client import PLAIN, Answer, Browser, Form, Manner, NotKnown, NotSent, Pairs
from tests.faults.population import (
    COURSES,
    Population,
    Someone,
    course_files,
    new_name,
    pick,
    write_course,
)
from tests.faults.site import Site

VIETNAM = timezone(timedelta(hours=7))
ODD = (400, 401, 403, 404, 405, 413, 422, 429)
"""Refusals that none of these people has earned."""

LISTS = ("hoc-vien", "ghi-danh", "hoan-thanh", "giay-chung-nhan")
TOLD = 200  # characters of a refusal that are kept


class Gate:
    """Lets people act, or holds them all between two acts."""

    def __init__(self) -> None:
        self._open = True
        self._inside = 0
        self._changed = threading.Condition()
        self.is_over = False

    @contextmanager
    def act(self) -> Iterator[None]:
        """One act: waits while the gate is shut. Raises Over at the end."""
        with self._changed:
            while not self._open and not self.is_over:
                self._changed.wait()
            if self.is_over:
                raise Over
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def shut(self, patience: float) -> bool:
        """Hold everybody; False when somebody is still busy after so many seconds."""
        with self._changed:
            self._open = False
            return self._changed.wait_for(lambda: not self._inside, patience)

    def open(self) -> None:
        """Let people go on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def end(self) -> None:
        """Send everybody home."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()


class Over(Exception):
    """The campaign is over."""


class World:
    """What all people of a campaign share."""

    def __init__(self, site: Site, book: Book, population: Population, seed: int) -> None:
        self.site, self.book, self.population, self.seed = site, book, population, seed
        self.gate = Gate()
        self.waiting = list(population.learners)
        self.codes: list[str] = []
        self.offset = 0.0
        self.excuses: Callable[[float, float], str] = lambda start, end: ""
        self._lock = threading.Lock()
        self._names = 0

    def next_learner(self) -> Someone | None:
        """Somebody who has not learnt yet."""
        with self._lock:
            return self.waiting.pop(0) if self.waiting else None

    def comes(self, someone: Someone) -> None:
        """Somebody new wants to learn."""
        with self._lock:
            self.waiting.insert(0, someone)

    def new_name(self) -> str:
        """A name that nobody has."""
        with self._lock:
            self._names += 1
            return new_name(self._names)

    def today(self) -> str:
        """Today in Vietnam, by the product's clock, as people type it."""
        moment = datetime.now(UTC) + timedelta(seconds=self.offset)
        return moment.astimezone(VIETNAM).strftime("%d/%m/%Y")


class Person:
    """Somebody at a device."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.book, self.name = world, world.book, name
        self.chance = random.Random(f"{world.seed}:{name}")
        self.browser = self.new_browser()
        self.id = 0

    def new_browser(self) -> Browser:
        """A device that has never been here."""
        return Browser("127.0.0.1", self.world.site.port, device=self.uuid())

    def uuid(self) -> str:
        """A UUID as a page's script makes one."""
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def run(self) -> None:
        """Live until the campaign is over."""
        try:
            while True:
                self.live()
        except Over:
            pass
        except Exception as error:
            if not self.world.gate.is_over:
                self.book.finds("driver", f"{self.name}: {type(error).__name__}: {error}")
                raise

    def live(self) -> None:
        """One round of what this person does."""
        raise NotImplementedError

    def rest(self, least: float = 0.02, most: float = 0.3) -> None:
        """Think."""
        if self.world.gate.is_over:
            raise Over
        time.sleep(self.chance.uniform(least, most))

    def get(self, path: str, *, browser: Browser | None = None) -> Answer:
        """Read a page, again and again until it comes. Raises Over."""
        browser = browser or self.browser
        while True:
            started = time.monotonic()
            try:
                with self.world.gate.act():
                    answer = browser.get(path)
            except NotSent:
                self.book.reads["not sent"] += 1
            except NotKnown as problem:
                self.book.reads["no answer"] += 1
                self._complain_of_hanging("GET", path, problem)
            else:
                if answer.status < 500:
                    self.book.reads["read"] += 1
                    if answer.status == 303 and answer.leads_to == "/dang-nhap":
                        self.book.finds("thrown out", f"{self.name}: {path}")
                    return answer
                self.book.reads["failed"] += 1
                self._complain_of_failure("GET", path, answer, started)
            self.rest(0.2, 0.6)

    def manner(self) -> Manner:
        """How the next request travels."""
        drawn = self.chance.random()
        if drawn < 0.03:
            return Manner("slow", pieces=6, pause=0.3)
        if drawn < 0.05:
            return Manner("cut")
        if drawn < 0.08:
            return Manner("deaf")
        return PLAIN

    def do(
        self,
        kind: str,
        what: dict[str, object],
        path: str,
        fields: Pairs,
        *,
        uuid: str = "",
        person: int = 0,
        good: Sequence[int] = (303,),
        expected: Sequence[int] = (409,),
        headers: Sequence[tuple[str, str]] = (),
        tell: Callable[[Answer], dict[str, object]] = lambda answer: {},
        browser: Browser | None = None,
        twice: bool | None = None,
    ) -> tuple[Act, Answer | None]:
        """Send a form, in one of the ways in which forms travel; sometimes twice at once.

        Gives the act that was acknowledged, if one was.
        """
        if twice is None:
            twice = self.chance.random() < 0.06
        manner = self.manner() if not twice else PLAIN
        if manner is not PLAIN:
            self.book.faults[f"{manner.name} request"] += 1

        def once(way: Manner) -> tuple[Act, Answer | None]:
            act = self.book.opens(kind, person or self.id, what, uuid)
            return act, self._send(
                act, path, fields, way, good, expected, headers, tell, browser or self.browser
            )

        with self.world.gate.act():
            if not twice:
                return once(manner)
            self.book.faults["double click"] += 1
            return self.together(lambda: once(PLAIN), lambda: once(PLAIN))

    def together(self, *acts: Callable[[], tuple[Act, Answer | None]]) -> tuple[Act, Answer | None]:
        """Do several things at the same moment; gives one that was acknowledged, if any was."""
        done: list[tuple[Act, Answer | None]] = []
        threads = [threading.Thread(target=lambda act=act: done.append(act())) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return next((pair for pair in done if pair[0].outcome == DONE), done[0])

    def _send(
        self,
        act: Act,
        path: str,
        fields: Pairs,
        manner: Manner,
        good: Sequence[int],
        expected: Sequence[int],
        headers: Sequence[tuple[str, str]],
        tell: Callable[[Answer], dict[str, object]],
        browser: Browser,
    ) -> Answer | None:
        started = time.monotonic()
        try:
            answer = browser.post(path, fields, manner=manner, headers=headers)
        except NotSent:
            self.book.closes(act, UNSENT)
            return None
        except NotKnown as problem:
            self.book.closes(act, UNKNOWN)
            self._complain_of_hanging("POST", path, problem)
            return None
        if answer.status in good:
            to = {"to": answer.location} if answer.status == 303 and act.uuid else {}
            self.book.closes(act, DONE, **to, **tell(answer))
        elif answer.status >= 500:
            self.book.closes(act, UNKNOWN, status=answer.status)
            self._complain_of_failure("POST", path, answer, started)
        else:
            why = _reason(answer)
            self.book.closes(act, REFUSED, status=answer.status, why=why)
            self.book.refusals[f"{act.kind}, {answer.status}: {why}"] += 1
            if answer.status in ODD and answer.status not in expected:
                self.book.finds("odd refusal", f"{act.kind} {path}: {answer.status} {why}")
        return answer

    def _complain_of_failure(self, method: str, path: str, answer: Answer, started: float) -> None:
        if not self.world.excuses(started, time.monotonic()):
            at = time.strftime("%H:%M:%S")
            self.book.finds("failure", f"{method} {path}: {answer.status} at {at}")

    def _complain_of_hanging(self, method: str, path: str, problem: NotKnown) -> None:
        now = time.monotonic()
        if problem.was_hung and not self.world.excuses(now - 60, now):
            self.book.finds("hung", f"{method} {path}: {problem}")

    def sign_in(self, someone: Someone) -> None:
        """Come in with a name and a password. Raises Over."""
        self.browser, self.id = self.new_browser(), someone.id
        while True:
            form = self.get("/dang-nhap").form("sign-in")
            if form is None:
                return  # a sign-in whose answer was lost had worked after all
            act, _answer = self.do(
                "sign-in",
                {},
                "/dang-nhap",
                form.filled(name=someone.name, password=someone.password),
                twice=False,
                expected=(429,),
            )
            if act.outcome == DONE:
                return
            self.rest(0.3, 1.0 if act.outcome != REFUSED else 20.0)


def _reason(answer: Answer) -> str:
    found = re.search(r'class="(?:lead|error|summary)[^"]*"[^>]*>(.*?)</', answer.text, re.S)
    found = found or re.search(r"<h1[^>]*>(.*?)</h1>.*?<p[^>]*>(.*?)</p>", answer.text, re.S)
    words = re.sub(r"<[^>]+>", " ", " ".join(found.groups()) if found else "")
    return re.sub(r"\d+", "#", re.sub(r"\s+", " ", words).strip())[:TOLD]


class Learner(Person):
    """Enrolls, reads, answers, finishes, takes quizzes, looks at certificates; then the next."""

    def live(self) -> None:
        someone = self.world.next_learner()
        if someone is None:
            self.rest(1, 3)
            return
        self.sign_in(someone)
        self.unit, self.completed = someone.unit, set[str]()
        for slug in self.chance.sample(COURSES, len(COURSES)):
            self._course(slug)
            if self.chance.random() < 0.5:
                self._certificates()
        self._certificates()

    def _course(self, slug: str) -> None:
        address = f"/khoa-hoc/{slug}"
        page = self.get(address)
        for _try in range(8):
            form = page.form("enroll")
            if form is None:
                break
            self.do("enroll", {"course": slug}, form.action, form.filled(), uuid=_of(form))
            page = self.get(address)
        accept = page.form("accept-version")
        if accept is not None and self.chance.random() < 0.7:
            self.do("accept", {"course": slug}, accept.action, accept.filled(), uuid=_of(accept))
        keys = list(dict.fromkeys(re.findall(rf'"{address}/bai/([\w-]+)"', page.text)))
        self.beside = keys.pop() if keys and self.chance.random() < 0.3 else ""
        last = self.beside
        for key in keys:
            self._lesson(slug, key)
        for _try in range(4):
            if self._quiz(slug):
                break
        if last:
            self._lesson(slug, last)

    def _lesson(self, slug: str, key: str) -> None:
        address = f"/khoa-hoc/{slug}/bai/{key}"
        for form in self.get(address).forms():
            if "answer" in form.buttons and self.chance.random() < 0.7:
                self._answer(slug, key, form)
                self.rest()
        was_told = False
        for _try in range(8):
            form = self.get(address).form("finish-lesson")
            if form is None:
                return
            if was_told:
                self.book.finds("told what is not so", f"{address} of {self.id} is not finished")
                return
            what: dict[str, object] = {"course": slug, "lesson": key}

            def tell(answer: Answer) -> dict[str, object]:
                return {"completed": answer.leads_to == f"/khoa-hoc/{slug}"}

            for _press in range(3):
                act, _ = self.do(
                    "finish", what, form.action, form.filled(), uuid=_of(form), tell=tell
                )
                if act.outcome == DONE:
                    was_told = True
                    if act.told["completed"]:
                        self.completed.add(slug)
                    break
                if self.chance.random() < 0.5:
                    break
                self.rest(0.1, 0.5)
            if was_told and self.chance.random() < 0.6:
                return

    def _answer(self, slug: str, key: str, form: Form) -> None:
        question = form.value("question")
        for _press in range(1 + (self.chance.random() < 0.2)):
            values = pick(self.chance, question, form.choices.get(question, []))
            if form.kinds.get(question) == "radio":
                values = values[:1]
            what: dict[str, object] = {
                "course": slug,
                "lesson": key,
                "question": question,
                "values": values,
            }
            by_script = self.chance.random() < 0.6
            uuid = self.uuid() if by_script else _of(form)
            fields = form.filled(**{question: values})
            headers: list[tuple[str, str]] = []
            if by_script:
                fields = [pair for pair in fields if pair[0] != "uuid"]
                fields += self.browser.envelope(uuid)
                headers = [("X-Fragment", "1")]
            for _again in range(3):
                act, _ = self.do(
                    "answer",
                    what,
                    form.action,
                    fields,
                    uuid=uuid,
                    good=(200, 303),
                    headers=headers,
                )
                if act.outcome in (DONE, REFUSED) or self.chance.random() < 0.3:
                    break
                self.rest(0.1, 0.4)
            if not by_script:
                return

    # Quizzes

    def _quiz(self, slug: str) -> bool:
        """One go at the quiz; True when there is nothing more to do."""
        address = f"/khoa-hoc/{slug}/kiem-tra"
        page = self.get(address)
        start = page.form("start-quiz")
        if start is not None:
            self.do("start", {"course": slug}, start.action, start.filled(), uuid=_of(start))
            page = self.get(address)
        form = page.form("submit-quiz")
        if form is None:
            return page.form("start-quiz") is None
        found = re.search(r'data-attempt="(\d+)"', page.text)
        if found is None:
            self.do("close-overdue", {"course": slug}, form.action, form.filled(), uuid=_of(form))
            return False
        attempt = int(found[1])
        by_script = self.chance.random() < 0.7
        given = self._save_all(address, attempt, form, by_script)
        if self.chance.random() < 0.4:
            self._look_again(address, attempt, given)
        return self._submit(slug, address, attempt, given, by_script)

    def _save_all(
        self, address: str, attempt: int, form: Form, by_script: bool
    ) -> dict[str, list[str]]:
        questions = [value for name, value in form.fields if name == "question"]
        given = {
            key: values
            for key in questions
            if (values := [value for name, value in form.fields if name == key and value])
        }
        for key in questions:
            for _change in range(1 + (self.chance.random() < 0.25)):
                values = pick(self.chance, key, form.choices.get(key, []))
                if form.kinds.get(key) == "radio":
                    values = values[:1]
                given[key] = values
                if by_script:
                    self._save_one(address, attempt, key, values, form.choices.get(key, []))
                else:
                    self._save_page(address, attempt, form, given)
                self.rest()
        return given

    def _save_one(
        self, address: str, attempt: int, key: str, values: list[str], choices: list[str]
    ) -> None:
        """Save as the page's script does: again with the same envelope until it is answered."""
        others = self.chance.random() < 0.05
        if self.chance.random() < 0.06 and self.browser.sequence:
            self._save_late(address, attempt, key, choices)
        uuid = self.uuid()
        envelope = self.browser.envelope(uuid)
        one = self._saving(address, attempt, key, values, envelope)
        if others:
            self.book.faults["two tabs"] += 1
            other = self.new_browser()
            other.cookies = dict(self.browser.cookies)
            second = other.envelope(self.uuid())
            two = self._saving(address, attempt, key, pick(self.chance, "", choices)[:1], second)
            with self.world.gate.act():
                self.together(lambda: one(True), lambda: two(True))
        for _again in range(12):
            act, _ = one(False)
            if act.outcome in (DONE, REFUSED):
                return
            self.rest(0.2, 0.6)

    def _save_late(self, address: str, attempt: int, key: str, choices: list[str]) -> None:
        """What a line held back arrives after what came later."""
        self.book.faults["late save"] += 1
        behind = self.browser.sequence
        self.browser.sequence += 1
        first, second = choices[:2] if len(choices) > 1 else ["1", "2"]
        self._saving(address, attempt, key, [first], self.browser.envelope(self.uuid()))(False)
        late = self.browser.envelope(self.uuid(), sequence=behind)
        self._saving(address, attempt, key, [second], late, is_late=True)(False)

    def _saving(
        self,
        address: str,
        attempt: int,
        key: str,
        values: list[str],
        envelope: Pairs,
        *,
        is_late: bool = False,
    ) -> Callable[[bool], tuple[Act, Answer | None]]:
        sent = dict(envelope)
        what: dict[str, object] = {
            "attempt": attempt,
            "answers": {key: values},
            "device": sent["device"],
            "sequence": int(sent["seq"]),
            "by_script": True,
            "is_late": is_late,
        }
        fields = [("question", key), *((key, value) for value in values), *envelope]
        headers = [("Accept", "application/json")]

        def send(is_inside: bool) -> tuple[Act, Answer | None]:
            if is_inside:
                act = self.book.opens("save", self.id, what, sent["uuid"])
                answer = self._send(
                    act,
                    f"{address}/luu",
                    fields,
                    PLAIN,
                    (200,),
                    (409,),
                    headers,
                    lambda answer: {},
                    self.browser,
                )
                return act, answer
            return self.do(
                "save",
                what,
                f"{address}/luu",
                fields,
                uuid=sent["uuid"],
                good=(200,),
                headers=headers,
            )

        return send

    def _save_page(
        self, address: str, attempt: int, form: Form, given: dict[str, list[str]]
    ) -> None:
        """Save by hand, without a script: everything on the page goes, under one UUID."""
        uuid = self.uuid()  # a page that was loaded again has a new one
        fields = [*form.filled(uuid=uuid, **given)]
        what: dict[str, object] = {
            "attempt": attempt,
            "answers": {key: list(values) for key, values in given.items()},
            "device": "",
            "sequence": 0,
            "by_script": False,
            "is_late": False,
        }
        for _again in range(6):
            act, _ = self.do("save", what, f"{address}/luu", fields, uuid=uuid)
            if act.outcome in (DONE, REFUSED):
                return
            self.rest(0.2, 0.6)

    def _look_again(self, address: str, attempt: int, given: dict[str, list[str]]) -> None:
        """Load the page again: what was acknowledged must stand on it."""
        page = self.get(address)
        form = page.form("submit-quiz")
        if form is None or f'data-attempt="{attempt}"' not in page.text:
            return
        mine = [act for act in self.book.acts if act.what.get("attempt") == attempt]
        for key in given:
            saves = [act for act in mine if act.kind == "save" and key in act.what["answers"]]
            if not saves or any(act.outcome == UNKNOWN for act in saves):
                continue
            if len({act.what["device"] for act in saves}) > 1:
                continue
            last = max(
                (act for act in saves if act.outcome == DONE),
                key=lambda act: (act.what["sequence"], act.answered),
                default=None,
            )
            if last is None:
                continue
            shown = {value for name, value in form.fields if name == key and value}
            if shown != set(last.what["answers"][key]):
                self.book.finds(
                    "told what is not so",
                    f"attempt {attempt}, {key}: {last.what['answers'][key]} saved, {shown} shown",
                )

    def _submit(
        self,
        slug: str,
        address: str,
        attempt: int,
        given: dict[str, list[str]],
        by_script: bool,
    ) -> bool:
        for _try in range(8):
            page = self.get(address)
            form = page.form("submit-quiz")
            if form is None or f'data-attempt="{attempt}"' not in page.text:
                break  # it is closed already
            uuid = _of(form)
            fields = form.filled(**given)
            device, sequence = "", 0
            if by_script:
                envelope = self.browser.envelope(uuid)
                device, sequence = self.browser.device, self.browser.sequence
                fields = [pair for pair in fields if pair[0] != "uuid"] + envelope
            what: dict[str, object] = {
                "course": slug,
                "attempt": attempt,
                "answers": {key: list(values) for key, values in given.items()},
                "device": device,
                "sequence": sequence,
            }
            self._press_beside(slug)
            act, answer = self.do("submit", what, form.action, fields, uuid=uuid, tell=_number)
            if act.outcome == DONE and answer is not None:
                return self._score(attempt, self.get(answer.leads_to))
            self.rest(0.2, 0.6)
        return False

    def _press_beside(self, slug: str) -> None:
        """Finish the last lesson in another tab at the moment in which the quiz is submitted."""
        key, self.beside = self.beside, ""
        form = self.get(f"/khoa-hoc/{slug}/bai/{key}").form("finish-lesson") if key else None
        if form is None:
            return
        self.book.faults["last lesson and quiz at once"] += 1
        what: dict[str, object] = {"course": slug, "lesson": key}
        uuid, manner = _of(form), self.chance.uniform(0.0, 0.05)

        def press() -> None:
            time.sleep(manner)
            with suppress(Over):
                self.do("finish", what, form.action, form.filled(), uuid=uuid, twice=False)

        threading.Thread(target=press).start()

    def _score(self, attempt: int, page: Answer) -> bool:
        found = re.search(r'data-score="([\d.]+)"', page.text)
        if found is None:
            self.book.finds("told what is not so", f"attempt {attempt} shows no result")
            return True
        act = self.book.opens("score", self.id, {"attempt": attempt})
        self.book.closes(act, DONE, score=float(found[1]))
        return float(found[1]) >= 50

    def _certificates(self) -> None:
        page = self.get("/giay-chung-nhan")
        found = re.findall(
            r'data-certificate="([^"]+)".*?Số vào sổ ([^<\s]+)<', page.text, re.DOTALL
        )
        for code, number in found:
            act = self.book.opens("certificate", self.id, {"code": code, "number": number})
            self.book.closes(act, DONE)
            self.world.codes.append(code)
        is_at_once = self.unit == self.world.population.certified_at_once
        if is_at_once and len(found) < len(self.completed):
            self.book.finds(
                "told what is not so",
                f"person {self.id} completed {sorted(self.completed)}, {len(found)} certificates",
            )
        if found and self.chance.random() < 0.3:
            code = self.chance.choice(found)[0]
            printed = self.get(f"/giay-chung-nhan/{code}.pdf")
            if printed.status == 200 and printed.body.startswith(b"%PDF"):
                act = self.book.opens("page", self.id, {"code": code})
                self.book.closes(act, DONE, sha256=hashlib.sha256(printed.body).hexdigest())
            else:
                self.book.finds("odd answer", f"{code}.pdf: {printed.status}")


def _of(form: Form) -> str:
    return form.value("uuid")


def _number(answer: Answer) -> dict[str, object]:
    found = re.search(r"/kiem-tra/(\d+)$", answer.leads_to)
    return {"number": int(found[1]) if found else None}


class Manager(Person):
    """Looks at figures and lists, exports them, recognises what was completed."""

    def __init__(self, world: World, name: str, someone: Someone) -> None:
        super().__init__(world, name)
        self.someone = someone
        self.exports: list[int] = []
        self.decisions = 0

    def live(self) -> None:
        self.sign_in(self.someone)
        while True:
            todo = self.chance.choice(
                (self._read, self._read, self._export, self._export, self._fetch, self._recognize)
            )
            todo()
            self.rest(0.2, 1.0)

    def _read(self) -> None:
        self.get(self.chance.choice(("/quan-ly", "/quan-ly/danh-sach", "/quan-ly/cong-nhan")))
        self.get(f"/quan-ly/{self.chance.choice(LISTS)}")

    def _export(self) -> None:
        address = self.chance.choice(LISTS)
        form = self.get(f"/quan-ly/{address}").form("export")
        if form is None:
            return  # nothing to export yet
        kind = self.chance.choice(("csv", "xlsx"))
        what: dict[str, object] = {"list": address, "form": kind, "press": form.value("lan")}
        for _again in range(4):
            act, _ = self.do("export", what, form.action, form.filled(dang=kind), tell=_export_id)
            if act.outcome == DONE:
                self.exports.append(int(act.told["export"]))
                return
            if act.outcome == REFUSED or self.chance.random() < 0.2:
                return
            self.rest(0.2, 0.6)

    def _fetch(self) -> None:
        for number in list(self.exports):
            answer = self.get(f"/quan-ly/xuat/{number}")
            if answer.status != 200:
                self.book.finds("odd answer", f"export {number}: {answer.status}")
                self.exports.remove(number)
            elif answer.kind != "text/html":
                act = self.book.opens("download", self.id, {"export": number})
                self.book.closes(act, DONE, sha256=hashlib.sha256(answer.body).hexdigest())
                self.exports.remove(number)

    def _recognize(self) -> None:
        form = self.get("/quan-ly/cong-nhan").form("recognize")
        if form is None:
            return
        waiting = form.choices.get("completions", [])
        if not waiting:
            return
        chosen = self.chance.sample(waiting, min(len(waiting), self.chance.randint(1, 8)))
        self.decisions += 1
        number = f"{self.decisions}/QĐ-{self.name}"
        asked = form.filled(
            completions=chosen,
            number=number,
            day=self.world.today(),
            signer_name="Trần Văn Ký",
            signer_title="Giám đốc",
        )
        issue = self.get(f"/quan-ly/cong-nhan/xem-truoc?{urlencode(asked)}").form("issue")
        if issue is None:
            self.book.refusals["preview of a batch"] += 1
            return
        ids = [int(value) for name, value in issue.fields if name == "completions"]
        what: dict[str, object] = {"number": number, "completions": ids}
        for _again in range(5):
            act, _ = self.do(
                "recognize",
                what,
                issue.action,
                issue.filled(),
                uuid=_of(issue),
                tell=_decision_id,
                expected=(422,),  # somebody completed tomorrow: the clock went back
            )
            if act.outcome in (DONE, REFUSED):
                return
            self.rest(0.2, 0.6)


def _export_id(answer: Answer) -> dict[str, object]:
    return {"export": int(answer.leads_to.rsplit("/", 1)[1])}


def _decision_id(answer: Answer) -> dict[str, object]:
    return {"decision": int(answer.leads_to.rsplit("/", 1)[1])}


class Administrator(Person):
    """Adds persons, invites them, and sees to it that they come."""

    def live(self) -> None:
        assert self.world.population.administrator is not None
        self.sign_in(self.world.population.administrator)
        while True:
            self._add()
            self.rest(2.0, 6.0)

    def _add(self) -> None:
        form = self.get("/quan-tri/nguoi/them").form("add-person")
        if form is None:
            self.book.finds("odd answer", "no form for a new person")
            return
        name = self.world.new_name()
        unit = self.chance.choice(self.world.population.centres)
        fields = form.filled(
            full_name=name,
            birth_date="17/05/1990",
            gender="female",
            email=f"{self.uuid()[:8]}@minhson.example" if self.chance.random() < 0.5 else "",
            unit_id=str(unit),
            kind="officer",
            position="Chuyên viên",
        )
        for _again in range(6):
            act, _ = self.do(
                "add-person", {"name": name}, form.action, fields, uuid=_of(form), tell=_person_id
            )
            if act.outcome == DONE:
                self._invite(int(act.told["person"]), unit)
                return
            if act.outcome == REFUSED:
                return
            self.rest(0.2, 0.6)

    def _invite(self, person: int, unit: int) -> None:
        page = self.get(f"/quan-tri/nguoi/{person}")
        form = page.form("invite")
        code = re.search(r"\bKC\d{6}\b", page.text)
        if form is None or code is None:
            self.book.finds("odd answer", f"person {person}: {page.status}, no invitation")
            return
        for _again in range(6):
            act, answer = self.do(
                "invite", {"person": person}, form.action, form.filled(), good=(200,)
            )
            if act.outcome == DONE and answer is not None:
                link = re.search(r"data-invitation>([^<]+)<", answer.text)
                if link is None:
                    self.book.finds("told what is not so", f"no link for person {person}")
                    return
                self._accept(person, code[0], unit, urlsplit(link[1]).path)
                return
            self.rest(0.2, 0.6)

    def _accept(self, person: int, code: str, unit: int, path: str) -> None:
        """The invited person sets a password, and learns from now on."""
        browser = self.new_browser()
        password = f"hoa sữa {self.uuid()[:12]}"
        for _again in range(6):
            page = self.get(path, browser=browser)
            form = page.form("set-password")
            if form is None:
                break  # spent: the answer was lost, the password was not
            act, _ = self.do(
                "set-password",
                {},
                form.action,
                form.filled(password=password),
                person=person,
                browser=browser,
                expected=(404,),  # of two presses at once, the second finds the link spent
            )
            if act.outcome == DONE:
                break
            self.rest(0.2, 0.6)
        else:
            return
        self.world.comes(Someone(person, code, password, unit))


def _person_id(answer: Answer) -> dict[str, object]:
    return {"person": int(answer.leads_to.rsplit("/", 1)[1])}


class Visitor(Person):
    """Searches the catalogue and checks certificates."""

    def live(self) -> None:
        self.get(self.chance.choice(("/", "/khoa-hoc", f"/khoa-hoc?q={quote('khảo sát')}")))
        if self.world.codes:
            code = self.chance.choice(self.world.codes[-500:])
            answer = self.get(f"/xac-minh/{code}")
            if answer.status != 200 or code not in answer.text:
                self.book.finds("told what is not so", f"/xac-minh/{code}: {answer.status}")
        self.rest(0.3, 1.5)


class Operator(Person):
    """Publishes courses and registers persons at a terminal; sometimes killed in the middle."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.versions = 0

    def live(self) -> None:
        self.rest(8.0, 16.0)
        with self.world.gate.act():
            if self.chance.random() < 0.5:
                self._publish()
            else:
                self._create()

    def _publish(self) -> None:
        self.versions += 1
        number = self.chance.randrange(len(COURSES))
        slug, mark = COURSES[number], f"Bản sửa thứ {self.versions}."
        change = self.chance.choice(("correction", "correction", "substantial"))
        folder = self.world.population.courses / slug
        write_course(folder, course_files(slug, number, mark, change))
        act = self.book.opens("publish", 0, {"course": slug, "mark": mark})
        self._run(
            act,
            ("courses", "publish", str(folder)),
            rf"{slug}: \S+ \S+ (?P<number>\d+) \((?P<hash>\w+)\)",
        )
        if act.outcome == DONE:
            act.told["number"] = int(act.told["number"])

    def _create(self) -> None:
        name = self.world.new_name()
        act = self.book.opens("create-person", 0, {"name": name})
        unit = self.chance.choice(("TTKC1", "TTKC2"))
        self._run(act, ("people", "create", name, "--unit", unit), r"^(?P<staff_code>KC\d{6})$")

    def _run(self, act: Act, command: Sequence[str], said: str) -> None:
        started = time.monotonic()
        process = self.world.site.command(*command)
        is_killed = self.chance.random() < 0.3
        if is_killed:
            time.sleep(self.chance.uniform(0.5, 4.0))
            if process.poll() is None:
                processes.kill(process.pid)
                self.book.faults["kill of a command"] += 1
            else:
                is_killed = False
        out, err = process.communicate(timeout=180)
        found = re.search(said, out, re.MULTILINE)
        if found and process.returncode == 0:
            self.book.closes(act, DONE, **found.groupdict())
            return
        self.book.closes(act, UNKNOWN)
        if not is_killed and not self.world.excuses(started, time.monotonic()):
            last = (err.strip().splitlines() or [out.strip()])[-1]
            self.book.finds("failure", f"{' '.join(command[:2])}: {process.returncode}: {last}")
