"""Several processes issue from one register at once: no gap, no double, one chain."""

import subprocess
import sys

from sqlalchemy import select

from app.credentials import actions, queries
from app.credentials.models import Certificate, Register
from tests import world
from tests.credentials.story import NOW, Province, a_decision, settle

PROCESSES, EACH = 4, 12

# Each process completes and issues on its own, one transaction a certificate.
ISSUE = """
import sys
from app.credentials import actions
from app.kernel.database import Database
from app.learning.models import Completion
from config import Settings
from tests.credentials.story import NOW, settle

database_url, instance, *ids = sys.argv[1:]
settings = Settings.from_environment({
    "DATABASE_URL": database_url, "INSTANCE_PATH": instance, "SECRET_KEY": "0123456789abcdef" * 3
})
settle(settings)
database = Database(settings.database_url)
print("ready", flush=True)
sys.stdin.readline()
for completion_id in map(int, ids):
    with database.unit_of_work() as session:
        completion = session.get_one(Completion, completion_id)
        actions.issue_under_standing_decision(completion, NOW)
"""


def start(settings, ids):
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            ISSUE,
            settings.database_url,
            str(settings.instance_path),
            *map(str, ids),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_issue_at_once_leave_no_gap_and_no_double(database, settings):
    settle(settings)
    with database.unit_of_work():
        province = Province()
        actions.open_standing_decision(province.centre, a_decision(), by=province.manager, now=NOW)
        people = [
            world.a_person("Nguyễn Thị Hồng Ánh", unit=province.office)
            for _ in range(PROCESSES * EACH // 2)
        ]
        ids = [province.completion(person).id for person in people]
    # Every completion is issued by two processes: repeating must not take a second number.
    shares = [ids[: len(ids) // 2], ids[len(ids) // 2 :], ids[::-1][: len(ids) // 2], ids[::2]]
    shares[3] += ids[1::2]
    running = [start(settings, share) for share in shares]
    for process in running:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    with database.unit_of_work(write=False) as session:
        numbers = session.scalars(select(Certificate.number).order_by(Certificate.number)).all()
        assert numbers == list(range(1, len(ids) + 1))
        assert session.scalars(select(Register.last_number)).all() == [len(ids)]
        assert set(session.scalars(select(Certificate.completion_id))) == set(ids)
        assert queries.first_broken_line() is None
