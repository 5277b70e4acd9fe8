"""How sending goes.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


UP = """
CREATE TABLE mailer (
    name TEXT NOT NULL,
    state TEXT DEFAULT 'sending' NOT NULL,
    since TIMESTAMP WITH TIME ZONE,
    until TIMESTAMP WITH TIME ZONE,
    why TEXT DEFAULT '' NOT NULL,
    rests INTEGER DEFAULT 0 NOT NULL,
    recent TEXT DEFAULT '' NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE,
    paused_why TEXT,
    free_at TIMESTAMP WITH TIME ZONE,
    day DATE,
    day_count INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (name),
    CONSTRAINT mailer_state CHECK (state IN ('sending', 'resting', 'trying'))
)
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute("CREATE INDEX delivery_unknown ON delivery (mailer) WHERE state = 'unknown'")
    op.execute("CREATE INDEX delivery_sent ON delivery (sent_at) WHERE state = 'sent'")


def downgrade() -> None:
    op.execute("DROP INDEX delivery_sent")
    op.execute("DROP INDEX delivery_unknown")
    op.execute("DROP TABLE mailer")
