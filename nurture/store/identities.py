"""What else leads are known by: browsers, user ids of the product, further addresses; and whose a browser was when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Connection, Row, text

from nurture.segment.names import Name
from nurture.segment.ownership import Claim
from nurture.trips import Answer, Statement, Trip, ask
from nurture.values import quick


class Waiting(NamedTuple):
    """Somebody was seen at a browser with a user id that was nobody's."""

    anonymous_id: str
    at: datetime
    user_id: str
    moves: bool


_LOCKS = 0x77686F
"""Class of the advisory locks ("who") that are taken for ids."""
_BUCKETS = 1024
"""Ids share this many locks: a large batch must not fill PostgreSQL's table of them, which is small where few
connections are allowed (64 places for each). Writers rarely meet in one of so many."""
FURTHER = ""
"""Stands among ids for all addresses that may become further ones: held shared by who makes leads of many addresses."""

_LOOK = Statement(
    """
    SELECT 'email' AS kind, email AS value, id AS lead_id, CAST(NULL AS timestamptz) AS since, false AS moved
    FROM lead WHERE email = ANY(CAST(:emails AS text[]))
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity
        WHERE kind = 'email' AND value = ANY(CAST(:emails AS text[]))
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity
        WHERE kind = 'user' AND value = ANY(CAST(:users AS text[]))
    UNION ALL SELECT kind, value, lead_id, since, moved FROM identity
        WHERE kind = 'anonymous' AND value = ANY(CAST(:visitors AS text[]))
    """
)
_HOLD = Statement(
    """
    SELECT CASE WHEN alone THEN pg_advisory_xact_lock(CAST(:locks AS int), bucket)
                ELSE pg_advisory_xact_lock_shared(CAST(:locks AS int), bucket) END
    FROM (SELECT * FROM unnest(CAST(:buckets AS int[]), CAST(:alone AS bool[])) AS u(bucket, alone)
          ORDER BY bucket OFFSET 0) AS ordered
    """
)
_ACCOUNTS = Statement(
    "SELECT DISTINCT lead_id FROM identity WHERE kind = 'user' AND lead_id = ANY(CAST(:ids AS bigint[]))"
)
_TIE = Statement(
    """
    INSERT INTO identity (kind, value, lead_id, since)
    SELECT u.kind, u.value, u.lead_id, CAST(:now AS timestamptz)
    FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[]), CAST(:lead_ids AS bigint[])) AS u(kind, value, lead_id)
    ORDER BY u.kind, u.value ON CONFLICT (kind, value) DO NOTHING
    """
)
_OWN = Statement(
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
_CLAIMS = Statement(
    """
    SELECT anonymous_id, at, lead_id, moves FROM browser_claim
    WHERE anonymous_id = ANY(CAST(:visitors AS text[])) AND lead_id IS NOT NULL ORDER BY anonymous_id, at, id
    """
)
_WAITING = Statement(
    """
    SELECT anonymous_id, at, user_id, moves FROM browser_claim
    WHERE user_id = ANY(CAST(:users AS text[])) ORDER BY anonymous_id, at, id
    """,
    Waiting._make,
)
_CLAIM = Statement(
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
_RESOLVE = Statement(
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
class Held:
    """Locks on ids: all of them, and those that nobody shares."""

    all: frozenset[int]
    alone: frozenset[int]

    def covers(self, shared: Iterable[str], alone: Iterable[str]) -> bool:
        """Whether these ids are among them."""
        return self.alone.issuperset(map(lock_of, alone)) and self.all.issuperset(map(lock_of, shared))


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


def look(trip: Trip, people: Collection[Name], visitors: Collection[str]) -> Answer:
    """Ask who of these is known; read the answer by `known`.

    An address is a lead's own, or that of one which it has turned out to be.
    """
    values = {
        "emails": [value for kind, value in people if kind == "email"],
        "users": [value for kind, value in people if kind == "user"],
        "visitors": list(visitors),
    }
    return trip.ask(_LOOK, values)


def known(looked: Answer) -> Known:
    """Who is known, of those that `look` asked for."""
    known = Known()
    for kind, value, lead_id, since, moved in looked.rows:
        if kind == "anonymous":
            known.browsers[value] = Browser(lead_id, since, moved)
        else:
            known.people[kind, value] = lead_id
    return known


def say_the_same(one: Answer, other: Answer) -> bool:
    """Whether two looks at the same ids found the same."""
    return one.rows == other.rows or known(one) == known(other)


def hold(trip: Trip, shared: Iterable[str], alone: Iterable[str]) -> Held:
    """Keep others from changing whose these ids are, until this transaction ends.

    Comes before any lock on leads. Who only reads shares; who changes whose an id is must be alone with it: else an
    event that comes in at the same moment would be stored as nobody's, and stay so. Of an id that is a lead's, the
    lock of that lead keeps others from giving it away.
    """
    exclusive = frozenset(map(lock_of, alone))
    held = Held(exclusive.union(map(lock_of, shared)), exclusive)
    if buckets := sorted(held.all):
        trip.ask(_HOLD, {"locks": _LOCKS, "buckets": buckets, "alone": [bucket in exclusive for bucket in buckets]})
    return held


def keep(db: Connection, shared: Iterable[str], alone: Iterable[str]) -> None:
    """The same at once."""
    trip = Trip(db)
    hold(trip, shared, alone)
    trip.go()


def wait_for_all(db: Connection) -> None:
    """Wait until everybody has ended who has looked up an id by now: leads that they make are there then.

    Nobody can look up one while this waits, and until the transaction ends: let it have nothing else to do.
    """
    ask(db, _HOLD, {"locks": _LOCKS, "buckets": list(range(_BUCKETS)), "alone": [True] * _BUCKETS})


def lock_of(value: str) -> int:
    """The lock that an id shares with others; `FURTHER` has one of its own, the last in order."""
    return crc32(value.encode()) % _BUCKETS if value != FURTHER else _BUCKETS


def accounts(db: Connection, ids: Collection[int]) -> set[int]:
    """Which of these leads have a user id of their own."""
    return {lead_id for (lead_id,) in ask(db, _ACCOUNTS, {"ids": list(ids)})} if ids else set()


def tie(db: Connection, names: Mapping[Name, int], now: datetime) -> None:
    """Give addresses and user ids that are nobody's to leads."""
    if names:
        values = {"kinds": [kind for kind, _ in names], "values": [value for _, value in names]}
        ask(db, _TIE, {**values, "lead_ids": list(names.values()), "now": now})


def own(db: Connection, browsers: Mapping[str, Browser]) -> None:
    """Write whose these browsers are now."""
    if not browsers:
        return
    owners = list(browsers.values())
    values = {"values": list(browsers), "lead_ids": [one.lead_id for one in owners]}
    ask(db, _OWN, {**values, "since": [one.since for one in owners], "moved": [one.moved for one in owners]})


def claims(trip: Trip, visitors: Collection[str]) -> dict[str, list[Claim[int]]]:
    """Who was seen at these browsers, in order of time. The trip is made, if there are any."""
    found: dict[str, list[Claim[int]]] = {visitor: [] for visitor in visitors}
    if found:
        for visitor, at, lead_id, moves in trip.ask(_CLAIMS, {"visitors": list(found)}).rows:
            found[visitor].append(Claim(at, lead_id, moves))
    return found


def waiting(db: Connection, users: Collection[str]) -> Sequence[Waiting]:
    """Claims that wait for these user ids to be somebody's."""
    return ask(db, _WAITING, {"users": list(users)}) if users else ()


def resolve(db: Connection, users: Mapping[str, int]) -> None:
    """Turn the claims of these user ids into claims of their leads."""
    if users:
        ask(db, _RESOLVE, {"users": list(users), "lead_ids": list(users.values())})


def claim(trip: Trip, new: Sequence[NewClaim]) -> Answer | None:
    """Note who was seen at which browser. What is known already changes nothing. `sweep` after the trip."""
    by_key: dict[tuple[Any, ...], NewClaim] = {}
    for one in new:
        key = (one.anonymous_id, one.at, one.lead_id, one.user_id)
        if key not in by_key or one.moves:
            by_key[key] = one
    if not by_key:
        return None
    rows = list(by_key.values())
    return trip.ask(
        _CLAIM,
        {
            "anonymous_ids": [row.anonymous_id for row in rows],
            "at": [row.at for row in rows],
            "lead_ids": [row.lead_id for row in rows],
            "user_ids": [row.user_id for row in rows],
            "moves": [row.moves for row in rows],
        },
    )


def sweep(db: Connection, claimed: Answer | None, now: datetime) -> None:
    """Keep the claims of a browser few, once in a while."""
    swept = sorted({visitor for id_, visitor in claimed.rows if id_ % _SWEEP_EACH == 0}) if claimed is not None else ()
    if swept:
        db.execute(_THIN, {"visitors": list(swept), "before": now - RECENT, "most": MOST_CLAIMS})


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
