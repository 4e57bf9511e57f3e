"""Audit rows: written with their act, chained afterwards, and every later change is found out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.kernel import audit, clock, jobs, upkeep
from app.kernel.audit import AuditDetail, AuditRow, AuditSeal
from app.kernel.chain import HeadUnreadable, head, read_heads, verify
from app.kernel.database import Database
from tests import world


@pytest.fixture
def chain(session: Session) -> Session:
    """Five acts, chained."""
    for number in range(5):
        audit.record(
            "unit.change",
            subject=f"unit:{number}",
            before={"name": "Cũ"},
            after={"name": f"Mới {number}"},
            now=world.NOW,
        )
    assert audit.seal() == 5
    session.flush()
    return session


def chain_again() -> list[str]:
    return [str(finding) for finding in verify().findings]


def test_an_act_keeps_who_did_what_as_it_was_called_then(session: Session):
    person = world.a_person("Vũ Thị Ẩn")
    audit.record("unit.found", actor=person, subject="unit:9", unit_id=9, now=world.NOW)
    person.rename("Vũ Thị Khác")
    row = session.scalars(select(AuditRow).where(AuditRow.subject == "unit:9")).one()
    assert (row.actor, row.actor_id, row.action) == ("Vũ Thị Ẩn", person.id, "unit.found")


def test_an_untouched_chain_holds_and_sealing_again_adds_nothing(chain: Session):
    assert chain_again() == []
    assert audit.seal() == 0


def test_a_chain_goes_on_where_it_ended(chain: Session):
    audit.record("unit.found", now=world.NOW)
    assert audit.seal() == 1
    assert list(chain.scalars(select(AuditSeal.sequence).order_by(AuditSeal.sequence))) == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert chain_again() == []


@pytest.mark.parametrize("table", ["audit_row", "audit_seal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_a_row(chain: Session, table: str, change: str):
    column = "actor = 'Ai đó'" if table == "audit_row" else "hash = ''"
    with pytest.raises(DatabaseError, match="never changed or deleted"), chain.begin_nested():
        chain.execute(text(change.format(table, column)))


def test_what_a_row_tells_can_be_erased_but_not_rewritten(chain: Session):
    with pytest.raises(DatabaseError, match="never changed"), chain.begin_nested():
        chain.execute(update(AuditDetail).values(salt=""))
    chain.execute(delete(AuditDetail))
    verdict = verify()
    assert (verdict.findings, verdict.erased) == ((), 5)


# Behind the programme's back


@pytest.fixture
def unguarded(chain: Session) -> Session:
    """The chain in the hands of whoever owns the database."""
    if chain.get_bind().dialect.name == "sqlite":
        triggers = chain.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'")
        )
        for name in triggers.all():
            chain.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("audit_row", "audit_seal", "audit_detail"):
            chain.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    return chain


def swap_two(session: Session) -> None:
    """Let the second and the fourth row change places, each under the other's link."""
    second, fourth, spare = (
        session.scalars(select(AuditSeal).where(AuditSeal.sequence == number)).one()
        for number in (2, 4, 5)
    )
    one, other, last = second.audit_id, fourth.audit_id, spare.audit_id
    moves = ((5, None), (2, last), (4, one), (2, other), (5, last))
    session.execute(delete(AuditSeal).where(AuditSeal.sequence == 5))
    for number, row in moves[1:4]:
        session.execute(update(AuditSeal).where(AuditSeal.sequence == number).values(audit_id=row))
    session.execute(
        insert(AuditSeal).values(
            sequence=5, audit_id=last, previous=spare.previous, hash=spare.hash
        )
    )


def rewrite_all(session: Session) -> None:
    """Edit a row and make the whole chain anew, as it is made: it then holds in itself."""
    session.execute(update(AuditRow).where(AuditRow.subject == "unit:2").values(actor="Ai đó"))
    session.execute(delete(AuditSeal))
    session.flush()
    audit.seal()


third = select(AuditSeal.audit_id).where(AuditSeal.sequence == 3).scalar_subquery()
EDITED = "mắt xích 3) khác với lúc được niêm phong: đã bị sửa"
TAMPERED: dict[str, tuple[Callable[[Session], Any], str]] = {
    "an edited action": (
        lambda s: s.execute(
            update(AuditRow).where(AuditRow.subject == "unit:2").values(action="unit.found")
        ),
        EDITED,
    ),
    "an edited actor": (
        lambda s: s.execute(
            update(AuditRow).where(AuditRow.subject == "unit:2").values(actor="Ai đó")
        ),
        EDITED,
    ),
    "an edited time": (
        lambda s: s.execute(
            update(AuditRow).where(AuditRow.subject == "unit:2").values(at=clock.now())
        ),
        EDITED,
    ),
    "a rewritten digest": (
        lambda s: s.execute(
            update(AuditRow).where(AuditRow.subject == "unit:2").values(digest="0" * 64)
        ),
        EDITED,
    ),
    "edited details": (
        lambda s: s.execute(
            update(AuditDetail)
            .where(
                AuditDetail.audit_id
                == select(AuditSeal.audit_id).where(AuditSeal.sequence == 3).scalar_subquery()
            )
            .values(content={"before": {}, "after": {"name": "Giả"}})
        ),
        "(mắt xích 3) đã bị sửa",
    ),
    "a deleted link": (
        lambda s: s.execute(delete(AuditSeal).where(AuditSeal.sequence == 3)),
        "Thiếu mắt xích 3 đến 3",
    ),
    "two rows in each other's place": (swap_two, "(mắt xích 2 và 4) đã bị đổi chỗ"),
}


@pytest.mark.parametrize("how", list(TAMPERED))
def test_every_change_behind_the_programmes_back_is_found_where_it_is(unguarded: Session, how: str):
    tamper, told = TAMPERED[how]
    tamper(unguarded)
    unguarded.expire_all()
    found = chain_again()
    assert len(found) == 1 and told in found[0]


def test_a_deleted_row_is_found(unguarded: Session):
    if unguarded.get_bind().dialect.name == "sqlite":
        unguarded.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        unguarded.execute(text("ALTER TABLE audit_seal DROP CONSTRAINT fk_audit_seal_audit_id"))
    number = unguarded.scalar(select(AuditSeal.audit_id).where(AuditSeal.sequence == 2))
    unguarded.execute(delete(AuditRow).where(AuditRow.id == number))
    assert chain_again() == [f"Dòng nhật ký {number} (mắt xích 2) đã bị xóa."]
    unguarded.rollback()


def test_a_cut_tail_is_found_by_a_head_that_was_kept(unguarded: Session):
    kept = head()
    unguarded.execute(delete(AuditSeal).where(AuditSeal.sequence > 3))
    assert verify().findings == () and verify().unsealed == 2
    (found,) = map(str, verify([kept]).findings)
    assert "chỉ còn đến mắt xích 3" in found and "mắt xích 5" in found


def test_a_chain_that_was_made_anew_is_found_by_a_head_that_was_kept(unguarded: Session):
    kept = head()
    rewrite_all(unguarded)
    assert verify().findings == ()
    (found,) = map(str, verify([kept]).findings)
    assert found.startswith("Mắt xích 5 không phải mắt xích đã ghi")


def test_a_kept_head_is_read_back_and_nothing_else_is(chain: Session):
    assert read_heads(head().line(world.NOW) + "\n\n") == [head()]
    for wrong in ("", "một dòng", "{}", '{"sequence": "x", "hash": "y"}', "[1]"):
        with pytest.raises(HeadUnreadable):
            read_heads(wrong)


def test_what_is_not_yet_sealed_is_told(chain: Session):
    audit.record("unit.found", now=world.NOW)
    verdict = verify()
    assert (verdict.links, verdict.unsealed, verdict.unsealed_since) == (5, 1, world.NOW)


def test_the_worker_chains_what_requests_wrote_and_the_command_proves_it(
    app: Flask, tmp_path: Path
):
    database = app.extensions["database"]
    with database.unit_of_work():
        world.a_person()
    upkeep.seal_audit(database)
    invoke = app.test_cli_runner().invoke
    done = invoke(args=["audit", "verify"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Chuỗi nhật ký nguyên vẹn: ")
    line, kept = invoke(args=["audit", "head"]).stdout, tmp_path / "head.jsonl"
    with database.unit_of_work():
        world.a_person("Người Sau")
    upkeep.seal_audit(database)
    kept.write_text(line)
    assert invoke(args=["audit", "verify", "--head", str(kept)]).exit_code == 0
    kept.write_text(line.replace('"hash": "', '"hash": "0'))
    done = invoke(args=["audit", "verify", "--head", str(kept)])
    assert done.exit_code == 1
    assert "không phải mắt xích đã ghi" in done.stderr


def test_a_worker_seals_within_seconds_even_while_a_job_takes_long(database: Database):
    sealed, stop = threading.Event(), threading.Event()

    @jobs.task("test-takes-long")
    def takes_long(run: jobs.Run) -> None:
        sealed.wait(30)

    def look(database: Database) -> None:
        upkeep.seal_audit(database)
        with database.unit_of_work(write=False) as current:
            if current.scalar(select(AuditSeal.sequence)):
                sealed.set()

    before = dict(jobs._book.asides)
    jobs._book.asides = {look: 0.05}
    with database.unit_of_work():
        jobs.enqueue("test-takes-long", key="test-takes-long", now=clock.now())
        audit.record("unit.found", now=clock.now())
    worker = threading.Thread(target=jobs.work, args=(database, stop))
    worker.start()
    try:
        assert sealed.wait(20)
    finally:
        stop.set()
        worker.join()
        jobs._book.asides = before
        del jobs._book.tasks["test-takes-long"]
