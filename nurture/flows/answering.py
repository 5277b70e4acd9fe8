"""A rep's answer in the making: who gives it, to which handoff, what follows. Lead locked first, then the handoff."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.facts import OPEN_HANDOFF
from nurture.flows.deadlines import set_deadlines
from nurture.flows.decide import decide
from nurture.flows.look_again import look_again
from nurture.notifiers.wording import one_line
from nurture.rules.assignment import whom
from nurture.rules.calendar import zone_info
from nurture.rules.happenings import Happening
from nurture.rules.refusing import speaks_for_somebody
from nurture.rules.spoken_time import say_moment
from nurture.store import handoff_changes, handoffs
from nurture.store.states import lock

LONGEST_NOTE = 10_000
"""So many characters a note may have."""

_SAID = {
    "offered": "was offered",
    "accepted": "was accepted",
    "contacted": "was accepted, and the lead was reached",
    "qualified": "was qualified",
    "won": "was won",
    "lost": "was lost",
    "rejected": "was rejected",
    "returned": "went back to nurture",
    "merged": "was closed: the lead turned out to be one that sales has in another handoff",
}


@dataclass(slots=True)
class Answer:
    """Who answers which handoff, which is locked; lives only inside one transaction."""

    db: Connection
    app: App
    row: Row[Any]
    by: str
    note: str
    now: datetime
    changed: bool = False

    @property
    def is_owner(self) -> bool:
        """Whether it is the owner who speaks, be it under the name that the agreement has for that address."""
        return self.row.owner is not None and self.row.owner in (self.by, whom(self.app.book.agreement, self.by))

    def has_it(self) -> bool:
        """Whether it is the owner who speaks, or who accepted it for the owner, as a program may."""
        if self.is_owner:
            return True
        said = handoff_changes.last(self.db, self.row.id, "accepted")
        return said is not None and (said.by, said.owner) == (self.by, self.row.owner)  # else it was given away since

    def must_be_open(self) -> None:
        """Refuse to answer what is closed.

        Raises:
            Conflict: It is; says what happened.
        """
        if self.row.state not in OPEN_HANDOFF:
            raise Conflict(what_happened(self))

    def may_work(self) -> None:
        """Refuse work on what is closed, or only offered, and that to somebody else.

        Raises:
            Conflict: It is; says what happened, or whose it is.
        """
        self.must_be_open()
        row = self.row
        if row.state == "offered" and not (row.owner is None or self.is_owner or speaks_for_somebody(self.by)):
            raise Conflict(f"this lead is offered to {row.owner}; accept it first, and it is yours")

    def may_refuse(self) -> None:
        """Refuse to have a lead given up by somebody who does not have it; one that is only offered, anybody may.

        Raises:
            Conflict: It is closed, or somebody else has it; says what happened.
        """
        self.must_be_open()
        manager = self.app.book.agreement.sla.manager
        if self.row.state == "offered" or self.by == manager or speaks_for_somebody(self.by) or self.has_it():
            return
        raise Conflict(f"{what_happened(self)}; only {self.row.owner} or the manager can give it up now")

    def decide(self, happening: Happening) -> None:
        """Let this happen to the lead."""
        decide(self.db, self.app, {self.row.lead_id: happening}, self.now)
        self.changed = True

    def log(self, made: handoffs.Attempt, at: datetime) -> None:
        """Note that the lead was tried."""
        attempt_id = handoffs.add_attempt(self.db, self.row.id, made, at=at)
        details = {"attempt": attempt_id, "kind": made.kind, "outcome": made.outcome, "at": at.isoformat()}
        handoff_changes.note_change(
            self.db, self.row.id, "attempt", at=self.now, by=self.by, note=made.note, details=details
        )
        self.changed = True


@contextmanager
def answering(
    app: App, handoff_id: int, by: str, now: datetime, note: str = "", *, seen: int | None = None
) -> Iterator[Answer]:
    """The handoff as it is once its lead is ours, so that whoever was here first has been heard; one transaction.

    Raises:
        NotFound: There is no such handoff.
        Overtaken: Others did something after what was `seen`.
        UsageError: Nobody says so, or the note is too long.
    """
    who, note = _who(app, by), _plain(note)
    with transaction(app.engine) as db:
        answer = Answer(db, app, _locked(db, handoff_id), who, note, now)
        look_again(db, app, handoff_id, seen, by=who)
        yield answer
        if answer.changed:
            set_deadlines(db, app, [handoff_id], now)


def what_happened(answer: Answer) -> str:
    """One sentence for whoever came second: what was done, by whom, when by the clocks of sales."""
    row, agreement = answer.row, answer.app.book.agreement
    change = handoff_changes.last(answer.db, row.id, row.state)
    at = change.at if change is not None else row.closed_at or row.accepted_at or row.offered_at
    by = (change.by if change is not None else row.answered_by) or ""
    because = f" ({row.reason})" if row.reason else ""
    zone = agreement.sla.hours.timezone
    spoken = f"{say_moment(at, zone, answer.now)} {at.astimezone(zone_info(zone)):%Z}"
    return f"this handoff {_SAID[row.state]}{f' by {by}' if by else ''}{because} on {spoken}"


def _who(app: App, by: str) -> str:
    who = one_line(by)
    if not who:
        raise UsageError("say who you are")
    address = whom(app.book.agreement, who) if "@" in who else None
    return address or who


def _plain(note: str) -> str:
    """A note as PostgreSQL can keep it."""
    plain = note.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if len(plain) > LONGEST_NOTE:
        raise UsageError(f"a note has at most {LONGEST_NOTE:,} characters; this one has {len(plain):,}")
    return plain


def _locked(db: Connection, handoff_id: int) -> Row[Any]:
    row = None
    while row is None:
        lead_id = handoffs.lead_of(db, handoff_id)
        if lead_id is None:
            raise NotFound(f"no handoff {handoff_id}")
        if lock(db, [lead_id]):  # else the lead was merged into another one in between, and so is its handoff
            row = handoffs.locked(db, handoff_id, lead_id)
    return row
