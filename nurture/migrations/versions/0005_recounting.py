"""What is counted anew after a change of the agreement, and the table that scores decay by.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE decay (
    half_life INTEGER NOT NULL,
    age INTEGER NOT NULL,
    micro INTEGER NOT NULL,
    PRIMARY KEY (half_life, age)
);

CREATE TABLE matcher (
    fingerprint TEXT NOT NULL,
    says JSONB NOT NULL,
    state TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (fingerprint),
    CONSTRAINT matcher_state CHECK (state IN ('counting', 'ready'))
);

CREATE TABLE agreed_signal (
    signal TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    former TEXT,
    PRIMARY KEY (signal),
    FOREIGN KEY(fingerprint) REFERENCES matcher (fingerprint),
    FOREIGN KEY(former) REFERENCES matcher (fingerprint)
);

CREATE TABLE score_basis (
    one BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    fit TEXT NOT NULL,
    worth TEXT NOT NULL,
    PRIMARY KEY (one),
    CONSTRAINT score_basis_one CHECK (one)
);

CREATE TABLE walk (
    name TEXT NOT NULL,
    aim TEXT NOT NULL,
    parts TEXT[] NOT NULL,
    after_id BIGINT DEFAULT 0 NOT NULL,
    leads BIGINT DEFAULT 0 NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (name)
);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for table in ("walk", "score_basis", "agreed_signal", "matcher", "decay"):
        op.execute(f"DROP TABLE {table}")
