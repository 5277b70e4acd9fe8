"""What else leads are known by: browsers, user ids of the product, further addresses; and whose a browser was when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Row, text

from nurture.db import giving
from nurture.segment.names import Name
from nurture.segment.ownership import Claim
from nurture.values import quick

_LOCKS = 0x77686F
"""Class of the advisory locks ("who") that are taken for ids."""
_BUCKETS = 256
"""Ids share this many locks: a large batch must not fill PostgreSQL's table of them."""
FURTHER = ""
"""Stands among ids for all addresses that may become further ones: held shared by who makes leads of many addresses."""

_LOOK = giving(
    "kind value lead_id since moved",
    """
    SELECT 'email' AS kind, email AS value, id AS lead_id, CAST(NULL AS timestamptz) AS since, false AS moved
    FROM lead WHERE email = ANY(:emails)
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity WHERE kind = 'email' AND value = ANY(:emails)
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity WHERE kind = 'user' AND value = ANY(:users)
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity
        WHERE kind = 'anonymous' AND value = ANY(:visitors)
    """,
)
_HOLD = text(
    """
    SELECT CASE WHEN alone THEN pg_advisory_xact_lock(:locks, bucket)
                ELSE pg_advisory_xact_lock_shared(:locks, bucket) END
    FROM (SELECT * FROM unnest(CAST(:buckets AS int[]), CAST(:alone AS bool[])) AS u(bucket, alone)
          ORDER BY bucket OFFSET 0) AS ordered
    """
)
_ACCOUNTS = text("SELECT DISTINCT lead_id FROM identity WHERE kind = 'user' AND lead_id = ANY(:ids)")
_TIE = text(
    """
    INSERT INTO identity (kind, value, lead_id, since)
    SELECT u.kind, u.value, u.lead_id, :now
    FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[]), CAST(:lead_ids AS bigint[])) AS u(kind, value, lead_id)
    ORDER BY u.kind, u.value ON CONFLICT (kind, value) DO NOTHING
    """
)
_OWN = text(
    """
    INSERT INTO identity (kind, value, lead_id, since, moved)
    SELECT 'anonymous', u.value, u.lead_id, u.since, u.moved
    FROM unnest(CAST(:values AS text[]), CAST(:lead_ids AS bigint[]), CAST(:since AS timestamptz[]),
                CAST(:moved AS bool[])) AS u(value, lead_id, since, moved)
    ORDER BY u.value
    ON CONFLICT (kind, value) DO UPDATE
        SET lead_id = excluded.lead_id, since = excluded.since, moved = excluded.moved
    """
)
_CLAIMS = text(
    """
    SELECT anonymous_id, at, lead_id, moves FROM browser_claim
    WHERE anonymous_id = ANY(:visitors) AND lead_id IS NOT NULL ORDER BY anonymous_id, at, id
    """
)
_WAITING = text(
    """
    SELECT anonymous_id, at, user_id, moves FROM browser_claim
    WHERE user_id = ANY(:users) ORDER BY anonymous_id, at, id
    """
)
_CLAIM = text(
    """
    INSERT INTO browser_claim (anonymous_id, at, lead_id, user_id, moves)
    SELECT u.anonymous_id, u.at, u.lead_id, u.user_id, u.moves
    FROM unnest(CAST(:anonymous_ids AS text[]), CAST(:at AS timestamptz[]), CAST(:lead_ids AS bigint[]),
                CAST(:user_ids AS text[]), CAST(:moves AS bool[])) WITH ORDINALITY
        AS u(anonymous_id, at, lead_id, user_id, moves, n)
    ORDER BY u.n
    ON CONFLICT (anonymous_id, at, lead_id, user_id) DO UPDATE SET moves = true
        WHERE excluded.moves AND NOT browser_claim.moves
    RETURNING id, anonymous_id
    """
)
_RESOLVE = text(
    """
    WITH gone AS (
        DELETE FROM browser_claim c
        USING unnest(CAST(:users AS text[]), CAST(:lead_ids AS bigint[])) AS u(user_id, lead_id)
        WHERE c.user_id = u.user_id RETURNING c.id, c.anonymous_id, c.at, u.lead_id, c.moves
    )
    INSERT INTO browser_claim (id, anonymous_id, at, lead_id, moves)
    SELECT DISTINCT ON (anonymous_id, at, lead_id) id, anonymous_id, at, lead_id, moves FROM gone
    ORDER BY anonymous_id, at, lead_id, moves DESC, id
    ON CONFLICT (anonymous_id, at, lead_id, user_id) DO UPDATE SET moves = true
        WHERE excluded.moves AND NOT browser_claim.moves
    """
)
_THIN = text(
    """
    WITH found AS (
        SELECT id, at, anonymous_id, count(*) OVER (PARTITION BY anonymous_id) AS all_of_them,
               (lag(lead_id) OVER w, lag(user_id) OVER w) IS NOT DISTINCT FROM (lead_id, user_id)
               AND (lead(lead_id) OVER w, lead(user_id) OVER w) IS NOT DISTINCT FROM (lead_id, user_id) AS between
        FROM browser_claim WHERE anonymous_id = ANY(:visitors) WINDOW w AS (PARTITION BY anonymous_id ORDER BY at, id)
    ), turns AS (
        SELECT id, row_number() OVER w AS nth, count(*) OVER (PARTITION BY anonymous_id) AS turns
        FROM found WHERE NOT between WINDOW w AS (PARTITION BY anonymous_id ORDER BY at, id)
    )
    DELETE FROM browser_claim WHERE id IN (
        SELECT id FROM found WHERE between AND (at < :before OR all_of_them > :most)
        UNION ALL SELECT id FROM turns WHERE nth > :most / 2 AND nth <= turns - :most / 2
    )
    """
)
_CONFLICT = text(
    """
    INSERT INTO identity_conflict (lead_id, other_id, at, source, because)
    SELECT least(u.one, u.other), greatest(u.one, u.other), u.at, u.source, u.because
    FROM unnest(CAST(:ones AS bigint[]), CAST(:others AS bigint[]), CAST(:at AS timestamptz[]),
                CAST(:sources AS text[]), CAST(:because AS text[])) AS u(one, other, at, source, because)
    WHERE u.one <> u.other ORDER BY 1, 2
    ON CONFLICT (lead_id, other_id) DO NOTHING
    """
)
_OF_LEAD = text("SELECT kind, value, since FROM identity WHERE lead_id = :id ORDER BY kind, since, value")
_CONFLICTS_OF = text(
    """
    SELECT l.email, c.at, c.source, c.because FROM identity_conflict c
    JOIN lead l ON l.id = CASE WHEN c.lead_id = :id THEN c.other_id ELSE c.lead_id END
    WHERE c.lead_id = :id OR c.other_id = :id ORDER BY c.at, l.email
    """
)

RECENT = timedelta(days=2)
"""Of people who are seen at a browser again and again, each time is kept for so long."""
MOST_CLAIMS = 200
"""Of a browser the earliest and the latest are kept, so many together: people do not take turns at one so often, and
whoever wants to slow us down may send any number. First go those of somebody who was seen right before and after."""
_SWEEP_EACH = 64
"""Every so many claims one browser's are swept: the work stays small, and so does the table."""


@quick
@dataclass(frozen=True, slots=True)
class Browser:
    """Whose a browser is now, and since when; `moved`: it was somebody else's before."""

    lead_id: int
    since: datetime
    moved: bool


@dataclass(frozen=True, slots=True)
class Known:
    """The leads of addresses and user ids, and the owners of browsers."""

    people: dict[Name, int] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewClaim:
    """Somebody was seen at a browser: a lead, or a user id that is nobody's yet."""

    anonymous_id: str
    at: datetime
    lead_id: int | None
    user_id: str | None
    moves: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two leads that an event says are one, and that were left as they are."""

    one: int
    other: int
    at: datetime
    source: str
    because: str


def look(db: Connection, people: Iterable[Name], visitors: Iterable[str]) -> Known:
    """Who of these is known. An address is a lead's own, or that of one which it has turned out to be."""
    names = set(people)
    values = {
        "emails": sorted(value for kind, value in names if kind == "email"),
        "users": sorted(value for kind, value in names if kind == "user"),
        "visitors": sorted(set(visitors)),
    }
    known = Known()
    if not any(values.values()):
        return known
    for kind, value, lead_id, since, moved in db.execute(_LOOK, values).all():
        if kind == "anonymous":
            known.browsers[value] = Browser(lead_id, since, moved)
        else:
            known.people[kind, value] = lead_id
    return known


def hold(db: Connection, shared: Iterable[str], alone: Iterable[str]) -> frozenset[int]:
    """Keep others from changing whose these ids are, until this transaction ends; gives the locks held `alone`.

    Comes before any lock on leads. Who only reads shares; who changes whose an id is must be alone with it: else an
    event that comes in at the same moment would be stored as nobody's, and stay so.
    """
    exclusive = frozenset(map(lock_of, alone))
    buckets = sorted(exclusive.union(map(lock_of, shared)))
    if buckets:
        db.execute(
            _HOLD, {"locks": _LOCKS, "buckets": buckets, "alone": [bucket in exclusive for bucket in buckets]}
        ).close()
    return exclusive


def wait_for_all(db: Connection) -> None:
    """Wait until everybody has ended who has looked up an id by now: leads that they make are there then.

    Nobody can look up one while this waits, and until the transaction ends: let it have nothing else to do.
    """
    db.execute(_HOLD, {"locks": _LOCKS, "buckets": list(range(_BUCKETS)), "alone": [True] * _BUCKETS}).all()


def lock_of(value: str) -> int:
    """The lock that an id shares with others; `FURTHER` has one of its own, the last in order."""
    return crc32(value.encode()) % _BUCKETS if value != FURTHER else _BUCKETS


def accounts(db: Connection, ids: Collection[int]) -> set[int]:
    """Which of these leads have a user id of their own."""
    return set(db.execute(_ACCOUNTS, {"ids": list(ids)}).scalars()) if ids else set()


def tie(db: Connection, names: Mapping[Name, int], now: datetime) -> None:
    """Give addresses and user ids that are nobody's to leads."""
    if names:
        values = {"kinds": [kind for kind, _ in names], "values": [value for _, value in names]}
        db.execute(_TIE, {**values, "lead_ids": list(names.values()), "now": now})


def own(db: Connection, browsers: Mapping[str, Browser]) -> None:
    """Write whose these browsers are now."""
    if not browsers:
        return
    owners = list(browsers.values())
    values = {"values": list(browsers), "lead_ids": [one.lead_id for one in owners]}
    db.execute(_OWN, {**values, "since": [one.since for one in owners], "moved": [one.moved for one in owners]})


def claims(db: Connection, visitors: Collection[str]) -> dict[str, list[Claim[int]]]:
    """Who was seen at these browsers, in order of time."""
    found: dict[str, list[Claim[int]]] = {visitor: [] for visitor in visitors}
    if found:
        for row in db.execute(_CLAIMS, {"visitors": list(found)}):
            found[row.anonymous_id].append(Claim(row.at, row.lead_id, row.moves))
    return found


def waiting(db: Connection, users: Collection[str]) -> Sequence[Row[Any]]:
    """Claims that wait for these user ids to be somebody's: `anonymous_id`, `at`, `user_id`, `moves`."""
    return db.execute(_WAITING, {"users": list(users)}).all() if users else ()


def resolve(db: Connection, users: Mapping[str, int]) -> None:
    """Turn the claims of these user ids into claims of their leads."""
    if users:
        db.execute(_RESOLVE, {"users": list(users), "lead_ids": list(users.values())})


def claim(db: Connection, new: Sequence[NewClaim], now: datetime) -> None:
    """Note who was seen at which browser. What is known already changes nothing."""
    by_key: dict[tuple[Any, ...], NewClaim] = {}
    for one in new:
        key = (one.anonymous_id, one.at, one.lead_id, one.user_id)
        if key not in by_key or one.moves:
            by_key[key] = one
    if not by_key:
        return
    rows = list(by_key.values())
    written = db.execute(
        _CLAIM,
        {
            "anonymous_ids": [row.anonymous_id for row in rows],
            "at": [row.at for row in rows],
            "lead_ids": [row.lead_id for row in rows],
            "user_ids": [row.user_id for row in rows],
            "moves": [row.moves for row in rows],
        },
    )
    if swept := sorted({row.anonymous_id for row in written if row.id % _SWEEP_EACH == 0}):
        db.execute(_THIN, {"visitors": swept, "before": now - RECENT, "most": MOST_CLAIMS})


def note(db: Connection, conflicts: Sequence[Conflict]) -> None:
    """Note for a person to look at; once for each two leads."""
    if not conflicts:
        return
    values = {
        "ones": [one.one for one in conflicts],
        "others": [one.other for one in conflicts],
        "at": [one.at for one in conflicts],
        "sources": [one.source for one in conflicts],
        "because": [one.because for one in conflicts],
    }
    db.execute(_CONFLICT, values)


def of_lead(db: Connection, lead_id: int) -> Sequence[Row[Any]]:
    """What else a lead is known by: `kind`, `value`, `since`."""
    return db.execute(_OF_LEAD, {"id": lead_id}).all()


def conflicts_of(db: Connection, lead_id: int) -> Sequence[Row[Any]]:
    """Leads that are said to be this one, and that nobody has merged."""
    return db.execute(_CONFLICTS_OF, {"id": lead_id}).all()
