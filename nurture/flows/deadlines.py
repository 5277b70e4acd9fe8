"""When a handoff's promises fall due, and when it has to be looked at next: written wherever one of them may change."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App


def set_deadlines(db: Connection, app: App, handoff_ids: Iterable[int], now: datetime) -> None:
    """Work out these handoffs' deadlines anew, within the caller's transaction, which has locked their leads.

    Call it after a handoff was offered, moved on, given to somebody else, or tried once more. Of a handoff that is
    closed nothing is left to look at.
    """
