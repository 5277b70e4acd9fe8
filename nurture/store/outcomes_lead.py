"""What was decided of who leads are, where they stand and what they did."""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, cast

import orjson
from sqlalchemy import Connection, text

from nurture.facts import LeadState
from nurture.rules import effects as fx
from nurture.store import counts, scores
from nurture.store.decided import Decisions, tell
from nurture.store.handoff_changes import Change, What, note_changes
from nurture.store.suppressions import suppress
from nurture.trips import Statement, Trip

_LEADS = Statement(
    """
    UPDATE lead SET stage = u.stage, cycle = u.cycle, cycle_started_at = u.cycle_started_at,
        handed_over = u.handed_over, refused = u.refused, reason = u.reason, grade = u.grade,
        mail_from = u.mail_from, ask_at = u.ask_at, engaged_at = u.engaged_at,
        postponed = u.postponed, updated_at = CAST(:now AS timestamptz)
    FROM unnest(CAST(:id AS bigint[]), CAST(:stage AS text[]), CAST(:cycle AS int[]),
                CAST(:cycle_started_at AS timestamptz[]), CAST(:handed_over AS bool[]), CAST(:refused AS bool[]),
                CAST(:reason AS text[]), CAST(:grade AS text[]), CAST(:mail_from AS timestamptz[]),
                CAST(:ask_at AS timestamptz[]), CAST(:engaged_at AS timestamptz[]), CAST(:postponed AS jsonb[]))
        AS u(id, stage, cycle, cycle_started_at, handed_over, refused, reason, grade, mail_from, ask_at, engaged_at,
             postponed)
    WHERE lead.id = ANY(CAST(:id AS bigint[])) AND lead.id = u.id
    """
)
_ATTRIBUTES = Statement(
    """
    UPDATE lead SET attributes = CAST(u.attributes AS jsonb), updated_at = CAST(:now AS timestamptz)
    FROM unnest(CAST(:id AS bigint[]), CAST(:attributes AS text[])) AS u(id, attributes) WHERE lead.id = u.id
    """
)


_of_lead = attrgetter(
    "stage", "cycle", "cycles", "handed_over", "refused", "reason", "grade", "mail_from", "ask_at", "engaged_at",
    "postponed",
)  # fmt: skip
"""What a lead's row says of where it stands, quickly compared: most decisions change nothing of it."""


def _lead_columns(state: LeadState) -> tuple[Any, ...]:
    return (
        state.stage, state.cycle, state.cycles[-1][1], state.handed_over, state.refused, state.reason, state.grade,
        state.mail_from, state.ask_at, state.engaged_at, _json(state.postponed),
    )  # fmt: skip


def _json(postponed: tuple[tuple[str, datetime], ...]) -> str:
    return orjson.dumps(dict(postponed)).decode() if postponed else "{}"


def save_leads(trip: Trip, decided: Decisions, now: datetime) -> None:
    """The leads' own rows: stage, cycle, grade, waits, answers."""
    rows, answered = [], []
    for one in decided:
        if _of_lead(one.outcome.state) != _of_lead(one.before):
            rows.append((one.lead_id, *_lead_columns(one.outcome.state)))
        attributes = one.outcome.state.profile.attributes
        if attributes != one.before.profile.attributes:
            answered.append((one.lead_id, orjson.dumps(dict(attributes)).decode()))
    names = "id stage cycle cycle_started_at handed_over refused reason grade mail_from ask_at engaged_at postponed"
    tell(trip, _LEADS, rows, names, now=now)
    tell(trip, _ATTRIBUTES, answered, "id attributes", now=now)


_STAGES = Statement(
    """
    INSERT INTO stage_change (lead_id, at, cycle, before, after, because)
    SELECT lead_id, CAST(:now AS timestamptz), cycle, before, after, because
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:before AS text[]), CAST(:after AS text[]),
                CAST(:because AS text[])) AS u(lead_id, cycle, before, after, because)
    """
)


def save_stages(trip: Trip, decided: Decisions, now: datetime) -> None:
    """Stages that changed, and why."""
    rows = [
        (one.lead_id, one.outcome.state.cycle, change.before, change.after, change.because)
        for one, change in decided.each(fx.StageChanged)
    ]
    tell(trip, _STAGES, rows, "lead_id cycle before after because", now=now)


_REWIND_CYCLE = Statement(
    """
    INSERT INTO cycle (lead_id, n, started_at)
    SELECT c.lead_id, 0, least(c.started_at, u.at) FROM cycle c
    JOIN unnest(CAST(:lead_id AS bigint[]), CAST(:at AS timestamptz[])) AS u(lead_id, at) USING (lead_id)
    WHERE c.n = 1 ON CONFLICT DO NOTHING
    """
)
_REWIND_COUNTS = Statement(
    "UPDATE signal_day SET cycle = 0 WHERE lead_id = ANY(CAST(:lead_ids AS bigint[])) AND cycle = 1"
)
_CYCLES = Statement(
    """
    INSERT INTO cycle (lead_id, n, started_at, reason, note, refused_by)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:at AS timestamptz[]),
                         CAST(:reason AS text[]), CAST(:note AS text[]), CAST(:by AS text[]))
    ON CONFLICT (lead_id, n) DO UPDATE SET started_at = excluded.started_at, reason = excluded.reason,
        note = excluded.note, refused_by = excluded.refused_by
    """
)


def save_cycles(trip: Trip, decided: Decisions) -> None:
    """Cycles that began; a first refusal makes what came before cycle 0."""
    began = decided.each(fx.CycleBegan)
    rewound = [(one.lead_id, cycle.at) for one, cycle in began if cycle.rewound]
    tell(trip, _REWIND_CYCLE, rewound, "lead_id at")
    if rewound:
        trip.ask(_REWIND_COUNTS, {"lead_ids": [lead_id for lead_id, _ in rewound]})
    rows = [(one.lead_id, c.n, c.at, c.reason, c.note or None, c.by or None) for one, c in began]
    tell(trip, _CYCLES, rows, "lead_id n at reason note by")


def save_counts(trip: Trip, decided: Decisions) -> None:
    """What leads did, by day."""
    counts.raise_by(trip, [(one.lead_id, up.cycle, up.matcher, up.day, up.by) for one, up in decided.each(fx.Counted)])


def save_scores(trip: Trip, decided: Decisions) -> None:
    """The scores as decided on; that of a new cycle is nothing."""
    last = {one.lead_id: (one.before.cycle, change.score) for one, change in decided.each(fx.ScoreChanged)}
    rows = [(lead_id, cycle, score.day, score.micro) for lead_id, (cycle, score) in last.items()]
    rows += [
        (one.lead_id, cycle.n, cycle.at.astimezone(UTC).date(), 0)
        for one, cycle in decided.each(fx.CycleBegan)
        if one.lead_id not in last
    ]
    scores.save(trip, rows)


_HANDOFFS = text(
    """
    UPDATE handoff SET state = u.state, answered_by = coalesce(u.by, answered_by),
        reason = coalesce(u.reason, handoff.reason),
        note = CASE WHEN u.state IN ('won', 'lost', 'rejected', 'returned') THEN u.note ELSE handoff.note END,
        owner = coalesce(u.owner, handoff.owner),
        given_at = CASE WHEN u.owner <> coalesce(handoff.owner, '') THEN :now ELSE given_at END,
        accepted_at = CASE WHEN u.state = 'accepted' THEN :now ELSE accepted_at END,
        contacted_at = CASE WHEN u.state = 'contacted' THEN :now ELSE contacted_at END,
        qualified_at = CASE WHEN u.state = 'qualified' THEN :now ELSE qualified_at END,
        closed_at = CASE WHEN u.state IN ('won', 'lost', 'rejected', 'returned') THEN :now ELSE closed_at END
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:state AS text[]), CAST(:by AS text[]), CAST(:reason AS text[]),
                CAST(:note AS text[]), CAST(:owner AS text[])) AS u(lead_id, state, by, reason, note, owner)
    WHERE handoff.lead_id = u.lead_id AND handoff.state IN ('offered', 'accepted', 'contacted', 'qualified')
    RETURNING u.lead_id, handoff.id
    """
)
_HANDOFF_COLUMNS = ("lead_id", "state", "by", "reason", "note", "owner")


def save_handoffs(db: Connection, decided: Decisions, now: datetime) -> None:
    """Handoffs that sales moved on, each move with its line in the log. A lead's second move comes after its first."""
    turns: list[dict[int, fx.HandoffMoved]] = []
    for one, moved in decided.each(fx.HandoffMoved):
        turn = next((turn for turn in turns if one.lead_id not in turn), None)
        if turn is None:
            turns.append(turn := {})
        turn[one.lead_id] = moved
    for turn in turns:
        rows = [
            (lead_id, moved.state, moved.by or None, moved.reason, moved.note or None, moved.owner)
            for lead_id, moved in turn.items()
        ]
        columns = dict(zip(_HANDOFF_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        moved_ids = db.execute(_HANDOFFS, {**columns, "now": now}).all()
        note_changes(db, (_change(handoff_id, turn[lead_id], now) for lead_id, handoff_id in moved_ids))


def _change(handoff_id: int, moved: fx.HandoffMoved, now: datetime) -> Change:
    what = cast(What, moved.state)
    return Change(handoff_id, what, now, by=moved.by, owner=moved.owner, reason=moved.reason, note=moved.note)


_ADDRESSES = text(
    """
    SELECT email FROM lead WHERE id = ANY(:ids)
    UNION SELECT value FROM identity WHERE kind = 'email' AND lead_id = ANY(:ids)
    """
)


def save_suppressed(db: Connection, decided: Decisions, now: datetime) -> None:
    """People who are not to be mailed from now on, at whatever address."""
    by_reason: dict[str, list[int]] = {}
    for one, suppressed in decided.each(fx.Suppressed):
        by_reason.setdefault(suppressed.reason, []).append(one.lead_id)
    for reason, ids in by_reason.items():
        emails = db.execute(_ADDRESSES, {"ids": ids}).scalars().all()
        suppress(db, emails, reason="competitor", how=f"refused: {reason}", at=now)
