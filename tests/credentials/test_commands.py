"""Commands on certificates: what they prove, change and refuse."""

import pytest
from sqlalchemy import select, text

from app.credentials import actions
from app.credentials.models import Certificate
from tests.credentials.story import NOW, Province, a_decision, settle


@pytest.fixture
def code(app, settings):
    settle(settings)
    with app.extensions["database"].unit_of_work() as session:
        province = Province()
        done = province.completions(["Nguyễn Thị Hồng Ánh", "Đặng Văn Đông"])
        actions.recognize(
            province.centre,
            [completion.id for completion in done],
            a_decision(),
            roots=[province.centre.id],
            by=province.manager,
            now=NOW,
        )
        return session.scalars(select(Certificate.code).order_by(Certificate.number)).first()


def run(app, *words):
    return app.test_cli_runner().invoke(args=["certificates", *words])


def test_verify_counts_what_holds(app, code):
    done = run(app, "verify")
    assert (done.exit_code, done.stdout) == (
        0,
        "2 certificates in 1 registers: every line holds.\n",
    )


def test_verify_names_the_first_broken_line_and_exits_1(app, code):
    with app.extensions["database"].unit_of_work() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER certificate_no_update"))
        else:
            session.execute(text("ALTER TABLE certificate DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE certificate SET register_no = '0009/2026' WHERE number = 2"))
    done = run(app, "verify")
    assert done.exit_code == 1
    assert "line 2 (0009/2026) is not what was signed" in done.stderr


def test_revoke_takes_a_code_in_any_spelling_and_refuses_the_second_time(app, code):
    typed = code.replace("-", "").lower()
    done = run(app, "revoke", typed, "--reason", "Cấp nhầm")
    assert (done.exit_code, done.stdout) == (0, f"0001/2026 ({code}) is revoked.\n")
    again = run(app, "revoke", code, "--reason", "Cấp nhầm")
    assert again.exit_code == 1
    assert "đã bị thu hồi hoặc thay thế" in again.stderr
    assert run(app, "verify").exit_code == 0


def test_reissue_says_what_replaces_what(app, code):
    done = run(app, "reissue", code, "--reason", "Sai tên đơn vị")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"0001/2026 ({code}) is replaced by 0003/")


def test_a_code_that_no_register_holds_is_refused(app, code):
    assert run(app, "revoke", "K7QM", "--reason", "x").exit_code == 1
    assert run(app, "revoke", code).exit_code == 2
