"""One batch of another CRM's deals, in one transaction: whose they are, what is new, where their leads stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.facts import LeadState
from nurture.flows.deadlines import set_deadlines
from nurture.flows.decide import settle
from nurture.rules import grading
from nurture.rules.counting import cycle_at
from nurture.rules.happenings import Happening, StoodElsewhere
from nurture.rules.known import known
from nurture.sheets.deals import Deal
from nurture.sheets.readings import Reject
from nurture.store import identities, imported_handoffs, leads, suppressions
from nurture.store.handoff_changes import Change, note_changes
from nurture.store.states import locked_states

BECAUSE = "sales had it in another CRM"
_STAGE_OF: dict[str, Any] = {
    "offered": "mql", "accepted": "sal", "contacted": "sal", "qualified": "sql", "won": "customer",
}  # fmt: skip
_WORKED = frozenset({"accepted", "contacted", "qualified", "won", "lost"})
"""Who is worked on was accepted, at the latest when the deal began there."""
_MAY_CHANGE = (
    "state", "owner", "offered_at", "accepted_at", "contacted_at", "qualified_at", "closed_at", "reason", "note",
    "value",
)  # fmt: skip


@dataclass(slots=True)
class Taken:
    """What became of a batch, as `ImportedHandoffs` counts it."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    leads: int = 0
    nobodys: int = 0
    rejects: list[Reject] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """What a batch does, in the making.

    Attributes:
        there: handoffs that an earlier import made, by the other CRM's ids.
        new: leads that nobody knew.
        open_ones: the other CRM's id of each lead's open handoff; None for one of our own.
        inserts: deals that become handoffs, with their leads.
        updates: those that say otherwise than before, with their handoffs and what was.
        stood: where leads stand of whom something is news, and since when.
    """

    now: datetime
    there: Mapping[str, Row[Any]]
    new: frozenset[int]
    open_ones: dict[int, str | None]
    taken: Taken
    inserts: list[tuple[int, Deal]] = field(default_factory=list)
    updates: list[tuple[Row[Any], Deal, dict[str, Any]]] = field(default_factory=list)
    stood: dict[int, tuple[datetime, StoodElsewhere]] = field(default_factory=dict)

    def sort(self, deal: Deal, lead_id: int) -> None:
        """Say what becomes of one deal."""
        row = self.there.get(deal.id)
        was = {} if row is None else _difference(row, _said(deal, row.offered_at))
        if row is not None and not was:
            self.taken.unchanged += 1
            return
        was_open = lead_id in self.open_ones and self.open_ones[lead_id] == deal.id
        if deal.is_open and lead_id in self.open_ones and not was_open:
            said = "sales has the lead in another open handoff already; a lead has one at a time"
            self.taken.rejects.append(Reject(said, deal.source))
            return
        if row is None:
            self.inserts.append((lead_id, deal))
        else:
            self.updates.append((row, deal, was))
        if deal.is_open or was_open or lead_id in self.new:
            self._hear(lead_id, deal)
        if deal.is_open:
            self.open_ones[lead_id] = deal.id
        elif was_open:
            del self.open_ones[lead_id]

    def _hear(self, lead_id: int, deal: Deal) -> None:
        """An open deal says more of where a lead stands than a closed one, a later closed one more than an earlier."""
        weight = self.now if deal.is_open else deal.closed_at or self.now
        if lead_id not in self.stood or self.stood[lead_id][0] <= weight:
            self.stood[lead_id] = (weight, StoodElsewhere(_STAGE_OF.get(deal.state, "nurture"), deal.reason))


def take_deals(db: Connection, app: App, deals: Sequence[Deal], *, by: str, now: datetime) -> Taken:
    """Store deals, of which none has the id of another one. Leads that nobody knew are made first.

    What was over before somebody here knew the lead is history, and changes nothing of where the lead stands.
    """
    identities.keep(db, {identities.FURTHER}, ())  # none of these addresses becomes another lead's meanwhile
    taken = Taken()
    gone = suppressions.erased(db, {deal.email for deal in deals})
    for deal in deals:
        if (at := gone.get(deal.email)) is not None:
            taken.rejects.append(Reject(f"asked to be erased, which was done on {at:%Y-%m-%d}", deal.source))
    deals = [deal for deal in deals if deal.email not in gone]
    there = imported_handoffs.known(db, [deal.id for deal in deals])
    deals = _changed(deals, there, taken)
    ids, new = _leads(db, [deal for deal in deals if deal.id not in there], taken, now)
    wanted = {there[deal.id].lead_id for deal in deals if deal.id in there} | set(ids.values())
    states = {state.id: state for state in locked_states(db, app.book_in(db), wanted, now) if state.id is not None}
    open_ones = {lead_id: row.external_id for lead_id, row in imported_handoffs.open_of(db, states).items()}
    batch = _Batch(now, imported_handoffs.known(db, list(there)), new, open_ones, taken)
    for deal in deals:
        row = batch.there.get(deal.id)
        lead_id = row.lead_id if row is not None else ids.get(deal.email)
        if lead_id is None or lead_id not in states:
            taken.rejects.append(Reject("its lead is being merged at this moment; import it again", deal.source))
        else:
            batch.sort(deal, lead_id)
    happened: list[tuple[LeadState, Happening]] = [
        (states[lead_id], said) for lead_id, (_, said) in batch.stood.items()
    ]
    after = {one.lead_id: one.outcome.state for one in settle(db, app, happened, now)}
    _write(db, app, batch, {**states, **after}, by)
    return taken


def _changed(deals: Sequence[Deal], there: Mapping[str, Row[Any]], taken: Taken) -> list[Deal]:
    """Those that say something new; for the others nobody need be locked."""
    found = [
        deal for deal in deals if (row := there.get(deal.id)) is None or _difference(row, _said(deal, row.offered_at))
    ]
    taken.unchanged += len(deals) - len(found)
    return found


def _leads(db: Connection, deals: Sequence[Deal], taken: Taken, now: datetime) -> tuple[dict[str, int], frozenset[int]]:
    """The lead of each address, made where there is none; those without an address must not be mailed, ever."""
    by_email = {deal.email: deal for deal in reversed(deals)}
    known_ids = leads.ids_of(db, list(by_email))
    unknown = [deal for email, deal in by_email.items() if email not in known_ids]
    nobodys = [deal.email for deal in unknown if deal.is_nobodys]
    suppressions.suppress(db, nobodys, reason="manual", how="no address", at=now)
    made = leads.insert(db, [{**deal.about, "email": deal.email, "owner": deal.owner} for deal in unknown], now)
    taken.leads += len(made)
    taken.nobodys += sum(email in made for email in nobodys)
    first: dict[int, datetime] = {}
    for deal in deals:
        if (lead_id := made.get(deal.email)) is not None and deal.offered_at is not None:
            first[lead_id] = min(first.get(lead_id, deal.offered_at), deal.offered_at)
    imported_handoffs.began(db, first)
    return leads.ids_of(db, list(by_email)), frozenset(made.values())


def _write(db: Connection, app: App, batch: _Batch, states: Mapping[int, LeadState], by: str) -> None:
    """Rewrite and insert handoffs, and note it. What ends goes before what begins: a lead has one open handoff."""
    updates = [
        _values(app, states[row.lead_id], deal, row.offered_at, batch.now)
        for row, deal, _ in sorted(batch.updates, key=lambda update: update[1].is_open)
    ]
    inserts = [_values(app, states[lead_id], deal, batch.now, batch.now) for lead_id, deal in batch.inserts]
    imported_handoffs.update(db, updates)
    made = imported_handoffs.insert(db, inserts)
    batch.taken.updated += len(updates)
    batch.taken.created += len(made)
    told = [(row.id, deal, was) for row, deal, was in batch.updates]
    told += [(made[deal.id], deal, {"state": deal.state}) for _, deal in batch.inserts]
    note_changes(
        db,
        [
            Change(handoff_id, "imported", batch.now, by=by, reason=deal.reason, note=deal.note, details=details)
            for handoff_id, deal, details in told
        ],
    )
    set_deadlines(db, app, [handoff_id for handoff_id, _, _ in told], batch.now)


def _values(app: App, state: LeadState, deal: Deal, otherwise: datetime, now: datetime) -> dict[str, Any]:
    """A handoff's columns. One of which the file gives no date began, as far as we know, when it was first imported."""
    said = _said(deal, otherwise)
    grade = state.grade or grading.grade(app.book.agreement, known(app.book, state, now)).grade
    return {
        **said,
        "lead_id": state.id,
        "cycle": cycle_at(state.cycles, said["offered_at"]),
        "grade": grade,
        "because": BECAUSE,
        "evidence": {"rows": [], "fit": [], "columns": dict(deal.kept)},
        "external_id": deal.id,
    }


def _said(deal: Deal, otherwise: datetime) -> dict[str, Any]:
    """What the file says of a handoff, with when it began otherwise."""
    said = {name: getattr(deal, name) for name in _MAY_CHANGE}
    said["offered_at"] = deal.offered_at or otherwise
    said["accepted_at"] = deal.accepted_at or (said["offered_at"] if deal.state in _WORKED else None)
    return said


def _difference(row: Row[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What a later file says otherwise: what it was, and is now, by column."""
    before = row._mapping
    return {name: [_plain(before[name]), _plain(said[name])] for name in _MAY_CHANGE if before[name] != said[name]}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
