"""How much was erased, which reports say beside their figures.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A small table: a row a day on which something had been of somebody who was erased later."""
    op.execute(
        """
        CREATE TABLE erased_tally (
            what TEXT NOT NULL,
            day DATE NOT NULL,
            n BIGINT NOT NULL,
            PRIMARY KEY (what, day),
            CONSTRAINT erased_tally_what CHECK (what IN ('leads', 'handoffs', 'won', 'mails'))
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE erased_tally")
