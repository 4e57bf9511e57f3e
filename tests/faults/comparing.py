"""The book beside the tables: nothing acknowledged is lost, nothing is done twice.

Values in, findings out: the tables are plain rows, read once while nobody writes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.faults.book import DONE, UNKNOWN, Act, Finding, of

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

READ = (
    *("person", "account", "invitation", "enrollment", "finished_lesson", "lesson_answer"),
    *("attempt", "attempt_item", "response", "completion", "recognition"),
    *("recognized_completion", "register", "certificate", "certificate_event"),
    *("certificate_file", "report_export", "mail_message", "job", "course", "course_version"),
    *("question", "audit_row", "audit_seal"),
)
"""The tables that are compared."""

OVERDUE = timedelta(minutes=4)
"""How long after its end an attempt may stay open: the job runs once a minute."""


@dataclass(frozen=True)
class Surroundings:
    """What a comparison needs to know beside the tables."""

    now: datetime
    people: frozenset[int] = frozenset()
    """Those who were there before the campaign."""

    certified_at_once: frozenset[int] = frozenset()
    """Units with a standing decision."""

    files: Mapping[str, bool] = field(default_factory=dict)
    """Hashes of stored files, and whether the content is what the hash says."""

    letters: Collection[int] = ()
    """Ids of the mail messages that lie in the folder of sent mail."""

    periodic: frozenset[str] = frozenset()
    """Names of jobs that come again by the calendar."""

    at_rest: bool = True
    """Whether jobs had the time to end."""


def compare(acts: Sequence[Act], tables: Tables, around: Surroundings) -> list[Finding]:
    """Everything in which the book and the tables do not agree."""
    seen = _Seen(list(acts), tables, around)
    return [Finding(kind, text) for kind, look in CHECKS for text in look(seen)]


class _Seen:
    def __init__(self, acts: list[Act], tables: Tables, around: Surroundings) -> None:
        self.acts, self.tables, self.around = acts, tables, around
        self.by_uuid: dict[str, list[Act]] = defaultdict(list)
        for act in acts:
            if act.uuid:
                self.by_uuid[act.uuid].append(act)
        self.courses = {row["slug"]: row["id"] for row in self.rows("course")}
        self.versions = {row["id"]: row for row in self.rows("course_version")}
        self.enrollments = {
            (row["person_id"], row["course_id"]): row for row in self.rows("enrollment")
        }
        self.attempts = {row["id"]: row for row in self.rows("attempt")}
        self.questions = {row["id"]: row for row in self.rows("question")}
        self.items: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows("attempt_item"):
            self.items[row["attempt_id"]].append(row)

    def rows(self, table: str) -> Sequence[Row]:
        return self.tables.get(table, ())

    def of(self, kind: str, *outcomes: str) -> list[Act]:
        return of(self.acts, kind, *outcomes)

    def may_have_happened(self, uuid: str) -> bool:
        return any(act.outcome in (DONE, UNKNOWN) for act in self.by_uuid.get(uuid, ()))

    def enrollment_of(self, act: Act) -> Row | None:
        return self.enrollments.get((act.person, self.courses.get(act.what["course"], 0)))


def _twice(rows: Sequence[Row], *columns: str) -> Iterator[tuple[Any, ...]]:
    counted = Counter(tuple(row[column] for column in columns) for row in rows)
    return (key for key, count in counted.items() if count > 1)


# Learning


def _enrollments(seen: _Seen) -> Iterator[str]:
    for key in _twice(seen.rows("enrollment"), "person_id", "course_id", "round"):
        yield f"person, course, round {key} stands twice"
    for act in seen.of("enroll", DONE):
        if seen.enrollment_of(act) is None:
            yield f"person {act.person} was told of an enrollment in {act.what['course']}: none"
    wanted = {
        (act.person, seen.courses.get(act.what["course"]))
        for act in seen.of("enroll", DONE, UNKNOWN)
    }
    for key in seen.enrollments.keys() - wanted:
        yield f"person and course {key}: nobody asked for this enrollment"


def _finished(seen: _Seen) -> Iterator[str]:
    rows = seen.rows("finished_lesson")
    known = {(row["enrollment_id"], row["lesson_key"]) for row in rows}
    for key in _twice(rows, "enrollment_id", "lesson_key"):
        yield f"enrollment and lesson {key} stand twice"
    for act in seen.of("finish", DONE):
        enrollment = seen.enrollment_of(act)
        if enrollment is None or (enrollment["id"], act.what["lesson"]) not in known:
            yield (
                f"person {act.person} was told that {act.what['course']}/{act.what['lesson']} "
                f"is finished ({act.uuid}): it is not"
            )
    for row in rows:
        if not seen.may_have_happened(row["uuid"]):
            yield f"finished lesson {row['id']} ({row['uuid']}): nobody sent it"
    counted = Counter(row["enrollment_id"] for row in rows)
    for enrollment in seen.rows("enrollment"):
        if enrollment["lessons_done"] != counted[enrollment["id"]]:
            yield (
                f"enrollment {enrollment['id']} counts {enrollment['lessons_done']} lessons, "
                f"{counted[enrollment['id']]} are finished"
            )


def _answers(seen: _Seen) -> Iterator[str]:
    rows = {row["uuid"]: row for row in seen.rows("lesson_answer")}
    for (uuid,) in _twice(seen.rows("lesson_answer"), "uuid"):
        yield f"{uuid} stands twice"
    for act in seen.of("answer", DONE):
        row = rows.get(act.uuid)
        if row is None:
            yield f"person {act.person}: {act.what['question']} ({act.uuid}) was taken and is lost"
        elif row["person_id"] != act.person or not _same(row["answer"], act.what["values"]):
            yield f"{act.uuid}: {act.what['values']} was sent, {row['answer']} is kept"
    for uuid in rows:
        if not seen.may_have_happened(uuid):
            yield f"{uuid}: nobody sent it"


def _same(kept: Sequence[str] | None, given: Sequence[str]) -> bool:
    return _tidy(kept or ()) == _tidy(given)


def _tidy(values: Sequence[str]) -> frozenset[str]:
    return frozenset(value.strip() for value in values if value.strip())


# Quizzes


def _attempts(seen: _Seen) -> Iterator[str]:
    numbers: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in seen.rows("attempt"):
        numbers[row["person_id"], row["course_id"]].append(row["number"])
    for key, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"person and course {key}: attempts are numbered {sorted(found)}"
    asked = Counter(
        (act.person, seen.courses.get(act.what["course"]))
        for act in seen.of("start", DONE, UNKNOWN)
    )
    for key, found in numbers.items():
        if len(found) > asked[key]:
            yield f"person and course {key}: {len(found)} attempts, {asked[key]} were asked for"
    for act in seen.of("start", DONE):
        if (act.person, seen.courses.get(act.what["course"])) not in numbers:
            yield f"person {act.person} was told of an attempt at {act.what['course']}: none"


def _submitted(seen: _Seen) -> Iterator[str]:
    for act in seen.of("submit", DONE):
        row = seen.attempts.get(act.what["attempt"])
        if row is None or row["closed_at"] is None:
            yield f"attempt {act.what['attempt']} was submitted and is not closed"
            continue
        number = act.told.get("number")
        if number is not None and number != row["number"]:
            yield f"attempt {row['id']} is number {row['number']}, its person was led to {number}"
    for act in seen.of("score", DONE):
        row = seen.attempts.get(act.what["attempt"])
        if row is None or row["percent"] is None:
            yield f"attempt {act.what['attempt']}: {act.told['score']} was shown, none is kept"
        elif abs(row["percent"] - act.told["score"]) > 0.051:
            yield f"attempt {row['id']}: {act.told['score']} was shown, {row['percent']} is kept"


def _saved(seen: _Seen) -> Iterator[str]:
    saves: dict[int, list[Act]] = defaultdict(list)
    submits: dict[int, list[Act]] = defaultdict(list)
    for act in seen.acts:
        if act.kind in ("save", "submit") and act.outcome in (DONE, UNKNOWN):
            (saves if act.kind == "save" else submits)[act.what["attempt"]].append(act)
    for attempt_id in saves.keys() | submits.keys():
        attempt = seen.attempts.get(attempt_id)
        if attempt is None:
            yield f"attempt {attempt_id} took answers and is gone"
            continue
        for item in seen.items[attempt_id]:
            key = seen.questions[item["question_id"]]["key"]
            possible = possible_answers(key, saves[attempt_id], submits[attempt_id], attempt)
            if _tidy(item["answer"] or ()) not in possible:
                shown = sorted(map(sorted, possible))
                yield f"attempt {attempt_id}, {key}: one of {shown} was saved, {item['answer']} is"


def possible_answers(
    key: str, saves: Sequence[Act], submits: Sequence[Act], attempt: Row
) -> set[frozenset[str]]:
    """What may stand as the answer to a question after these saves and submissions.

    Of one device the highest number wins, however late a lower one arrives; of several, who
    came last. What was sent without an answer may count or not. What was sent again changes
    nothing that it changed already.
    """
    named = [act for act in _each_once(saves) if key in act.what["answers"]]
    done = [act for act in named if act.outcome == DONE]
    left = [act for act in named if not any(_outdoes(other, act) for other in done)]
    possible = {_tidy(act.what["answers"][key]) for act in left}
    if not any(act.outcome == DONE for act in left):
        possible.add(frozenset())
    if attempt["closed_at"] is None or attempt["was_overdue"]:
        return possible
    forms = {given for act in submits if (given := _tidy(act.what["answers"].get(key, ())))}
    if len(forms) == 1 and _surely_replaces(submits, named):
        return forms
    return possible | forms


def _each_once(saves: Sequence[Act]) -> list[Act]:
    """Saves by their UUID: sent when it first was, taken when that was first acknowledged."""
    first: dict[str, Act] = {}
    for act in sorted(saves, key=lambda act: act.sent):
        before = first.get(act.uuid)
        if before is None:
            first[act.uuid] = act
        elif act.outcome == DONE and (before.outcome != DONE or act.answered < before.answered):
            first[act.uuid] = replace(act, sent=before.sent)
    return list(first.values())


def _outdoes(other: Act, act: Act) -> bool:
    if other is act:
        return False
    device = act.what["device"]
    if device and device == other.what["device"]:
        return bool(other.what["sequence"] > act.what["sequence"])
    return act.outcome == DONE and not other.what.get("is_late") and other.sent >= act.answered


def _surely_replaces(submits: Sequence[Act], saves: Sequence[Act]) -> bool:
    devices = {act.what["device"] for act in (*submits, *saves)}
    return len(devices) == 1 and any(act.outcome == DONE for act in submits)


def _responses(seen: _Seen) -> Iterator[str]:
    rows = seen.rows("response")
    for (uuid,) in _twice(rows, "uuid"):
        yield f"{uuid} stands twice"
    kept = {row["uuid"] for row in rows}
    for act in seen.of("save", DONE):
        if act.what["by_script"] and act.uuid not in kept:
            yield f"attempt {act.what['attempt']}: save {act.uuid} was taken and is lost"
    in_pages = {
        str(uuid5(UUID(act.uuid), str(item["id"])))
        for act in seen.acts
        if act.kind in ("save", "submit") and act.outcome in (DONE, UNKNOWN)
        for item in seen.items[act.what["attempt"]]
    }
    for uuid in kept - in_pages:
        if not seen.may_have_happened(uuid):
            yield f"{uuid}: nobody sent it"


def _marks(seen: _Seen) -> Iterator[str]:
    for attempt in seen.attempts.values():
        if attempt["closed_at"] is None:
            deadline = attempt["deadline"]
            if seen.around.at_rest and deadline and seen.around.now > deadline + OVERDUE:
                yield f"attempt {attempt['id']} ran out at {deadline} and is still open"
            continue
        items = seen.items[attempt["id"]]
        points = sum(item["points"] or 0 for item in items)
        most = sum(item["max_points"] for item in items)
        if not most:
            yield f"attempt {attempt['id']} is closed and has no questions"
            continue
        percent = int(round(1000 * points / most, 4)) / 10
        if attempt["points"] != points or abs(attempt["percent"] - percent) > 0.051:
            yield f"attempt {attempt['id']}: {points}/{most} is {percent} %, {attempt['percent']}"
        for item in items:
            question = seen.questions[item["question_id"]]
            right = _right(question)
            if right is None:
                continue
            is_right = _tidy(item["answer"] or ()) in right
            if is_right != (item["points"] == item["max_points"]):
                yield (
                    f"attempt {attempt['id']}, {question['key']}: {item['answer']} earned "
                    f"{item['points']} of {item['max_points']}"
                )


def _right(question: Row) -> set[frozenset[str]] | None:
    """The right answers of a question with choices; None where text is typed."""
    content = next(iter(question["content"].values()))
    choices = content.get("choices") or []
    return {frozenset(c["key"] for c in choices if c.get("right"))} if choices else None


# What follows from learning


def _completions(seen: _Seen) -> Iterator[str]:
    for (enrollment_id,) in _twice(seen.rows("completion"), "enrollment_id"):
        yield f"enrollment {enrollment_id} is completed twice"
    completed = {row["enrollment_id"] for row in seen.rows("completion")}
    finished: dict[int, set[str]] = defaultdict(set)
    for row in seen.rows("finished_lesson"):
        finished[row["enrollment_id"]].add(row["lesson_key"])
    passed = {
        (row["person_id"], row["course_id"]) for row in seen.attempts.values() if row["has_passed"]
    }
    for key, enrollment in seen.enrollments.items():
        rule = seen.versions[enrollment["version_id"]]["completion"]
        lessons = len(finished[enrollment["id"]] & set(rule["lessons"]))
        is_done = lessons >= rule["lessons_needed"] and (
            rule["final_quiz"] is None or key in passed
        )
        if is_done and enrollment["id"] not in completed:
            yield f"enrollment {enrollment['id']}: nothing is left to do, yet no completion"
        if not is_done and enrollment["id"] in completed:
            yield f"enrollment {enrollment['id']} is completed with something left to do"
    for act in seen.of("finish", DONE):
        enrollment = seen.enrollment_of(act)
        if act.told.get("completed") and enrollment and enrollment["id"] not in completed:
            yield f"person {act.person} was told that {act.what['course']} is completed"


def _certificates(seen: _Seen) -> Iterator[str]:
    first = [row for row in seen.rows("certificate") if row["supersedes_id"] is None]
    for (completion_id,) in _twice(first, "completion_id"):
        yield f"completion {completion_id} has two certificates"
    for (completion_id,) in _twice(seen.rows("recognized_completion"), "completion_id"):
        yield f"completion {completion_id} is recognised twice"
    certified = {row["completion_id"] for row in first}
    for row in seen.rows("completion"):
        if row["unit_id"] in seen.around.certified_at_once and row["id"] not in certified:
            yield f"completion {row['id']} stands under a standing decision, without certificate"
    for row in seen.rows("recognized_completion"):
        if row["completion_id"] not in certified:
            yield f"completion {row['completion_id']} is recognised, without certificate"
    issued = Counter(
        row["certificate_id"] for row in seen.rows("certificate_event") if row["kind"] == "issued"
    )
    for row in seen.rows("certificate"):
        if issued[row["id"]] != 1:
            yield f"certificate {row['code']} was issued {issued[row['id']]} times"
    codes = {row["code"]: row for row in seen.rows("certificate")}
    for act in seen.of("certificate", DONE):
        row = codes.get(act.what["code"])
        if row is None or row["register_no"] != act.what["number"]:
            yield f"person {act.person} was shown {act.what['code']}, number {act.what['number']}"


def _register(seen: _Seen) -> Iterator[str]:
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in seen.rows("certificate"):
        numbers[row["register_id"]].append(row["number"])
    for register in seen.rows("register"):
        found = sorted(numbers[register["id"]])
        wanted = range(1, register["last_number"] + 1)
        if found != list(wanted):
            skipped, extra = set(wanted) - set(found), Counter(found) - Counter(wanted)
            yield (
                f"register {register['id']} counts to {register['last_number']}: "
                f"skipped {sorted(skipped)}, too many {sorted(extra)}"
            )


def _recognitions(seen: _Seen) -> Iterator[str]:
    recognized = {row["completion_id"] for row in seen.rows("recognized_completion")}
    batches = {row["id"] for row in seen.rows("recognition")}
    for act in seen.of("recognize", DONE):
        lacking = [id_ for id_ in act.what["completions"] if id_ not in recognized]
        if lacking or act.told.get("decision") not in batches:
            yield f"decision {act.told.get('decision')}: {lacking} are not recognised"
    asked = Counter(act.what["number"] for act in seen.of("recognize", DONE, UNKNOWN))
    for row in seen.rows("recognition"):
        if not row["is_standing"] and not asked[row["decision_number"]]:
            yield f"decision {row['decision_number']}: nobody made it"
    for key in _twice(seen.rows("recognition"), "unit_id", "decision_number"):
        yield f"unit and decision {key} stand twice"


def _pages(seen: _Seen) -> Iterator[str]:
    codes = {row["id"]: row["code"] for row in seen.rows("certificate")}
    files = {codes.get(row["certificate_id"]): row for row in seen.rows("certificate_file")}
    for row in files.values():
        if not seen.around.files.get(row["hash"]):
            yield f"the page of certificate {row['certificate_id']} is not stored as {row['hash']}"
    for act in seen.of("page", DONE):
        row = files.get(act.what["code"])
        if row is None or row["hash"] != act.told["sha256"]:
            yield f"{act.what['code']} was printed as {act.told['sha256']}: {row and row['hash']}"


# Exports, persons, mail, jobs, publications


def _exports(seen: _Seen) -> Iterator[str]:
    rows = {row["id"]: row for row in seen.rows("report_export")}
    presses: dict[tuple[int, str], set[int]] = defaultdict(set)
    asked: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for act in seen.of("export", DONE, UNKNOWN):
        press = act.person, act.what["press"] + act.what["form"]
        asked[act.person].add(press)
        if act.outcome == DONE:
            presses[press].add(act.told["export"])
            if act.told["export"] not in rows:
                yield f"export {act.told['export']} was promised and is not recorded"
    for press, found in presses.items():
        if len(found) > 1:
            yield f"press {press} made the exports {sorted(found)}"
    made = Counter(row["made_by_id"] for row in rows.values())
    for person, count in made.items():
        if count > len(asked[person]):
            yield f"person {person} asked for {len(asked[person])} exports, {count} are recorded"
    for row in rows.values():
        if row["finished_at"] is None:
            if seen.around.at_rest:
                yield f"export {row['id']} never ended"
        elif not seen.around.files.get(row["file_hash"]):
            yield f"the file of export {row['id']} is not stored as {row['file_hash']}"
    for act in seen.of("download", DONE):
        row = rows.get(act.what["export"])
        if row is None or row["file_hash"] != act.told["sha256"]:
            yield f"export {act.what['export']} was downloaded as {act.told['sha256']}"


def _persons(seen: _Seen) -> Iterator[str]:
    added = [row for row in seen.rows("person") if row["id"] not in seen.around.people]
    for (name,) in _twice(added, "full_name"):
        yield f"{name} stands twice"
    by_id = {row["id"]: row for row in added}
    by_code = {row["staff_code"]: row for row in added}
    for act in seen.of("add-person", DONE):
        row = by_id.get(act.told["person"])
        if row is None or row["full_name"] != act.what["name"]:
            yield f"{act.what['name']} was added as person {act.told['person']}: {row}"
    for act in seen.of("create-person", DONE):
        row = by_code.get(act.told["staff_code"])
        if row is None or row["full_name"] != act.what["name"]:
            yield f"{act.what['name']} was created as {act.told['staff_code']}: {row}"
    wanted = {
        act.what["name"]
        for act in seen.acts
        if act.kind in ("add-person", "create-person") and act.outcome in (DONE, UNKNOWN)
    }
    for row in added:
        if row["full_name"] not in wanted:
            yield f"{row['full_name']} ({row['id']}): nobody added this person"
    registered = Counter(
        row["subject"] for row in seen.rows("audit_row") if row["action"] == "person.register"
    )
    for row in added:
        if (count := registered[f"person:{row['id']}"]) != 1:
            yield f"person {row['id']}: {count} audit rows about the registration"
    accounts = {row["person_id"]: row for row in seen.rows("account")}
    for act in seen.of("set-password", DONE):
        account = accounts.get(act.person)
        if account is None or not account["password_hash"]:
            yield f"person {act.person} set a password: none is kept"


def _mail(seen: _Seen) -> Iterator[str]:
    addressed = {row["id"] for row in seen.rows("person") if row["email"]}
    keys = Counter(row["key"] for row in seen.rows("mail_message"))
    for row in seen.rows("certificate"):
        if row["person_id"] in addressed and keys[f"certificate:{row['code']}"] != 1:
            yield f"certificate {row['code']}: {keys['certificate:' + row['code']]} letters"
    invited = sum(1 for row in seen.rows("invitation") if row["person_id"] in addressed)
    letters = sum(1 for key in keys if key.startswith("invitation:"))
    if invited != letters:
        yield f"{invited} invitations, {letters} letters about them"
    if not seen.around.at_rest:
        return
    for row in seen.rows("mail_message"):
        if row["sent_at"] is None or row["id"] not in seen.around.letters:
            yield f"letter {row['id']} ({row['key']}) was never sent"
    known = {row["id"] for row in seen.rows("mail_message")}
    for extra in set(seen.around.letters) - known:
        yield f"letter {extra} was sent, nobody wrote it"


def _jobs(seen: _Seen) -> Iterator[str]:
    for (key,) in _twice(seen.rows("job"), "key"):
        yield f"{key} stands twice"
    for row in seen.rows("job"):
        name = f"job {row['id']} ({row['key']}, {row['tries']} tries, {row['problem'] or 'fine'})"
        if row["failed_at"] is not None:
            yield f"{name} was given up"
        is_open = row["finished_at"] is None and row["failed_at"] is None
        if is_open and seen.around.at_rest and row["name"] not in seen.around.periodic:
            yield f"{name} never ended: queued {row['queued_at']}, due {row['not_before']}"


def has_open_jobs(tables: Tables, around: Surroundings) -> bool:
    """Whether a job that does not come again by the calendar waits or runs."""
    return any(
        row["finished_at"] is None and row["failed_at"] is None
        for row in tables["job"]
        if row["name"] not in around.periodic
    )


def _publications(seen: _Seen) -> Iterator[str]:
    slugs = {row["id"]: row["slug"] for row in seen.rows("course")}
    known = {
        (slugs.get(row["course_id"]), row["number"]): row["content_hash"]
        for row in seen.versions.values()
    }
    for act in seen.of("publish", DONE):
        name = act.what["course"], act.told["number"]
        if not known.get(name, "").startswith(act.told["hash"]):
            yield f"version {name} was published as {act.told['hash']}: {known.get(name)}"
    numbers: dict[int, list[int]] = defaultdict(list)
    for row in seen.versions.values():
        numbers[row["course_id"]].append(row["number"])
    for course_id, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"{slugs.get(course_id)}: versions are numbered {sorted(found)}"


def _audit(seen: _Seen) -> Iterator[str]:
    sequences = sorted(row["sequence"] for row in seen.rows("audit_seal"))
    if sequences != list(range(1, len(sequences) + 1)):
        yield "the seals are not numbered without a gap"
    for (audit_id,) in _twice(seen.rows("audit_seal"), "audit_id"):
        yield f"audit row {audit_id} is sealed twice"
    issued = Counter(
        row["subject"] for row in seen.rows("audit_row") if row["action"] == "certificate.issue"
    )
    for subject, count in issued.items():
        if count > 1:
            yield f"{subject}: {count} rows about its issue"
    if seen.around.at_rest:
        open_rows = {row["id"] for row in seen.rows("audit_row")} - {
            row["audit_id"] for row in seen.rows("audit_seal")
        }
        if open_rows:
            yield f"{len(open_rows)} audit rows are not sealed"


def _repeats(seen: _Seen) -> Iterator[str]:
    for uuid, acts in seen.by_uuid.items():
        told = {act.told["to"] for act in acts if act.outcome == DONE and "to" in act.told}
        if len(told) > 1:
            yield f"{uuid} was answered with {sorted(told)}"


CHECKS: tuple[tuple[str, Callable[[_Seen], Iterator[str]]], ...] = (
    ("enrollment", _enrollments),
    ("finished lesson", _finished),
    ("answer in a lesson", _answers),
    ("attempt", _attempts),
    ("submission", _submitted),
    ("saved answer", _saved),
    ("response", _responses),
    ("mark", _marks),
    ("completion", _completions),
    ("certificate", _certificates),
    ("register", _register),
    ("recognition", _recognitions),
    ("printed page", _pages),
    ("export", _exports),
    ("person", _persons),
    ("mail", _mail),
    ("job", _jobs),
    ("publication", _publications),
    ("audit", _audit),
    ("repeat", _repeats),
)
