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
    """How mailers do; what waits comes in one order though many mails have one slot, and a lead's mails by the lead."""
    op.execute(UP)
    op.execute("DROP INDEX delivery_to_send")
    op.execute("CREATE INDEX delivery_to_send ON delivery (mailer, slot_at, id) WHERE state = 'queued'")
    op.execute("CREATE INDEX delivery_of_lead ON delivery (lead_id, local_on)")
    op.execute("CREATE INDEX delivery_unknown ON delivery (mailer) WHERE state = 'unknown'")
    op.execute("CREATE INDEX delivery_sent ON delivery (sent_at) WHERE state = 'sent'")


def downgrade() -> None:
    """As it was."""
    op.execute("DROP INDEX delivery_of_lead")
    op.execute("DROP INDEX delivery_to_send")
    op.execute("CREATE INDEX delivery_to_send ON delivery (mailer, slot_at) WHERE state = 'queued'")
    op.execute("DROP INDEX delivery_sent")
    op.execute("DROP INDEX delivery_unknown")
    op.execute("DROP TABLE mailer")
