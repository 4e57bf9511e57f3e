"""refuse changes of audit rows

No table changes: an upgrade makes every trigger anew, and those of the audit rows are new.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
