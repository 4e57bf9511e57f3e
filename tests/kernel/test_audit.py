"""Audit rows: written with their act, chained afterwards, and every later change is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel import audit, clock, jobs
from app.kernel.audit import AuditDetail, AuditRow, AuditSeal
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


def test_an_act_keeps_who_did_what_as_it_was_called_then(session: Session):
    person = world.a_person("Vũ Thị Ẩn")
    audit.record("unit.found", actor=person, subject="unit:9", unit_id=9, now=world.NOW)
    person.rename("Vũ Thị Khác")
    row = session.scalars(select(AuditRow).where(AuditRow.subject == "unit:9")).one()
    assert (row.actor, row.actor_id, row.action) == ("Vũ Thị Ẩn", person.id, "unit.found")


def test_an_untouched_chain_holds_and_sealing_again_adds_nothing(chain: Session):
    assert audit.first_broken_link() is None
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
    assert audit.first_broken_link() is None


def swap_two(session: Session) -> None:
    first, second = session.scalars(select(AuditSeal).order_by(AuditSeal.sequence).limit(2)).all()
    one, other = first.audit_id, second.audit_id
    spare = session.scalars(select(AuditSeal.audit_id).order_by(AuditSeal.sequence.desc())).first()
    session.execute(delete(AuditSeal).where(AuditSeal.audit_id == spare))
    first.audit_id = spare
    session.flush()
    second.audit_id = one
    session.flush()
    first.audit_id = other
    session.flush()


TAMPERED: dict[str, Callable[[Session], Any]] = {
    "an edited action": lambda s: s.execute(
        update(AuditRow).where(AuditRow.subject == "unit:2").values(action="unit.found")
    ),
    "an edited actor": lambda s: s.execute(
        update(AuditRow).where(AuditRow.subject == "unit:2").values(actor="Ai đó")
    ),
    "an edited time": lambda s: s.execute(update(AuditRow).values(at=clock.now())),
    "edited details": lambda s: s.execute(
        update(AuditDetail).values(content={"before": {}, "after": {"name": "Giả"}})
    ),
    "a deleted link": lambda s: s.execute(delete(AuditSeal).where(AuditSeal.sequence == 3)),
    "two rows in each other's place": swap_two,
    "a rewritten digest": lambda s: s.execute(update(AuditRow).values(digest="0" * 64)),
}


@pytest.mark.parametrize("how", list(TAMPERED))
def test_every_change_behind_the_programmes_back_is_found(chain: Session, how: str):
    TAMPERED[how](chain)
    chain.expire_all()
    assert audit.first_broken_link() is not None


def test_the_first_broken_place_is_named(chain: Session):
    chain.execute(update(AuditRow).where(AuditRow.subject == "unit:2").values(actor="Ai đó"))
    chain.expire_all()
    broken = audit.first_broken_link()
    assert broken is not None and broken.startswith("seal 3:")


def test_erasing_details_leaves_the_chain_whole(chain: Session):
    chain.execute(delete(AuditDetail))
    assert audit.first_broken_link() is None


def test_the_worker_chains_what_requests_wrote_and_the_command_verifies_it(app: Flask):
    database = app.extensions["database"]
    with database.unit_of_work():
        world.a_person()
    jobs.queue_periodic(database)
    while jobs.run_next(database, holder="thử", settings=app.extensions["settings"]):
        pass
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (done.exit_code, done.output) == (0, "audit chain: intact\n")
    with database.unit_of_work() as current:
        assert current.scalars(select(AuditSeal)).first() is not None
        current.execute(update(AuditRow).values(actor="Ai đó"))
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "seal 1:" in done.stderr
