"""read a country from indexes alone

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITING = sa.text("recognized_at IS NULL")

# What was there before the columns: the triggers beside the models keep it from now on.
FILL = (
    "UPDATE enrollment SET completed_at = "
    "(SELECT c.completed_at FROM completion c WHERE c.enrollment_id = enrollment.id) "
    "WHERE EXISTS (SELECT 1 FROM completion c WHERE c.enrollment_id = enrollment.id)",
    "UPDATE completion SET recognized_at = (SELECT r.recognized_at FROM recognized_completion r "
    "WHERE r.completion_id = completion.id), certified_on = (SELECT max(c.issued_on) "
    "FROM certificate c WHERE c.completion_id = completion.id AND NOT EXISTS (SELECT 1 "
    "FROM certificate_event e WHERE e.certificate_id = c.id "
    "AND e.kind IN ('revoked', 'superseded'))) "
    "WHERE EXISTS (SELECT 1 FROM recognized_completion r WHERE r.completion_id = completion.id)",
)


def upgrade() -> None:
    with op.batch_alter_table("completion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recognized_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("certified_on", sa.Date(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_completion_unit_id"))
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f("ix_enrollment_unit_id"))
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_unit_id"))
        batch_op.drop_index(batch_op.f("ix_membership_person_id"))
    for statement in FILL:
        op.execute(statement)
    op.create_index("ix_completion_certified", "completion", ["unit_id", "certified_on"])
    op.create_index("ix_completion_certified_on", "completion", ["certified_on", "unit_id"])
    op.create_index("ix_completion_course", "completion", ["course_id", "person_id"])
    op.create_index("ix_completion_unit", "completion", ["unit_id", "completed_at", "periods"])
    op.create_index(
        "ix_completion_waiting",
        "completion",
        ["unit_id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_enrollment_enrolled_at", "enrollment", ["enrolled_at", "id"])
    op.create_index(
        "ix_enrollment_unit",
        "enrollment",
        ["unit_id", "enrolled_at", "completed_at", "last_activity_at", "person_id"],
    )
    op.create_index(
        "ix_membership_further",
        "membership",
        ["unit_id", "ends_on", "starts_on", "person_id", "kind"],
        sqlite_where=sa.text("is_primary = 0 OR ends_on IS NOT NULL"),
        postgresql_where=sa.text("NOT is_primary OR ends_on IS NOT NULL"),
    )
    op.create_index(
        "ix_membership_person",
        "membership",
        ["person_id", "unit_id", "starts_on", "ends_on", "kind"],
    )
    op.create_index(
        "ix_membership_unit",
        "membership",
        ["unit_id", "ends_on", "starts_on", "is_primary", "person_id", "kind"],
    )
    op.create_index("ix_unit_line_level", "unit_line", ["ancestor_id", "depth", "unit_id"])


def downgrade() -> None:
    op.drop_index("ix_unit_line_level", "unit_line")
    for table, names in (
        ("membership", ("ix_membership_unit", "ix_membership_person", "ix_membership_further")),
        ("enrollment", ("ix_enrollment_unit", "ix_enrollment_enrolled_at")),
        (
            "completion",
            (
                "ix_completion_waiting",
                "ix_completion_unit",
                "ix_completion_course",
                "ix_completion_certified",
                "ix_completion_certified_on",
            ),
        ),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_index(name)
            batch_op.create_index(batch_op.f(f"ix_{table}_unit_id"), ["unit_id"], unique=False)
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_person_id"), ["person_id"], unique=False)
    with op.batch_alter_table("enrollment", schema=None) as batch_op:
        batch_op.drop_column("completed_at")
    with op.batch_alter_table("completion", schema=None) as batch_op:
        batch_op.drop_column("certified_on")
        batch_op.drop_column("recognized_at")
