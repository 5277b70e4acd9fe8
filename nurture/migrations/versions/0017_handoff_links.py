"""Links to the rep's page that can be revoked.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Links that are out already carry no version; they are good as version 0."""
    op.execute("ALTER TABLE handoff ADD COLUMN link_version INTEGER DEFAULT 0 NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE handoff DROP COLUMN link_version")
