"""Let nobody act on a handoff as it was: what others did since the page was shown is told first."""

from sqlalchemy import Connection

from nurture.app import App
from nurture.errors import Overtaken
from nurture.rules.assignment import whom
from nurture.store import handoff_changes

TURNS = frozenset(
    {"accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "reassigned", "merged"}
)  # fmt: skip
"""What somebody else may have done that one should know before one goes on."""


def look_again(db: Connection, app: App, handoff_id: int, seen: int | None, *, by: str) -> None:
    """Refuse to go on where others did something of which whoever speaks cannot know.

    To be asked once the lead is locked, so that nothing more can happen until the answer is written.

    Args:
        db: the transaction, which has locked the lead.
        app: the app.
        handoff_id: which handoff.
        seen: the last row of its log that was shown; None: not asked for.
        by: who speaks, whose own doings are no news.

    Raises:
        Overtaken: There is such news.
    """
    if seen is None:
        return
    mine = {by, whom(app.book.agreement, by)}
    changes = handoff_changes.of_handoff(db, handoff_id)
    news = [one for one in changes if one.id > seen and one.what in TURNS and one.by not in mine]
    if news:
        raise Overtaken(news)
