"""Whose database this is.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An empty table: the first start fills it, in the place where it happens."""
    op.execute(
        """
        CREATE TABLE installation (
            one SMALLINT DEFAULT 1 NOT NULL,
            id UUID DEFAULT gen_random_uuid() NOT NULL,
            cluster TEXT,
            database BIGINT NOT NULL,
            home TEXT,
            made_at TIMESTAMP WITH TIME ZONE NOT NULL,
            adopted_at TIMESTAMP WITH TIME ZONE,
            adopted_by TEXT,
            PRIMARY KEY (one),
            CONSTRAINT installation_once CHECK (one = 1)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE installation")
