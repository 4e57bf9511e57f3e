"""Every page that is measured: what is asked, by whom, and what must come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.bench import floors
from tests.bench.world import PASSWORD, Place, World

READING, WRITING = "reading", "writing"
FLOOR_NOTES = 1_000


@dataclass
class Requests:
    """Requests to send: repeated in turn, or each of them once."""

    all: list[bytes]
    is_spent: bool = False
    _next: int = field(default=0, repr=False)

    def take(self, share: float = 1.0) -> list[bytes]:
        """The next ones: a share of all where each may be sent once, else all."""
        if not self.is_spent:
            return self.all
        count = max(1, int(len(self.all) * share))
        first, self._next = self._next, self._next + count
        return self.all[first : first + count]


Make = Callable[[World, int], Requests]
"""Makes the requests of a page; the number is how many a run could send at most."""


@dataclass(frozen=True)
class Page:
    """One page. `view` is its endpoint; `floor` the kind of floor it is measured beside."""

    name: str
    says: str
    view: str
    floor: str
    make: Make
    expects: int = 200
    warms: int = 0
    """Requests to send first, where something is kept afterwards."""


def bare(world: World) -> bytes:
    """A request of the bare route."""
    return world.get(floors.BARE)


def floor_requests(world: World, kind: str) -> Requests:
    """Requests of a floor, by the same learners as the pages'."""
    chance, learners = world.chance(f"floor {kind}"), [p.person_id for p in world.places]
    numbers = [chance.randrange(FLOOR_NOTES) for _ in range(400)]
    if kind == READING:
        return Requests(
            [world.get(f"{floors.READING}?n={n}", chance.choice(learners)) for n in numbers]
        )
    return Requests(
        [world.post(floors.WRITING, chance.choice(learners), [("n", str(n))]) for n in numbers]
    )


def floor_expects(kind: str) -> int:
    """What a floor answers."""
    return 200 if kind == READING else 303


# Learners


def _lesson(world: World, _most: int) -> Requests:
    return Requests(
        [world.get(f"/khoa-hoc/{p.slug}/bai/{p.lesson}", p.person_id) for p in world.places]
    )


def _course(world: World, _most: int) -> Requests:
    return Requests([world.get(f"/khoa-hoc/{p.slug}", p.person_id) for p in world.places])


def _home(world: World, _most: int) -> Requests:
    return Requests([world.get("/", p.person_id) for p in world.places])


_WORDS = ("khuyến công", "chuyển đổi số", "kỹ năng", "công nghệ", "an toàn", "máy", "cong tac vien")


def _search(world: World, _most: int) -> Requests:
    chance = world.chance("search")
    return Requests(
        [
            world.get(f"/khoa-hoc?{urlencode({'q': chance.choice(_WORDS)})}", p.person_id)
            for p in world.places
        ]
    )


def _finish_request(world: World, place: Place, uuid: str) -> bytes:
    path = f"/khoa-hoc/{place.slug}/bai/{place.lesson}/xong"
    return world.post(path, place.person_id, [("uuid", uuid)])


def _finish(world: World, most: int) -> Requests:
    chance, places = world.chance("finish"), world.unfinished(most)
    world.sign_in(p.person_id for p in places)
    requests = [_finish_request(world, p, world.uuid(chance)) for p in places]
    return Requests(requests, is_spent=True)


def _finish_again(world: World, most: int) -> Requests:
    chance, places = world.chance("finish again"), world.unfinished(60)
    world.sign_in(p.person_id for p in places)
    # Each is finished by its first post; every further one carries a UUID of its own.
    first = [_finish_request(world, p, world.uuid(chance)) for p in places]
    more = [
        _finish_request(world, chance.choice(places), world.uuid(chance))
        for _ in range(most - len(first))
    ]
    return Requests(first + more, is_spent=True)


def _quiz(world: World, _most: int) -> Requests:
    found = world.attempts(60)
    return Requests([world.get(f"/khoa-hoc/{slug}/kiem-tra", a.person_id) for slug, a in found])


def _save(world: World, most: int) -> Requests:
    chance, found = world.chance("save"), world.attempts(60)
    requests = []
    for number in range(most if found else 0):
        slug, attempt = chance.choice(found)
        fields = world.answer(chance.choice(attempt.items), chance)
        fields += [("uuid", world.uuid(chance)), ("seq", str(number)), ("device", "bench")]
        path = f"/khoa-hoc/{slug}/kiem-tra/luu"
        requests.append(world.post(path, attempt.person_id, fields, accept="application/json"))
    return Requests(requests, is_spent=True)


def _submit(world: World, most: int) -> Requests:
    chance, requests = world.chance("submit"), []
    for slug, attempt in world.attempts(min(most, 500), after=60):
        fields = [pair for item in attempt.items for pair in world.answer(item, chance)]
        path = f"/khoa-hoc/{slug}/kiem-tra/nop"
        requests.append(
            world.post(path, attempt.person_id, [("uuid", world.uuid(chance)), *fields])
        )
    return Requests(requests, is_spent=True)


def _sign_in(world: World, _most: int) -> Requests:
    return Requests(
        [
            world.post("/dang-nhap", None, [("name", code), ("password", PASSWORD)])
            for _ in range(10)
            for code in world.signers
        ]
    )


# Managers


def _by_ministry(path: str) -> Make:
    return lambda world, _most: Requests([world.get(path, one) for one in world.ministry])


def _by_centre(path: str) -> Make:
    return lambda world, _most: Requests([world.get(path, one) for one in world.centre])


def _filtered(world: World, _most: int) -> Requests:
    asked = urlencode({"chu-de": "extension-skills", "tim": "nguyen"})
    return Requests([world.get(f"/quan-ly/ghi-danh?{asked}", one) for one in world.ministry])


def _person(world: World, _most: int) -> Requests:
    turns = enumerate(world.persons)
    managers = world.ministry
    return Requests(
        [world.get(f"/quan-ly/hoc-vien/{p}", managers[n % len(managers)]) for n, p in turns]
    )


# Certificates


def _check(world: World, _most: int) -> Requests:
    return Requests([world.get(f"/xac-minh/{code}") for code, _ in world.certificates(200)])


def _new_page(world: World, most: int) -> Requests:
    found = world.certificates(min(most, 300))
    world.sign_in(person_id for _, person_id in found)
    return Requests(
        [world.get(f"/giay-chung-nhan/{code}.pdf", holder) for code, holder in found],
        is_spent=True,
    )


def _kept_page(world: World, _most: int) -> Requests:
    found = world.certificates(20)
    return Requests([world.get(f"/giay-chung-nhan/{code}.pdf", holder) for code, holder in found])


def _all() -> Iterator[Page]:
    yield Page("lesson", "a lesson", "learning.lesson", READING, _lesson)
    yield Page("course", "a course", "learning.course", READING, _course)
    yield Page("home", "a learner's home", "home.index", READING, _home)
    yield Page("search", "catalogue search", "learning.catalogue", READING, _search)
    yield Page("quiz", "a running quiz", "learning.quiz", READING, _quiz)
    finish = "learning.finish_lesson"
    yield Page("finish", "finish a lesson", finish, WRITING, _finish, 303)
    yield Page("finish-again", "finish it again", finish, WRITING, _finish_again, 303, warms=60)
    yield Page("save", "save a quiz answer", "learning.save_answers", WRITING, _save)
    yield Page("submit", "submit a quiz", "learning.submit_quiz", WRITING, _submit, 303)
    yield Page("sign-in", "sign in", "people.enter", WRITING, _sign_in, 303)
    overview = "reporting.overview"
    yield Page("overview", "overview, ministry", overview, READING, _by_ministry("/quan-ly"))
    yield Page("overview-centre", "overview, centre", overview, READING, _by_centre("/quan-ly"))
    people = _by_ministry("/quan-ly/hoc-vien")
    yield Page("people", "list of people, ministry", "reporting.people", READING, people)
    enrollments = "reporting.enrollments"
    yield Page(
        "list",
        "list of enrollments, ministry",
        enrollments,
        READING,
        _by_ministry("/quan-ly/ghi-danh"),
    )
    yield Page("list-filtered", "the same, filtered and searched", enrollments, READING, _filtered)
    yield Page(
        "list-centre",
        "list of enrollments, centre",
        enrollments,
        READING,
        _by_centre("/quan-ly/ghi-danh"),
    )
    yield Page("person", "a person", "reporting.person", READING, _person)
    yield Page("check", "checking page", "credentials.public", READING, _check)
    pdf = "credentials.pdf"
    yield Page("certificate", "a certificate, new", pdf, WRITING, _new_page)
    yield Page("certificate-again", "a certificate, again", pdf, READING, _kept_page, warms=20)


PAGES = {page.name: page for page in _all()}
