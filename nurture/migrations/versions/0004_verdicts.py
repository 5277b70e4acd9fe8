"""Verdicts that can be revised.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = "'page', 'track', 'identify', 'click', 'open', 'reply', 'answer'"

CHANGES = f"""
ALTER TABLE event
    ADD COLUMN by_hand BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN revised_at TIMESTAMP WITH TIME ZONE,
    DROP CONSTRAINT event_kind,
    ADD CONSTRAINT event_kind CHECK (kind IN ({_KINDS}, 'look'));

CREATE INDEX event_from_address ON event (address_hash, occurred_at) WHERE address_hash IS NOT NULL;

CREATE TABLE rejudging (
    one BOOLEAN NOT NULL,
    since TIMESTAMP WITH TIME ZONE,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    mails_after BIGINT DEFAULT 0 NOT NULL,
    events_after BIGINT DEFAULT 0 NOT NULL,
    judged BIGINT DEFAULT 0 NOT NULL,
    to_human BIGINT DEFAULT 0 NOT NULL,
    to_automated BIGINT DEFAULT 0 NOT NULL,
    PRIMARY KEY (one),
    CONSTRAINT rejudging_one CHECK (one)
);
"""


def upgrade() -> None:
    for statement in CHANGES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE rejudging")
    op.execute("DROP INDEX event_from_address")
    op.execute("DELETE FROM event WHERE kind = 'look'")
    op.execute("ALTER TABLE event DROP CONSTRAINT event_kind")
    op.execute(f"ALTER TABLE event ADD CONSTRAINT event_kind CHECK (kind IN ({_KINDS}))")
    op.execute("ALTER TABLE event DROP COLUMN by_hand, DROP COLUMN revised_at")
