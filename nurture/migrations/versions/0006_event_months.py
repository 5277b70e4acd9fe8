"""Months of events.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


STATEMENTS = """
CREATE TABLE housekeeping (
    id SMALLINT DEFAULT 1 NOT NULL,
    kept_since DATE NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    steady_since TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT housekeeping_once CHECK (id = 1)
);

CREATE TABLE imported_file (
    source TEXT NOT NULL,
    first_line TEXT NOT NULL,
    position BIGINT NOT NULL,
    line BIGINT NOT NULL,
    digest TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (source, first_line)
);

CREATE TABLE event_undated (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS);

WITH moved AS (DELETE FROM event_other WHERE month >= '2000-01-01' AND month < '2000-02-01' RETURNING *)
INSERT INTO event_undated SELECT * FROM moved;

ALTER TABLE event ATTACH PARTITION event_undated FOR VALUES FROM ('2000-01-01') TO ('2000-02-01');

CREATE INDEX event_in_time ON event USING brin (occurred_at);
"""


def upgrade() -> None:
    """What is kept since when; how far files were imported; events without a time of their own apart from the rest."""
    for statement in STATEMENTS.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Events without a time of their own go back to the default partition."""
    op.execute("ALTER TABLE event DETACH PARTITION event_undated")
    op.execute("INSERT INTO event SELECT * FROM event_undated")
    op.execute("DROP TABLE event_undated, housekeeping, imported_file")
    op.execute("DROP INDEX event_in_time")
