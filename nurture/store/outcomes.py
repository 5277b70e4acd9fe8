"""Write what the rules decided, for a whole batch of leads, one statement a kind of fact.

The order matters: what ends is written before what begins, because the database allows one live enrollment and one
nurture mail a local day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, TextClause, text

from nurture.facts import LeadState
from nurture.rules import effects as fx
from nurture.rules.life import Outcome
from nurture.store.suppressions import suppress

_E = TypeVar("_E")


@dataclass(frozen=True, slots=True)
class Decided:
    """A lead before, and what was decided of it."""

    before: LeadState
    outcome: Outcome

    @property
    def lead_id(self) -> int:
        """The row it is about."""
        if self.before.id is None:
            raise ValueError("only a stored lead's outcome can be written")
        return self.before.id


def save(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    """Write every effect but the handoffs offered, which `flows.hand_off` opens. The leads must be locked."""
    _save_leads(db, decided, now)
    _save_stages(db, decided, now)
    _save_cycles(db, decided)
    _save_counts(db, decided)
    _save_scores(db, decided)
    _save_leaving(db, decided, now)
    _save_cancelled(db, decided)
    _save_enrolled(db, decided)
    _save_planned(db, decided)
    _save_queued(db, decided, now)
    _save_handoffs(db, decided, now)
    _save_suppressed(db, decided, now)


def _each(decided: Sequence[Decided], kind: type[_E]) -> list[tuple[Decided, _E]]:
    return [(one, effect) for one in decided for effect in one.outcome.effects if isinstance(effect, kind)]


def _run(db: Connection, statement: TextClause, rows: Sequence[tuple[Any, ...]], names: str, **more: Any) -> None:
    """Execute once with a column array for each name; nothing at all for no rows."""
    if not rows:
        return
    columns = zip(*rows, strict=True)
    db.execute(statement, {**dict(zip(names.split(), map(list, columns), strict=True)), **more})


_LEADS = text(
    """
    UPDATE lead SET stage = u.stage, cycle = u.cycle, cycle_started_at = u.cycle_started_at,
        handed_over = u.handed_over, refused = u.refused, reason = u.reason, grade = u.grade,
        mail_from = u.mail_from, ask_at = u.ask_at, engaged_at = u.engaged_at, updated_at = :now
    FROM unnest(CAST(:id AS bigint[]), CAST(:stage AS text[]), CAST(:cycle AS int[]),
                CAST(:cycle_started_at AS timestamptz[]), CAST(:handed_over AS bool[]), CAST(:refused AS bool[]),
                CAST(:reason AS text[]), CAST(:grade AS text[]), CAST(:mail_from AS timestamptz[]),
                CAST(:ask_at AS timestamptz[]), CAST(:engaged_at AS timestamptz[]))
        AS u(id, stage, cycle, cycle_started_at, handed_over, refused, reason, grade, mail_from, ask_at, engaged_at)
    WHERE lead.id = u.id
    """
)
_ATTRIBUTES = text(
    """
    UPDATE lead SET attributes = CAST(u.attributes AS jsonb), updated_at = :now
    FROM unnest(CAST(:id AS bigint[]), CAST(:attributes AS text[])) AS u(id, attributes) WHERE lead.id = u.id
    """
)


def _lead_columns(state: LeadState) -> tuple[Any, ...]:
    return (
        state.stage, state.cycle, state.cycles[-1][1], state.handed_over, state.refused, state.reason, state.grade,
        state.mail_from, state.ask_at, state.engaged_at,
    )  # fmt: skip


def _save_leads(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    rows, answered = [], []
    for one in decided:
        after = _lead_columns(one.outcome.state)
        if after != _lead_columns(one.before):
            rows.append((one.lead_id, *after))
        attributes = one.outcome.state.profile.attributes
        if attributes != one.before.profile.attributes:
            answered.append((one.lead_id, orjson.dumps(dict(attributes)).decode()))
    names = "id stage cycle cycle_started_at handed_over refused reason grade mail_from ask_at engaged_at"
    _run(db, _LEADS, rows, names, now=now)
    _run(db, _ATTRIBUTES, answered, "id attributes", now=now)


_STAGES = text(
    """
    INSERT INTO stage_change (lead_id, at, cycle, before, after, because)
    SELECT lead_id, :now, cycle, before, after, because
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:before AS text[]), CAST(:after AS text[]),
                CAST(:because AS text[])) AS u(lead_id, cycle, before, after, because)
    """
)


def _save_stages(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    rows = [
        (one.lead_id, one.outcome.state.cycle, change.before, change.after, change.because)
        for one, change in _each(decided, fx.StageChanged)
    ]
    _run(db, _STAGES, rows, "lead_id cycle before after because", now=now)


_REWIND_CYCLE = text(
    """
    INSERT INTO cycle (lead_id, n, started_at)
    SELECT c.lead_id, 0, least(c.started_at, u.at) FROM cycle c
    JOIN unnest(CAST(:lead_id AS bigint[]), CAST(:at AS timestamptz[])) AS u(lead_id, at) USING (lead_id)
    WHERE c.n = 1 ON CONFLICT DO NOTHING
    """
)
_REWIND_COUNTS = text("UPDATE signal_day SET cycle = 0 WHERE lead_id = ANY(:lead_ids) AND cycle = 1")
_CYCLES = text(
    """
    INSERT INTO cycle (lead_id, n, started_at, reason, note, refused_by)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:at AS timestamptz[]),
                         CAST(:reason AS text[]), CAST(:note AS text[]), CAST(:by AS text[]))
    ON CONFLICT (lead_id, n) DO UPDATE SET started_at = excluded.started_at, reason = excluded.reason,
        note = excluded.note, refused_by = excluded.refused_by
    """
)


def _save_cycles(db: Connection, decided: Sequence[Decided]) -> None:
    began = _each(decided, fx.CycleBegan)
    rewound = [(one.lead_id, cycle.at) for one, cycle in began if cycle.rewound]
    _run(db, _REWIND_CYCLE, rewound, "lead_id at")
    if rewound:
        db.execute(_REWIND_COUNTS, {"lead_ids": [lead_id for lead_id, _ in rewound]})
    rows = [(one.lead_id, c.n, c.at, c.reason, c.note or None, c.by or None) for one, c in began]
    _run(db, _CYCLES, rows, "lead_id n at reason note by")


_COUNTS = text(
    """
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:matcher AS text[]),
                         CAST(:day AS date[]), CAST(:by AS int[]))
    ON CONFLICT (lead_id, cycle, matcher, day) DO UPDATE SET count = signal_day.count + excluded.count
    """
)


def _save_counts(db: Connection, decided: Sequence[Decided]) -> None:
    rows = [(one.lead_id, up.cycle, up.matcher, up.day, up.by) for one, up in _each(decided, fx.Counted)]
    _run(db, _COUNTS, rows, "lead_id cycle matcher day by")


_SCORES = text(
    """
    INSERT INTO lead_score (lead_id, cycle, day, micro)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:day AS date[]),
                         CAST(:micro AS bigint[]))
    ON CONFLICT (lead_id) DO UPDATE SET cycle = excluded.cycle, day = excluded.day, micro = excluded.micro
    """
)


def _save_scores(db: Connection, decided: Sequence[Decided]) -> None:
    last = {one.lead_id: (one.before.cycle, change.score) for one, change in _each(decided, fx.ScoreChanged)}
    rows = [(lead_id, cycle, score.day, score.micro) for lead_id, (cycle, score) in last.items()]
    rows += [
        (one.lead_id, cycle.n, cycle.at.date(), 0)
        for one, cycle in _each(decided, fx.CycleBegan)
        if one.lead_id not in last
    ]
    _run(db, _SCORES, rows, "lead_id cycle day micro")


_LEAVING = text(
    """
    UPDATE enrollment SET status = 'ended', ended_at = :now, left_as = u.word, due_at = NULL, due_until = NULL
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:word AS text[])) AS u(lead_id, n, word)
    WHERE enrollment.lead_id = u.lead_id AND enrollment.n = u.n
    """
)


def _save_leaving(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    rows = [(one.lead_id, left.n, left.word) for one, left in _each(decided, fx.LeftCampaign)]
    _run(db, _LEAVING, rows, "lead_id n word", now=now)


_CANCELLED = text(
    """
    UPDATE delivery SET state = 'cancelled', reason = u.rule, lease_token = NULL, leased_until = NULL
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:rule AS text[])) AS u(lead_id, rule)
    WHERE delivery.lead_id = u.lead_id AND delivery.state IN ('queued', 'leased')
    """
)


def _save_cancelled(db: Connection, decided: Sequence[Decided]) -> None:
    rows = [(one.lead_id, cancelled.rule) for one, cancelled in _each(decided, fx.Cancelled)]
    _run(db, _CANCELLED, rows, "lead_id rule")


_ENROLLED = text(
    """
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at, due_until, slow)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:campaign AS text[]),
                         CAST(:cycle AS int[]), CAST(:status AS text[]), CAST(:started_at AS timestamptz[]),
                         CAST(:due_at AS timestamptz[]), CAST(:due_until AS timestamptz[]), CAST(:slow AS bool[]))
    """
)


def _save_enrolled(db: Connection, decided: Sequence[Decided]) -> None:
    rows = []
    for one, enrolled in _each(decided, fx.Enrolled):
        e = enrolled.enrollment
        rows.append((one.lead_id, e.n, e.campaign, e.cycle, e.status, e.started_at, e.due_at, e.due_until, e.slow))
    _run(db, _ENROLLED, rows, "lead_id n campaign cycle status started_at due_at due_until slow")


_PLANNED = text(
    """
    UPDATE enrollment SET status = u.status, due_at = u.due_at, due_until = u.due_until, slow = u.slow
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:status AS text[]),
                CAST(:due_at AS timestamptz[]), CAST(:due_until AS timestamptz[]), CAST(:slow AS bool[]))
        AS u(lead_id, n, status, due_at, due_until, slow)
    WHERE enrollment.lead_id = u.lead_id AND enrollment.n = u.n AND enrollment.status <> 'ended'
    """
)


def _save_planned(db: Connection, decided: Sequence[Decided]) -> None:
    last = {(one.lead_id, planned.n): planned for one, planned in _each(decided, fx.Planned)}
    rows = [(lead_id, n, p.status, p.due_at, p.due_until, p.slow) for (lead_id, n), p in last.items()]
    _run(db, _PLANNED, rows, "lead_id n status due_at due_until slow")


_QUEUED = text(
    """
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, variant, template, state,
                          slot_at, slot_until, local_on, zone, queued_at)
    SELECT u.lead_id, e.id, u.campaign, u.step, u.cycle, u.variant, u.template, 'queued',
           u.slot_at, u.slot_until, u.local_on, u.zone, :now
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:campaign AS text[]), CAST(:step AS text[]),
                CAST(:cycle AS int[]), CAST(:variant AS text[]), CAST(:template AS text[]),
                CAST(:slot_at AS timestamptz[]), CAST(:slot_until AS timestamptz[]), CAST(:local_on AS date[]),
                CAST(:zone AS text[]))
        AS u(lead_id, n, campaign, step, cycle, variant, template, slot_at, slot_until, local_on, zone)
    JOIN enrollment e ON e.lead_id = u.lead_id AND e.n = u.n
    ON CONFLICT (lead_id, campaign, step, cycle) WHERE merged_from IS NULL DO UPDATE SET
        enrollment_id = excluded.enrollment_id, variant = excluded.variant, template = excluded.template,
        state = 'queued', slot_at = excluded.slot_at, slot_until = excluded.slot_until,
        local_on = excluded.local_on, zone = excluded.zone, reason = NULL, for_good = false
    WHERE delivery.state IN ('failed', 'cancelled')
    """
)


def _save_queued(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    rows = [
        (
            one.lead_id, q.enrollment, q.campaign, q.step, q.cycle, q.variant, q.template,
            q.slot.at, q.slot.until, q.slot.local_on, q.slot.zone,
        )
        for one, q in _each(decided, fx.Queued)
    ]  # fmt: skip
    names = "lead_id n campaign step cycle variant template slot_at slot_until local_on zone"
    _run(db, _QUEUED, rows, names, now=now)


_HANDOFFS = text(
    """
    UPDATE handoff SET state = u.state, answered_by = coalesce(u.by, answered_by),
        reason = coalesce(u.reason, handoff.reason), note = coalesce(u.note, handoff.note),
        owner = CASE WHEN u.state = 'accepted' THEN coalesce(u.by, owner) ELSE owner END,
        accepted_at = CASE WHEN u.state = 'accepted' THEN :now ELSE accepted_at END,
        contacted_at = CASE WHEN u.state = 'contacted' THEN :now ELSE contacted_at END,
        qualified_at = CASE WHEN u.state = 'qualified' THEN :now ELSE qualified_at END,
        closed_at = CASE WHEN u.state IN ('won', 'lost', 'rejected', 'returned') THEN :now ELSE closed_at END
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:state AS text[]), CAST(:by AS text[]), CAST(:reason AS text[]),
                CAST(:note AS text[])) AS u(lead_id, state, by, reason, note)
    WHERE handoff.lead_id = u.lead_id AND handoff.state IN ('offered', 'accepted', 'contacted', 'qualified')
    """
)


def _save_handoffs(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    rows = [
        (one.lead_id, moved.state, moved.by or None, moved.reason, moved.note or None)
        for one, moved in _each(decided, fx.HandoffMoved)
    ]
    _run(db, _HANDOFFS, rows, "lead_id state by reason note", now=now)


def _save_suppressed(db: Connection, decided: Sequence[Decided], now: datetime) -> None:
    by_reason: dict[str, list[str]] = {}
    for one, suppressed in _each(decided, fx.Suppressed):
        by_reason.setdefault(suppressed.reason, []).append(one.before.profile.email)
    for reason, emails in by_reason.items():
        suppress(db, emails, reason="suppressed", how=f"refused: {reason}", at=now)
