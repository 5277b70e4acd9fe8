"""What could not be worked on is written down: which, why, since when and when it is tried again.

Revision ID: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A small table, and an index of the few mails that failed."""
    op.execute(
        """
        CREATE TABLE set_aside (
            kind TEXT NOT NULL,
            id BIGINT NOT NULL,
            lead_id BIGINT NOT NULL REFERENCES lead(id) ON DELETE CASCADE,
            reason TEXT NOT NULL,
            since TIMESTAMPTZ NOT NULL,
            last_at TIMESTAMPTZ NOT NULL,
            tries INTEGER DEFAULT 1 NOT NULL,
            again_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (kind, id),
            CONSTRAINT set_aside_kind CHECK (kind IN ('lead', 'handoff', 'hits'))
        )
        """
    )
    op.execute("CREATE INDEX set_aside_of_lead ON set_aside (lead_id)")
    op.execute("CREATE INDEX delivery_failed ON delivery (id) WHERE state = 'failed'")


def downgrade() -> None:
    op.execute("DROP INDEX delivery_failed")
    op.execute("DROP TABLE set_aside")
