"""The book's comparison on small data: what is whole passes, each planted harm is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.faults import showing
from tests.faults.book import DONE, REFUSED, UNKNOWN, UNSENT, Act, Book
from tests.faults.comparing import Surroundings, compare, possible_answers
from tests.faults.harm import JUMP, KILLS, Harm, Trouble, schedule

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PAGE, FILE = "a" * 64, "b" * 64
UUIDS = {name: f"00000000-0000-4000-8000-00000000000{n}" for n, name in enumerate("fasx", 1)}
AROUND = Surroundings(
    now=NOW,
    people=frozenset({1}),
    certified_at_once=frozenset({7}),
    files={PAGE: True, FILE: True},
    letters={4},
    periodic=frozenset({"seal-audit"}),
)


def an_act(
    kind: str, what: dict[str, Any], outcome: str = DONE, uuid: str = "", **told: Any
) -> Act:
    return Act(kind, 1, what, uuid, sent=1.0, answered=2.0, outcome=outcome, told=told)


def a_save(key: str, values: list[str], *, outcome: str = DONE, **others: Any) -> Act:
    """A save of one answer; `sent` and `answered` are seconds, `sequence` the device's number."""
    times = {name: others.pop(name) for name in ("sent", "answered") if name in others}
    uuid = others.pop("uuid", "")
    what = {"attempt": 11, "answers": {key: values}, "device": "d", "sequence": 1}
    what |= {"by_script": True, "is_late": False, **others}
    uuid = uuid or f"{what['device']}-{what['sequence']}"
    return replace(an_act("save", what, outcome, uuid), **times)


def acts() -> list[Act]:
    """A learner's way from an enrollment to a certificate, all of it acknowledged."""
    return [
        an_act("enroll", {"course": "khoa"}),
        an_act("answer", {"course": "khoa", "question": "q", "values": ["c1"]}, uuid=UUIDS["a"]),
        an_act("finish", {"course": "khoa", "lesson": "bai-1"}, uuid=UUIDS["f"], completed=False),
        an_act("start", {"course": "khoa"}),
        a_save("ks-1", ["r"], uuid=UUIDS["s"]),
        an_act(
            "submit",
            {"attempt": 11, "answers": {"ks-1": ["r"]}, "device": "d", "sequence": 2},
            uuid=UUIDS["x"],
            number=1,
        ),
        an_act("score", {"attempt": 11}, score=100.0),
        an_act("certificate", {"code": "K7", "number": "0001/2026"}),
        an_act("page", {"code": "K7"}, sha256=PAGE),
        an_act("recognize", {"number": "2/QĐ", "completions": [21]}, decision=31),
        an_act("export", {"list": "people", "form": "csv", "press": "p"}, export=41),
        an_act("download", {"export": 41}, sha256=FILE),
        an_act("add-person", {"name": "Hoàng Thị An Đông"}, person=2),
        an_act("publish", {"course": "khoa"}, number=1, hash="abc"),
    ]


def tables() -> dict[str, list[dict[str, Any]]]:
    """What the product's tables hold after it."""
    key = {"person_id": 1, "course_id": 5}
    content = {"vi": {"choices": [{"key": "r", "right": True}, {"key": "w"}]}}
    return {
        "person": [
            {"id": 1, "full_name": "Y Ơn", "staff_code": "T1", "email": "y@minhson.example"},
            {"id": 2, "full_name": "Hoàng Thị An Đông", "staff_code": "T2", "email": ""},
        ],
        "account": [{"person_id": 1, "password_hash": "x"}],
        "invitation": [],
        "course": [{"id": 5, "slug": "khoa"}],
        "course_version": [
            {
                "id": 6,
                "course_id": 5,
                "number": 1,
                "content_hash": "abcdef",
                "completion": {"lessons": ["bai-1"], "lessons_needed": 1, "final_quiz": 50},
            }
        ],
        "question": [{"id": 9, "key": "ks-1", "content": content}],
        "enrollment": [{"id": 8, **key, "round": 1, "version_id": 6, "lessons_done": 1}],
        "finished_lesson": [
            {"id": 1, "enrollment_id": 8, "lesson_key": "bai-1", "uuid": UUIDS["f"]}
        ],
        "lesson_answer": [{"uuid": UUIDS["a"], "person_id": 1, "answer": ["c1"]}],
        "attempt": [
            {
                "id": 11,
                **key,
                "number": 1,
                "closed_at": NOW,
                "was_overdue": False,
                "deadline": None,
                "points": 1.0,
                "percent": 100.0,
                "has_passed": True,
            }
        ],
        "attempt_item": [
            {
                "id": 12,
                "attempt_id": 11,
                "question_id": 9,
                "answer": ["r"],
                "points": 1.0,
                "max_points": 1.0,
            }
        ],
        "response": [{"uuid": UUIDS["s"], "item_id": 12}],
        "completion": [{"id": 21, "enrollment_id": 8, "unit_id": 7}],
        "recognition": [{"id": 31, "unit_id": 7, "decision_number": "2/QĐ", "is_standing": False}],
        "recognized_completion": [{"completion_id": 21}],
        "register": [{"id": 51, "last_number": 1}],
        "certificate": [
            {
                "id": 61,
                "code": "K7",
                "register_id": 51,
                "number": 1,
                "register_no": "0001/2026",
                "completion_id": 21,
                "person_id": 1,
                "supersedes_id": None,
            }
        ],
        "certificate_event": [{"certificate_id": 61, "kind": "issued"}],
        "certificate_file": [{"certificate_id": 61, "hash": PAGE}],
        "report_export": [{"id": 41, "made_by_id": 1, "finished_at": NOW, "file_hash": FILE}],
        "mail_message": [{"id": 4, "key": "certificate:K7", "sent_at": NOW}],
        "job": [a_job(finished_at=NOW)],
        "audit_row": [{"id": 1, "action": "person.register", "subject": "person:2"}],
        "audit_seal": [{"sequence": 1, "audit_id": 1}],
    }


def a_job(**instead: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "send-mail",
        "key": "mail:4",
        "tries": 1,
        "problem": "",
        "queued_at": NOW,
        "not_before": NOW,
        "finished_at": None,
        "failed_at": None,
        **instead,
    }


def test_a_book_and_tables_that_agree_give_no_finding():
    assert compare(acts(), tables(), AROUND) == []


Harmed = dict[str, list[dict[str, Any]]]

LOSSES: list[tuple[str, Callable[[Harmed], Any]]] = [
    ("enrollment", lambda t: t["enrollment"].clear()),
    ("finished lesson", lambda t: t["finished_lesson"].clear()),
    ("answer in a lesson", lambda t: t["lesson_answer"].clear()),
    ("saved answer", lambda t: t["attempt_item"][0].update(answer=["w"])),
    ("response", lambda t: t["response"].clear()),
    ("submission", lambda t: t["attempt"][0].update(closed_at=None)),
    ("submission", lambda t: t["attempt"][0].update(percent=40.0)),
    ("mark", lambda t: t["attempt_item"][0].update(points=0.0)),
    ("completion", lambda t: t["completion"].clear()),
    ("certificate", lambda t: t["certificate"].clear()),
    ("recognition", lambda t: t["recognized_completion"].clear()),
    ("printed page", lambda t: t["certificate_file"].clear()),
    ("export", lambda t: t["report_export"].clear()),
    ("person", lambda t: t["person"].pop()),
    ("mail", lambda t: t["mail_message"].clear()),
    ("publication", lambda t: t["course_version"][0].update(content_hash="fff")),
    ("audit", lambda t: t["audit_seal"].clear()),
]


@pytest.mark.parametrize(("kind", "harm"), LOSSES)
def test_what_was_acknowledged_and_is_gone_is_found(kind: str, harm: Callable[[Harmed], Any]):
    harmed = tables()
    harm(harmed)
    assert kind in {found.kind for found in compare(acts(), harmed, AROUND)}


def again(table: str, **instead: Any) -> Callable[[Harmed], None]:
    """One more row, like the first but for what is named."""

    def add(harmed: Harmed) -> None:
        harmed[table].append({**copy.deepcopy(harmed[table][0]), **instead})

    return add


DOUBLES = [
    ("enrollment", again("enrollment", id=9)),
    ("finished lesson", again("finished_lesson", id=2)),
    ("answer in a lesson", again("lesson_answer")),
    ("answer in a lesson", again("lesson_answer", uuid="sent-by-nobody")),
    ("attempt", again("attempt", id=13, number=2)),
    ("response", again("response", uuid="sent-by-nobody")),
    ("completion", again("completion", id=22)),
    ("certificate", again("certificate", id=62, code="K8", number=2)),
    ("recognition", again("recognition", id=32)),
    ("export", again("report_export", id=42)),
    ("person", again("person", id=3, full_name="Hoàng Thị An Đông")),
    ("mail", again("mail_message")),
    ("job", again("job", id=2)),
]


@pytest.mark.parametrize(("kind", "harm"), DOUBLES)
def test_what_is_done_twice_is_found(kind: str, harm: Callable[[Harmed], Any]):
    harmed = tables()
    harm(harmed)
    assert kind in {found.kind for found in compare(acts(), harmed, AROUND)}


@pytest.mark.parametrize("numbers", [[1, 3], [1, 1], [2]])
def test_a_number_that_a_register_skips_or_gives_twice_is_found(numbers: list[int]):
    harmed = tables()
    first = harmed["certificate"][0]
    harmed["certificate"] = [
        {**first, "id": 60 + number, "code": f"K{place}", "number": number}
        for place, number in enumerate(numbers, 7)
    ]
    harmed["register"][0]["last_number"] = max(numbers)
    assert "register" in {found.kind for found in compare(acts(), harmed, AROUND)}


@pytest.mark.parametrize("job", [a_job(), a_job(failed_at=NOW, tries=12, problem="disk full")])
def test_a_job_that_never_ends_or_was_given_up_is_found(job: dict[str, Any]):
    harmed = {**tables(), "job": [job]}
    assert [found.kind for found in compare(acts(), harmed, AROUND)] == ["job"]


def test_a_job_that_still_runs_amid_faults_is_no_finding():
    busy = {**tables(), "job": [a_job()]}
    assert compare(acts(), busy, replace(AROUND, at_rest=False)) == []


def test_a_periodic_job_may_wait_for_its_turn():
    assert compare(acts(), {**tables(), "job": [a_job(name="seal-audit")]}, AROUND) == []


@pytest.mark.parametrize("outcome", [UNKNOWN, DONE])
def test_an_act_without_an_answer_may_have_happened(outcome: str):
    book = acts()
    book[2].outcome = outcome
    assert compare(book, tables(), AROUND) == []


@pytest.mark.parametrize("outcome", [REFUSED, UNSENT])
def test_an_act_that_was_refused_or_never_wholly_sent_cannot_have_happened(outcome: str):
    book = acts()
    book[2].outcome = outcome
    assert "finished lesson" in {found.kind for found in compare(book, tables(), AROUND)}


def test_a_file_that_is_not_what_its_name_says_is_found():
    damaged = replace(AROUND, files={PAGE: False, FILE: True})
    assert [found.kind for found in compare(acts(), tables(), damaged)] == ["printed page"]


def test_one_form_that_was_answered_in_two_ways_is_found():
    book = [*acts(), an_act("enroll", {"course": "khoa"}, uuid="u", to="/1")]
    book.append(an_act("enroll", {"course": "khoa"}, uuid="u", to="/2"))
    assert [found.kind for found in compare(book, tables(), AROUND)] == ["repeat"]


OPEN = {"closed_at": None, "was_overdue": False}


def answers(*saves: Act) -> set[frozenset[str]]:
    return possible_answers("k", saves, [], OPEN)


def only(*values: str) -> set[frozenset[str]]:
    return {frozenset({value}) for value in values}


def test_of_one_device_the_highest_number_counts_whatever_arrives_late():
    first = a_save("k", ["1"], sequence=1, sent=1.0, answered=2.0)
    second = a_save("k", ["2"], sequence=2, sent=3.0, answered=4.0)
    late = a_save("k", ["0"], sequence=0, sent=5.0, answered=6.0)
    assert answers(first, second, late) == only("2")


def test_of_two_devices_whoever_comes_last_counts():
    first = a_save("k", ["1"], sequence=9, sent=1.0, answered=2.0)
    second = a_save("k", ["2"], device="e", sequence=1, sent=3.0, answered=4.0)
    assert answers(first, second) == only("2")
    meanwhile = replace(second, sent=1.5)
    assert answers(first, meanwhile) == only("1", "2")


def test_what_is_sent_again_after_it_was_taken_does_not_count_again():
    first = a_save("k", ["1"], sequence=1, sent=1.0, answered=2.0)
    newer = a_save("k", ["2"], device="e", sequence=1, sent=3.0, answered=4.0)
    again = replace(first, sent=5.0, answered=6.0)
    assert answers(first, newer, again) == only("2")
    lost = replace(first, outcome=UNKNOWN, answered=2.0)
    assert answers(lost, newer, again) == only("1", "2")


def test_a_save_without_an_answer_counts_or_not_until_a_later_one_is_taken():
    lost = a_save("k", ["1"], outcome=UNKNOWN, sequence=1)
    assert answers(lost) == {frozenset(), *only("1")}
    taken = a_save("k", ["2"], sequence=2, sent=3.0, answered=4.0)
    assert answers(lost, taken) == only("2")


def test_the_submitted_form_counts_unless_the_time_was_over():
    saved = a_save("k", ["1"], sequence=1)
    form = {"attempt": 11, "answers": {"k": ["2"]}, "device": "d", "sequence": 2}
    submitted = an_act("submit", form)
    closed = {"closed_at": NOW, "was_overdue": False}
    assert possible_answers("k", [saved], [submitted], closed) == only("2")
    assert possible_answers("k", [saved], [submitted], {**closed, "was_overdue": True}) == only("1")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_seed_repeats_its_schedule_with_as_many_kills_as_asked_for(database: str):
    planned = list(schedule(7, 500, database))
    assert planned == list(schedule(7, 500, database))
    assert planned != list(schedule(8, 500, database))
    assert sum(fault.kind in KILLS for fault in planned) == 500
    assert sum(fault.kind == JUMP for fault in planned) > 10


def test_a_failure_is_explained_by_a_trouble_around_it_and_by_nothing_else():
    harm = Harm(None, Book(), None, [Trouble("the disk is full", 100.0, 110.0)])  # type: ignore[arg-type]
    assert harm.excuse(105.0, 106.0) == harm.excuse(112.0, 112.5) == "the disk is full"
    assert harm.excuse(90.0, 99.0) == harm.excuse(130.0, 131.0) == ""


def test_a_result_is_shown_with_its_seed_its_kills_and_its_findings():
    known = {
        "date": "2026-11-24",
        "wanted": {"database": "sqlite", "seed": 42},
        "kills": 500,
        "killed_processes": 700,
        "seconds": 2400.0,
        "calm_seconds": 31.0,
        "faults": {"kill: worker": 120},
        "acts": {"finish": {DONE: 9, REFUSED: 1, UNKNOWN: 2, UNSENT: 0}},
        "reads": {"read": 80},
        "refusals": {},
        "rows": {"certificate": 3},
        "said": {},
        "site": {"disk": "tmpfs"},
        "findings": [{"kind": "job", "text": "never ended"}],
    }
    assert "seed 42: 500 kills" in showing.printed(known)
    assert "job: never ended" in showing.printed(known)
    assert "| kill: worker | 120 |" in showing.table([known])
    assert "| **findings** | **1** |" in showing.table([known])
