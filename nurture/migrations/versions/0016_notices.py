"""News of anything, not of offers alone; channels whose receiver is gone.

The release before, which goes on running while a newer one upgrades, knows no `about`: what it writes meanwhile gets
one of its own, and its `ON CONFLICT ON CONSTRAINT notice_once_a_channel` still finds a constraint of that name.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE notice ADD COLUMN about TEXT DEFAULT '?' || gen_random_uuid() NOT NULL;
UPDATE notice SET about = 'handoff:' || handoff_id;
ALTER TABLE notice ALTER COLUMN handoff_id DROP NOT NULL;
ALTER TABLE notice ADD COLUMN lead_id BIGINT REFERENCES lead (id) ON DELETE CASCADE;
ALTER TABLE notice ADD COLUMN data JSONB;
ALTER TABLE notice DROP CONSTRAINT notice_once_a_channel;
ALTER TABLE notice ADD CONSTRAINT notice_once_a_channel UNIQUE NULLS NOT DISTINCT (about, kind, channel, recipient);
ALTER TABLE notice DROP CONSTRAINT notice_state;
ALTER TABLE notice ADD CONSTRAINT notice_state CHECK (state IN ('queued', 'leased', 'sent', 'failed', 'cancelled'));
DROP INDEX notice_to_send;
CREATE INDEX notice_to_send ON notice (next_at) WHERE state IN ('queued', 'leased') AND kind <> 'lead.changed';
CREATE INDEX notice_to_sync ON notice (channel, next_at) WHERE state IN ('queued', 'leased') AND kind = 'lead.changed';
CREATE INDEX notice_failed ON notice (at) WHERE state = 'failed';
CREATE INDEX notice_of_handoff ON notice (handoff_id) WHERE handoff_id IS NOT NULL;
CREATE INDEX notice_of_lead ON notice (lead_id) WHERE lead_id IS NOT NULL;
CREATE TABLE closed_channel (
    channel TEXT NOT NULL,
    address_hash BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (channel)
);
"""

_DOWN = """
DROP TABLE closed_channel;
DELETE FROM notice WHERE handoff_id IS NULL OR kind <> 'lead.requalified';
DROP INDEX notice_to_send;
DROP INDEX notice_to_sync;
CREATE INDEX notice_to_send ON notice (next_at) WHERE state IN ('queued', 'leased');
DROP INDEX notice_failed;
DROP INDEX notice_of_handoff;
DROP INDEX notice_of_lead;
UPDATE notice SET state = 'failed' WHERE state = 'cancelled';
ALTER TABLE notice DROP CONSTRAINT notice_state;
ALTER TABLE notice ADD CONSTRAINT notice_state CHECK (state IN ('queued', 'leased', 'sent', 'failed'));
ALTER TABLE notice DROP CONSTRAINT notice_once_a_channel;
DELETE FROM notice a USING notice b
    WHERE a.handoff_id = b.handoff_id AND a.channel = b.channel AND a.kind = b.kind AND a.id > b.id;
ALTER TABLE notice ADD CONSTRAINT notice_once_a_channel UNIQUE (handoff_id, channel, kind);
ALTER TABLE notice DROP COLUMN about;
ALTER TABLE notice DROP COLUMN lead_id;
ALTER TABLE notice DROP COLUMN data;
ALTER TABLE notice ALTER COLUMN handoff_id SET NOT NULL;
"""


def upgrade() -> None:
    _run(_UP)


def downgrade() -> None:
    _run(_DOWN)


def _run(statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)
