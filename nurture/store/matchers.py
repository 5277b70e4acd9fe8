"""What is counted and what rules, as all processes share it."""

import logging
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

from nurture.grammar.matchers import Matcher, parse_matcher, said
from nurture.grammar.mistakes import Mistake
from nurture.rules.succession import Agreed, Counted
from nurture.trips import Answer, Statement, Trip

log = logging.getLogger(__name__)

_SAVE_MATCHERS = text(
    """
    INSERT INTO matcher (fingerprint, says, state, since)
    SELECT fingerprint, CAST(says AS jsonb), state, :now
    FROM unnest(CAST(:fingerprint AS text[]), CAST(:says AS text[]), CAST(:state AS text[]))
        AS u(fingerprint, says, state)
    ON CONFLICT (fingerprint) DO UPDATE SET says = excluded.says, state = excluded.state
    """
)
_SAVE_SIGNALS = text(
    """
    INSERT INTO agreed_signal (signal, fingerprint, former)
    SELECT * FROM unnest(CAST(:signal AS text[]), CAST(:fingerprint AS text[]), CAST(:former AS text[]))
    """
)
_SAVE_BASIS = text(
    """
    INSERT INTO score_basis (one, version, fit, worth) VALUES (true, 1, :fit, :worth)
    ON CONFLICT (one) DO UPDATE SET version = score_basis.version + 1, fit = excluded.fit, worth = excluded.worth
    """
)
_VERSION = Statement("SELECT version FROM score_basis")


def version(db: Connection) -> int:
    """Rises whenever another thing is counted, or another rules; 0 where nothing was ever adopted."""
    return read_version(ask_version(Trip(db)))


def ask_version(trip: Trip) -> Answer:
    """The same as a question that comes along; `read_version` reads the answer."""
    return trip.ask(_VERSION, {})


def read_version(answer: Answer) -> int:
    """What `ask_version` asked for."""
    return answer.rows[0][0] if answer.rows else 0


def basis(db: Connection) -> Row[Any] | None:
    """`fit` and `worth`: hashes of what grades and scores rest on; None where nothing was ever adopted."""
    return db.execute(text("SELECT fit, worth FROM score_basis")).one_or_none()


def save_basis(db: Connection, *, fit: str, worth: str) -> None:
    """Note what grades and scores rest on from now on, and raise the version."""
    db.execute(_SAVE_BASIS, {"fit": fit, "worth": worth})


def raise_version(db: Connection) -> None:
    """Let every process look again at what is counted."""
    db.execute(text("UPDATE score_basis SET version = version + 1"))


def load(db: Connection) -> Counted:
    """What is counted, and how far. What this version of Nurture cannot read any more is left out, and so is new."""
    matchers: dict[str, Matcher] = {}
    counting: set[str] = set()
    for row in db.execute(text("SELECT fingerprint, says, state FROM matcher")):
        matcher = _read(row)
        if matcher is not None:
            matchers[row.fingerprint] = matcher
            if row.state == "counting":
                counting.add(row.fingerprint)
    signals = {
        row.signal: Agreed(row.fingerprint, row.former if row.former in matchers else None)
        for row in db.execute(text("SELECT signal, fingerprint, former FROM agreed_signal"))
        if row.fingerprint in matchers
    }
    return Counted(signals, matchers, frozenset(counting))


def save(db: Connection, counted: Counted, now: datetime) -> None:
    """Make this what is counted."""
    db.execute(text("DELETE FROM agreed_signal"))
    db.execute(text("DELETE FROM matcher WHERE fingerprint <> ALL(:kept)"), {"kept": list(counted.matchers)})
    states = ["counting" if fingerprint in counted.counting else "ready" for fingerprint in counted.matchers]
    says = [orjson.dumps(said(matcher)).decode() for matcher in counted.matchers.values()]
    db.execute(_SAVE_MATCHERS, {"fingerprint": list(counted.matchers), "says": says, "state": states, "now": now})
    names = list(counted.signals)
    agreed = [counted.signals[name] for name in names]
    values = {"fingerprint": [one.fingerprint for one in agreed], "former": [one.former for one in agreed]}
    db.execute(_SAVE_SIGNALS, {"signal": names, **values})


def _read(row: Row[Any]) -> Matcher | None:
    try:
        matcher = parse_matcher(row.says)
    except Mistake:
        log.warning("what a signal asked for cannot be read any more", extra={"matcher": row.fingerprint})
        return None
    return matcher if matcher.fingerprint == row.fingerprint else None
