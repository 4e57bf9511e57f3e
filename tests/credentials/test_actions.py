"""Recognising, issuing, revoking: the register has no gap, no double, and forgets nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app.credentials import actions, codes, queries, rules, signing
from app.credentials.models import (
    Certificate,
    CertificateEvent,
    CertificateIssued,
    IssuerKey,
    Recognition,
    Register,
)
from app.kernel import news
from app.kernel.keys import KeyFolder
from app.organization.models import UnitSetting
from tests import world
from tests.credentials.story import NOW, SITE, TODAY, Province, a_decision, an_enrollment, settle

NAMES = ["Nguyễn Thị Hồng Ánh", "Đặng Văn Đông", "Giàng A Sử"]


@pytest.fixture
def province(session, settings):
    settle(settings)
    return Province()


def recognize(province, completions, decision=None, *, unit=None, now=NOW):
    unit = unit or province.centre
    return actions.recognize(
        unit,
        [completion.id for completion in completions],
        decision or a_decision(),
        roots=[province.centre.id],
        by=province.manager,
        now=now,
    )


def issued(session):
    return session.scalars(
        select(Certificate).order_by(Certificate.register_id, Certificate.number)
    ).all()


def test_a_batch_gives_each_the_next_number_of_the_year(session, province):
    recognize(province, province.completions(NAMES))
    later = NOW.replace(year=2027)
    recognize(province, province.completions(["Lò Thị Mai"]), now=later)
    assert [c.register_no for c in issued(session)] == [
        "0001/2026",
        "0002/2026",
        "0003/2026",
        "0001/2027",
    ]
    assert queries.first_broken_line() is None


def test_names_are_numbered_in_vietnamese_order(session, province):
    recognize(province, province.completions(NAMES))
    assert [c.printed["name"] for c in issued(session)] == [
        "Nguyễn Thị Hồng Ánh",
        "Đặng Văn Đông",
        "Giàng A Sử",
    ]


def test_two_units_count_apart_and_each_in_its_own_pattern(session, province):
    pattern = {"pattern": "{year}-{number:3}/TTKC"}
    session.add(UnitSetting(unit_id=province.neighbour.id, name="register_number", value=pattern))
    recognize(province, province.completions(NAMES[:1]))
    other = province.completions(["Lò Thị Mai"], province.neighbour)
    actions.recognize(
        province.neighbour,
        [other[0].id],
        a_decision(),
        roots=[province.department.id],
        by=province.manager,
        now=NOW,
    )
    assert [c.register_no for c in issued(session)] == ["0001/2026", "2026-001/TTKC"]
    assert len({c.key_id for c in issued(session)}) == 2
    assert queries.first_broken_line() is None


def test_every_printed_word_is_frozen_as_it_was_called_then(session, province):
    [completion] = province.completions(NAMES[:1])
    recognize(province, [completion], a_decision(confirms_validity=True))
    completion.person.rename("Nguyễn Thị Ánh Hồng")
    province.centre.name = province.office.name = province.department.name = "Tên mới"
    session.flush()
    session.expire_all()
    [certificate] = issued(session)
    assert certificate.printed == {
        "heading": "Giấy chứng nhận",
        "parent": "Sở Công Thương tỉnh Minh Sơn",
        "issuer": "Trung tâm Khuyến công Minh Sơn",
        "authority": "Giám đốc Trung tâm Khuyến công Minh Sơn",
        "honorific": "Bà",
        "name": "Nguyễn Thị Hồng Ánh",
        "born": "17/05/1990",
        "unit": "Phòng Kinh tế xã Tân Lạc",
        "course": "Lập đề án khuyến công",
        "starts": "01/11/2026",
        "ends": "15/11/2026",
        "mode": "học trực tuyến",
        "periods": "08",
        "result": "Đạt",
        "decision": "số 45/QĐ-TTKC ngày 18 tháng 11 năm 2026",
        "expires": "19/11/2029",
        "place": "Minh Sơn",
        "issued": "ngày 20 tháng 11 năm 2026",
        "signing_for": "",
        "signer_title": "Giám đốc",
        "signer": "Trần Quốc Ưng",
        "register_number": "0001/2026",
        "code": certificate.code,
        "address": f"{SITE}/xac-minh/{certificate.code}",
        "illustration": False,
    }
    assert codes.is_code(certificate.code)
    assert certificate.issued_on == TODAY
    assert certificate.expires_on == date(2029, 11, 20)
    assert queries.first_broken_line() is None


def test_validity_that_no_decision_confirms_is_not_printed(session, province):
    recognize(province, province.completions(NAMES[:1]))
    [certificate] = issued(session)
    assert certificate.expires_on is None
    assert certificate.printed["expires"] == ""


def test_a_deputy_signs_for_the_head_who_certifies(session, province):
    decision = a_decision(signing_for="KT. Giám đốc", signer_title="Phó Giám đốc")
    recognize(province, province.completions(NAMES[:1]), decision)
    [certificate] = issued(session)
    assert certificate.printed["authority"] == "Giám đốc Trung tâm Khuyến công Minh Sơn"
    assert certificate.printed["signing_for"] == "KT. Giám đốc"


def test_recognising_again_leads_to_the_decision_that_did(session, province):
    completions = province.completions(NAMES)
    first = recognize(province, completions)
    again = recognize(province, completions, a_decision(number="46/QĐ-TTKC"))
    assert again.id == first.id
    assert len(issued(session)) == 3


def test_recognising_twice_is_recognising_once(session, province):
    completions = province.completions(NAMES)
    first = recognize(province, completions[:2])
    again = recognize(province, completions)
    assert again.id == first.id
    assert [c.number for c in issued(session)] == [1, 2, 3]
    assert session.get_one(Register, 1).last_number == 3


def test_a_batch_is_issued_whole_or_not_at_all(session, province):
    completions = province.completions(NAMES)
    completions[1].person.birth_date = None
    with pytest.raises(rules.WordsLacking, match="Đặng Văn Đông: thiếu ngày sinh"):
        recognize(province, completions)
    assert issued(session) == []
    assert session.scalars(select(Register)).all() == []


def test_a_name_that_cannot_be_printed_is_refused_before_it_takes_a_number(session, province):
    with pytest.raises(rules.WordsLacking, match="không in được"):
        recognize(province, province.completions(["Nguyễn 漢 Anh"]))
    assert issued(session) == []


def test_a_decision_does_not_recognise_what_came_after_it(province):
    [early, late] = province.completions(NAMES[:2])
    late.completed_at = NOW - timedelta(days=1)
    with pytest.raises(rules.DecisionBeforeCompletion, match="Đặng Văn Đông"):
        recognize(province, [early, late])
    with pytest.raises(rules.DecisionInFuture):
        recognize(province, [early], a_decision(day=TODAY + timedelta(days=1)))


def test_a_unit_issues_only_to_its_own_people(session, province):
    others = province.completions(NAMES[:1], province.neighbour)
    with pytest.raises(rules.NothingChosen):
        recognize(province, others)
    with pytest.raises(rules.NotAnIssuer):
        actions.recognize(
            province.centre,
            [others[0].id],
            a_decision(),
            roots=[province.department.id],
            by=province.manager,
            now=NOW,
        )
    with pytest.raises(rules.NotAnIssuer):
        recognize(province, province.completions(NAMES[1:2]), unit=province.office)
    with pytest.raises(rules.NothingChosen):
        recognize(province, [])


def test_a_standing_decision_certifies_a_completion_at_once(session, province):
    told = []
    news.when(CertificateIssued, lambda event, now: told.append(event.certificate))
    actions.open_standing_decision(province.centre, a_decision(), by=province.manager, now=NOW)
    [completion] = province.completions(NAMES[:1])
    first = actions.issue_under_standing_decision(completion, NOW)
    again = actions.issue_under_standing_decision(completion, NOW)
    assert first is not None
    assert again is first
    assert first.register_no == "0001/2026"
    assert first.events[0].by_name == ""
    assert told == [first]


def test_without_a_standing_decision_a_completion_waits(session, province):
    actions.open_standing_decision(province.centre, a_decision(), by=province.manager, now=NOW)
    [completion] = province.completions(NAMES[:1], province.neighbour)
    assert actions.issue_under_standing_decision(completion, NOW) is None
    waiting = queries.waiting([province.department.id])
    assert [w.completion.id for w in waiting] == [completion.id]


def test_a_completion_that_lacks_something_waits_and_says_what(session, province):
    actions.open_standing_decision(province.centre, a_decision(), by=province.manager, now=NOW)
    person = world.a_person("Hoàng Văn Thụ", unit=province.office, birth_date=None)
    completion = province.completion(person)
    assert actions.issue_under_standing_decision(completion, NOW) is None
    [waiting] = queries.waiting([province.centre.id])
    assert [str(lack) for lack in waiting.lacks] == ["thiếu ngày sinh"]


def test_a_unit_has_one_standing_decision_at_a_time(session, province):
    first = actions.open_standing_decision(
        province.centre, a_decision(), by=province.manager, now=NOW
    )
    same = actions.open_standing_decision(
        province.centre, a_decision(), by=province.manager, now=NOW
    )
    assert same is first
    with pytest.raises(rules.StandingDecisionOpen):
        actions.open_standing_decision(
            province.centre, a_decision(number="46/QĐ-TTKC"), by=province.manager, now=NOW
        )
    with pytest.raises(rules.NotAnIssuer):
        actions.open_standing_decision(province.office, a_decision(), by=province.manager, now=NOW)
    actions.end_standing_decision(first, by=province.manager, now=NOW)
    assert queries.standing_decision_for(province.office.id) is None
    assert (
        actions.open_standing_decision(
            province.centre, a_decision(number="46/QĐ-TTKC"), by=province.manager, now=NOW
        ).id
        != first.id
    )


def test_the_certificate_names_the_person_who_survived_a_merge(session, province):
    [completion] = province.completions(["Nguyễn Hồng Ánh"])
    survivor = world.a_person("Nguyễn Thị Hồng Ánh", unit=province.office)
    completion.person.current_id = survivor.id
    session.flush()
    recognize(province, [completion])
    [certificate] = issued(session)
    assert certificate.printed["name"] == "Nguyễn Thị Hồng Ánh"
    assert queries.certificates_of(survivor.id, today=TODAY)[0][0] is certificate


def test_revoking_keeps_the_line_and_its_number(session, province):
    recognize(province, province.completions(NAMES[:2]))
    [first, _second] = issued(session)
    actions.revoke(
        first, reason="Cấp nhầm người", decision="số 50/QĐ-TTKC", by=province.manager, now=NOW
    )
    session.expire_all()
    seen = queries.shown(first.code, today=TODAY)
    assert seen is not None
    assert seen.state is rules.State.REVOKED
    assert seen.is_intact
    assert (seen.ending.reason, seen.ending.decision) == ("Cấp nhầm người", "số 50/QĐ-TTKC")
    recognize(province, province.completions(NAMES[2:]))
    assert [c.number for c in issued(session)] == [1, 2, 3]
    assert queries.first_broken_line() is None
    with pytest.raises(rules.NoLongerInForce):
        actions.revoke(first, reason="Lần nữa", by=province.manager, now=NOW)
    with pytest.raises(rules.ReasonMissing):
        actions.revoke(_second, reason=" ", by=province.manager, now=NOW)


def test_a_reissue_is_a_new_line_with_the_words_of_today(session, province):
    [completion] = province.completions(["Nguyễn Thị Hồng Anh"])
    recognize(province, [completion])
    [wrong] = issued(session)
    completion.person.rename("Nguyễn Thị Hồng Ánh")
    right = actions.reissue(wrong, reason="Sai dấu", by=province.manager, now=NOW)
    session.expire_all()
    assert (right.number, right.printed["name"]) == (2, "Nguyễn Thị Hồng Ánh")
    assert right.supersedes_id == wrong.id
    old = queries.shown(wrong.code, today=TODAY)
    assert old is not None
    assert (old.state, old.ending.decision) == (rules.State.SUPERSEDED, right.code)
    assert queries.first_broken_line() is None
    with pytest.raises(rules.NoLongerInForce):
        actions.reissue(wrong, reason="Lần nữa", by=province.manager, now=NOW)


def test_a_validity_that_has_run_out_shows(session, province):
    recognize(province, province.completions(NAMES[:1]), a_decision(confirms_validity=True))
    [certificate] = issued(session)
    last_day, first_after = date(2029, 11, 19), date(2029, 11, 20)
    assert queries.shown(certificate.code, today=last_day).state is rules.State.IN_FORCE
    assert queries.shown(certificate.code, today=first_after).state is rules.State.EXPIRED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE certificate SET register_no = '0009/2026'",
        "DELETE FROM certificate",
        "UPDATE certificate_event SET reason = 'khác'",
        "DELETE FROM certificate_event",
        "UPDATE recognized_completion SET recognized_at = '2020-01-01'",
        "DELETE FROM recognized_completion",
        "DELETE FROM register",
        "UPDATE register SET last_number = last_number - 1",
        "UPDATE register SET head_hash = 'x'",
        "UPDATE register SET last_number = last_number + 1, year = 2030",
    ],
)
def test_the_database_itself_refuses_to_edit_the_register(session, province, statement):
    recognize(province, province.completions(NAMES))
    with pytest.raises(DatabaseError, match="register"), session.begin_nested():
        session.execute(text(statement))


def without_triggers(session):
    """What somebody with every right on the database could do."""
    if session.get_bind().dialect.name == "sqlite":
        for table in ("certificate", "certificate_event"):
            for verb in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        session.execute(text("DROP TRIGGER register_forward"))
    else:
        session.execute(text("ALTER TABLE certificate DISABLE TRIGGER ALL"))
        session.execute(text("ALTER TABLE certificate_event DISABLE TRIGGER ALL"))
        session.execute(text("ALTER TABLE register DISABLE TRIGGER ALL"))


def forge(session, certificate, **changes):
    without_triggers(session)
    for name, value in changes.items():
        setattr(certificate, name, value)
    session.flush()
    session.expire_all()
    return queries.first_broken_line()


def test_a_changed_word_is_found_and_named(session, province):
    recognize(province, province.completions(NAMES))
    second = issued(session)[1]
    words = {**second.printed, "name": "Người Khác"}
    problem = forge(session, second, statement={**second.statement, "printed": words})
    assert problem is not None
    assert "line 2 (0002/2026) is not what was signed" in problem
    assert not queries.shown(second.code, today=TODAY).is_intact


def test_a_changed_word_with_its_digest_is_found(session, province):
    recognize(province, province.completions(NAMES))
    second = issued(session)[1]
    statement = {**second.statement, "printed": {**second.printed, "name": "Người Khác"}}
    digest = signing.digest(signing.canonical(statement))
    assert "line 2" in forge(session, second, statement=statement, digest=digest)


def test_a_line_rewritten_with_the_whole_chain_still_lacks_its_signature(session, province):
    recognize(province, province.completions(NAMES))
    without_triggers(session)
    lines = issued(session)
    statement = {**lines[0].statement, "printed": {**lines[0].printed, "name": "Người Khác"}}
    lines[0].statement = statement
    lines[0].digest = signing.digest(signing.canonical(statement))
    head = signing.CHAIN_START
    for certificate in lines:
        certificate.previous_hash = head
        head = certificate.chain_hash = signing.link(head, queries.line(certificate))
    lines[0].register.head_hash = head
    session.flush()
    session.expire_all()
    assert "line 1 (0001/2026) is not what was signed" in queries.first_broken_line()


def test_a_removed_line_is_found(session, province):
    recognize(province, province.completions(NAMES))
    without_triggers(session)
    last = issued(session)[2]
    session.execute(
        CertificateEvent.__table__.delete().where(CertificateEvent.certificate_id == last.id)
    )
    session.execute(Certificate.__table__.delete().where(Certificate.id == last.id))
    session.expire_all()
    assert "the register ends at 3, its lines at 2" in queries.first_broken_line()


def test_a_key_that_was_not_made_here_is_found(session, province, tmp_path):
    recognize(province, province.completions(NAMES[:1]))
    without_triggers(session)
    [certificate] = issued(session)
    foreign = KeyFolder(tmp_path / "foreign")
    key_id = foreign.create()
    session.add(
        IssuerKey(
            key_id=key_id,
            unit_id=province.centre.id,
            public_key=foreign.public(key_id).hex(),
            made_at=NOW,
        )
    )
    statement = {**certificate.statement, "printed": {**certificate.printed, "name": "Người Khác"}}
    text_of = signing.canonical(statement)
    certificate.statement, certificate.digest = statement, signing.digest(text_of)
    certificate.key_id = key_id
    certificate.signature = foreign.sign(key_id, text_of.encode()).hex()
    certificate.chain_hash = signing.link(signing.CHAIN_START, queries.line(certificate))
    certificate.register.head_hash = certificate.chain_hash
    session.flush()
    session.expire_all()
    assert "not one that was made here" in queries.first_broken_line()


def test_issued_certificates_do_not_hinder_a_further_decision_of_the_same_number(session, province):
    [one, two] = province.completions(NAMES[:2])
    first = recognize(province, [one])
    other = recognize(
        province, [two], replace(a_decision(), signer_title="Phó Giám đốc", signing_for="KT. GĐ")
    )
    assert first.id != other.id
    assert len(session.scalars(select(Recognition)).all()) == 2


def test_what_learners_still_lack_is_told(session, province):
    other = world.a_course("Khóa khác", lessons=4)
    for name, course, unit in (
        ("Vừ Thị Mỷ", province.course, province.office),
        ("Vừ A Dính", other, province.office),
        ("Người Ngoài", other, province.neighbour),
    ):
        an_enrollment(world.a_person(name, unit=unit), course, unit, lessons_done=1)
    told = {
        u.enrollment.person.full_name: [str(lack) for lack in u.lacks]
        for u in queries.unfinished([province.centre.id])
    }
    assert told == {
        "Vừ Thị Mỷ": ["còn 2 bài học", "chưa đạt bài kiểm tra cuối khóa"],
        "Vừ A Dính": ["còn 3 bài học"],
    }
