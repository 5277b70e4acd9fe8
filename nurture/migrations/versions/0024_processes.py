"""Processes tell how they are and what they have counted.

Revision ID: 0024
Revises: 0020
"""

from alembic import op

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A small table: a row a process that was seen lately, and one for all that are gone."""
    op.execute(
        """
        CREATE TABLE process (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            host TEXT NOT NULL,
            started_at TIMESTAMPTZ NOT NULL,
            beat_at TIMESTAMPTZ NOT NULL,
            peak_octets BIGINT,
            counts JSONB DEFAULT '{}'::jsonb NOT NULL,
            CONSTRAINT process_kind CHECK (kind IN ('web', 'worker', 'clock', 'gone'))
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE process")
