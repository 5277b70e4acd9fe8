"""What there is to do, asked in one statement: the clock asks every other second, and mostly there is nothing."""

from datetime import datetime

from sqlalchemy import Connection, text

from nurture.store import confirmations, deliveries, due, hits, inbound, notices, promises, set_aside, walks

_ANY_TO_SEND = deliveries.ANY_TO_SEND
_ANY_EXPIRED = f"SELECT EXISTS (SELECT FROM {deliveries.UNDER_WAY} WHERE held.leased_until < clock_timestamp())"  # noqa: S608

EXPIRED, LOST = "expired", "lost"
"""What only the clock does: settle deliveries, and questions to confirm an address, that a dead worker held."""

_QUESTIONS = {
    "notices": notices.ANY_DUE,
    "confirmations": confirmations.ANY_DUE,
    "forwards": inbound.ANY_TO_FORWARD,
    "advance": due.ANY_DUE,
    "deliver": _ANY_TO_SEND,
    "settle": hits.ANY_TO_SETTLE,
    "promises": promises.ANY_DUE,
    "rescore": f"SELECT ({walks.ANY_TO_RESCORE}) OR ({set_aside.ANY_SCORE_DUE})",
    EXPIRED: _ANY_EXPIRED,
    LOST: confirmations.ANY_LOST,
}
_WAITING = text("SELECT " + ", ".join(f"({question}) AS {kind}" for kind, question in _QUESTIONS.items()))


def waiting(db: Connection, now: datetime, *, mailer: str = "default") -> list[str]:
    """The kinds of work of which something is due, what somebody waits for first; none where all is done."""
    row = db.execute(_WAITING, {"now": now, "mailer": mailer}).one()
    return [kind for kind, waits in zip(_QUESTIONS, row, strict=True) if waits]
