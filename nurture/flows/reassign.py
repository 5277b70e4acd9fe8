"""Give an open handoff to somebody else: by hand, over the API, or because the SLA says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.facts import OPEN_HANDOFF
from nurture.flows.announce import REASSIGNED, announce
from nurture.flows.assigning import give_owners
from nurture.flows.deadlines import set_deadlines
from nurture.flows.look_again import look_again
from nurture.flows.rep_called import rep_called
from nurture.grammar.mistakes import nearest
from nurture.rules import assignment
from nurture.rules.assignment import everybody
from nurture.store import assigning, handoffs
from nurture.store.handoff_changes import note_change
from nurture.store.states import locked_states

_GIVE = text("UPDATE handoff SET owner = :owner, given_at = :now WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Who has the handoff now, and who had it before.

    Attributes:
        handoff_id: which.
        owner: who has it now.
        before: who had it until now, as it stood there; None: nobody.
        changed: whether that is somebody else; if not, nothing was written and nobody is told.
        known: whether the agreement names the owner. Anybody may be given a handoff; whoever says so should look twice
            at an address that nobody has heard of.
        meant: the rep of the agreement whose address is nearly that, where there is one.
    """

    handoff_id: int
    owner: str
    before: str | None
    changed: bool
    known: bool
    meant: str | None = None


def reassign(
    app: App,
    handoff_id: int,
    *,
    to: str | None,
    by: str,
    because: str = "",
    now: datetime,
    anybody: bool = True,
    seen: int | None = None,
) -> Reassigned:
    """Give an open handoff to a rep, or (`to=None`) to whoever it would go to by `assign` without those who had it.

    Both are told. Given to who has it already, nothing happens.

    Args:
        app: the app.
        handoff_id: which.
        to: an address, or a rep's name in the agreement.
        by: who says so.
        because: why, in that person's own words.
        now: when.
        anybody: whether `to` may be somebody whom the agreement does not name. Where all that is known of who says so
            is that they have a link, no: it would send a lead's story to any address.
        seen: the last row of the log that was shown to whoever says so; None: not asked for.

    Raises:
        NotFound: There is no such handoff.
        Overtaken: Others did something after what was `seen`.
        Conflict: It is closed.
        UsageError: `to` is neither an address nor the name of a rep, or nobody says so.
    """
    if to is not None and not anybody:
        to = rep_called(app.book.agreement, to, anybody=False)
    with transaction(app.engine) as db:
        if seen is not None:
            _locked(db, app, handoff_id, now)
            look_again(db, app, handoff_id, seen, by=by)
        done = reassign_in(db, app, handoff_id, to=to, by=by, because=because, now=now)
    if done.changed:
        app.nudge("notices")
    return done


def relieve(
    app: App, rep: str, *, to: str | None, by: str, because: str = "", now: datetime
) -> tuple[list[Reassigned], list[int]]:
    """Give every open handoff of a rep to another, or (`to=None`) each to whoever it would go to by `assign`.

    Each is a transaction of its own, the oldest first, so that nobody waits for all of them; said again, it goes on
    where it was. What is closed meanwhile stays with the rep. Gives what was done, and which handoffs could not be
    given away, since nobody else is free and the rep is the manager.

    Raises:
        UsageError: `rep` or `to` is neither an address nor the name of a rep, or nobody says so.
    """
    address = rep_called(app.book.agreement, rep)
    with transaction(app.engine) as db:
        held = assigning.handoffs_held(db)
    done, stay = [], []
    for handoff_id, owner in held:
        if assignment.whom(app.book.agreement, owner) != address:
            continue
        try:
            given = reassign(app, handoff_id, to=to, by=by, because=because, now=now)
        except (Conflict, NotFound):
            continue  # somebody has just closed it
        if given.changed:
            done.append(given)
        else:
            stay.append(handoff_id)
    return done, stay


def reassign_in(
    db: Connection, app: App, handoff_id: int, *, to: str | None, by: str, because: str = "", now: datetime
) -> Reassigned:
    """The same within a transaction of the caller's, who nudges the workers afterwards.

    It locks the lead, and with `to=None` the rota after it: a caller who changes many leads has locked them before.

    Raises:
        NotFound: There is no such handoff.
        Conflict: It is closed.
        UsageError: `to` is neither an address nor the name of a rep, or nobody says so.
    """
    agreement = app.book.agreement
    by = " ".join(by.split())[:200]
    if not by:
        raise UsageError("say who you are")
    wanted = None if to is None else rep_called(agreement, to)
    row, state = _locked(db, app, handoff_id, now)
    if row.state not in OPEN_HANDOFF:
        raise Conflict(f"handoff {handoff_id} is closed ({row.state}); only an open one can be given to somebody else")
    owner = wanted
    if owner is None:
        had = (assignment.whom(agreement, said) for said in assigning.holders(db, handoff_id))
        skip = frozenset(rep for rep in had if rep is not None)
        owner = give_owners(db, app, [(row.lead_id, state)], now, skip=skip, besides=handoff_id)[0].rep
    known = owner in everybody(agreement)
    meant = None if known else nearest(owner, everybody(agreement))
    done = Reassigned(handoff_id, owner, row.owner, assignment.whom(agreement, row.owner) != owner, known, meant)
    if done.changed:
        _give(db, app, done, by=by, because=because, now=now)
    return done


def _locked(db: Connection, app: App, handoff_id: int, now: datetime) -> tuple[Row[Any], Any]:
    """The handoff and its lead, once the lead is ours: whoever was here first has been heard."""
    while True:
        seen = handoffs.one(db, handoff_id)
        if seen is None:
            raise NotFound(f"no handoff {handoff_id}")
        found = locked_states(db, app.book, [seen.lead_id], now)
        row = handoffs.one(db, handoff_id)
        if found and row is not None and row.lead_id == seen.lead_id:
            return row, found[0]


def _give(db: Connection, app: App, done: Reassigned, *, by: str, because: str, now: datetime) -> None:
    db.execute(_GIVE, {"id": done.handoff_id, "owner": done.owner, "now": now})
    details = {"from": done.before, "to": done.owner}
    note_change(
        db, done.handoff_id, "reassigned", at=now, by=by, owner=done.owner, note=because or None, details=details
    )
    set_deadlines(db, app, [done.handoff_id], now)
    before = assignment.whom(app.book.agreement, done.before)
    announce(
        db,
        app,
        REASSIGNED,
        about=f"handoff:{done.handoff_id}/given/{now.isoformat()}",
        at=now,
        handoff_id=done.handoff_id,
        to=[done.owner, *([] if before is None else [before])],
        data={**details, "by": by, "because": because or None},
    )
