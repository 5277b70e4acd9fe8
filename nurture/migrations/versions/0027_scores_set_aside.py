"""A lead whose score could not be worked out anew is set aside as just that, and comes again by itself.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more word in a small table, and an index of who comes next. What stood there under `lead` gets its own word.

    The release before leaves such rows alone: nothing that it knows of waits for them.
    """
    op.execute("ALTER TABLE set_aside DROP CONSTRAINT set_aside_kind")
    op.execute(
        "ALTER TABLE set_aside ADD CONSTRAINT set_aside_kind CHECK (kind IN ('lead', 'score', 'handoff', 'hits'))"
    )
    op.execute(
        """
        UPDATE set_aside SET kind = 'score', reason = substr(reason, length('not worked out anew: ') + 1)
        WHERE kind = 'lead' AND reason LIKE 'not worked out anew: %'
        """
    )
    op.execute("CREATE INDEX set_aside_score_due ON set_aside (again_at) WHERE kind = 'score'")


def downgrade() -> None:
    """As it was; a score that waits for another try is forgotten, for nothing would try it."""
    op.execute("DROP INDEX set_aside_score_due")
    op.execute("DELETE FROM set_aside WHERE kind = 'score'")
    op.execute("ALTER TABLE set_aside DROP CONSTRAINT set_aside_kind")
    op.execute("ALTER TABLE set_aside ADD CONSTRAINT set_aside_kind CHECK (kind IN ('lead', 'handoff', 'hits'))")
