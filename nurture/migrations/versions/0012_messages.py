"""What mails carry.

Revision ID: 0012
Revises: 0011
"""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing: a mail carries all that it is known by in tokens that are signed, and no table keeps them."""


def downgrade() -> None:
    """Nothing was made."""
