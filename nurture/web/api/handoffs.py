"""`/api/handoffs`: what the rep's page shows and does, for programs."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows import follow_up
from nurture.flows.packet_of import packet_of
from nurture.flows.reassign import reassign
from nurture.flows.revoke_links import revoke_links
from nurture.store import handoff_changes, handoffs, leads, listing
from nurture.web.api import examples
from nurture.web.api import handoff_shapes as shapes
from nurture.web.api.answers import answers, answers_problem
from nurture.web.api.asking import TheApp, TheCaller, as_json, blaming, speaker
from nurture.web.api.callers import Caller
from nurture.web.api.handoff_shown import attempt_shown, change_shown, handoff_shown
from nurture.web.api.paging import more_after, page, read_cursor
from nurture.web.api.problems import CONFLICT, NOT_FOUND
from nurture.web.api.sayings import Attempting, Concluding, HandoffFilter, Reaching, Reassigning, Rejecting, Signed

router = APIRouter(tags=["handoffs"])

Id = Annotated[int, Path(alias="id", ge=1, lt=2**63, description="The handoff's number.", examples=[17])]
MaybeSigned = Annotated[Signed | None, Body()]
MaybeReaching = Annotated[Reaching | None, Body()]
MaybeReassigning = Annotated[Reassigning | None, Body()]

_MISSING = answers_problem(NOT_FOUND)
_ACTS = answers(shapes.Handoff, examples.HANDOFF) | answers_problem(NOT_FOUND, CONFLICT)


@router.get("/handoffs", responses=answers(shapes.HandoffPage, examples.HANDOFF_PAGE), summary="List handoffs")
def list_handoffs(
    request: Request, app: TheApp, caller: TheCaller, asked: Annotated[HandoffFilter, Query()]
) -> Response:
    """Leads that were offered to sales, the newest first, page by page."""
    last = read_cursor("handoff", asked.cursor)
    with transaction(app.engine) as db:
        lead_id = None
        if asked.lead is not None:
            lead_id = leads.id_of(db, asked.lead) or 0  # nobody's: an empty list
        rows = listing.handoffs_before(
            db, last, most=asked.limit + 1, state=asked.state, owner=asked.owner, lead_id=lead_id,
            since=asked.since, changed_since=asked.changed_since,
        )  # fmt: skip
    now = app.now()
    shown = [handoff_shown(app, row, now, caller) for row in rows[: asked.limit]]
    return page(request, "handoffs", shown, kind="handoff", more_after=more_after(rows, asked.limit))


@router.get("/handoffs/{id}", responses=answers(shapes.HandoffWhole, examples.HANDOFF_WHOLE) | _MISSING,
            summary="Show a handoff")  # fmt: skip
def show_handoff(app: TheApp, caller: TheCaller, handoff_id: Id) -> Response:
    """One handoff with its packet (who, grade, score, why now, what the lead did), its log, and the attempts."""
    now = app.now()
    with transaction(app.engine) as db:
        shown = _one(db, app, handoff_id, now, caller)
        shown["packet"] = packet_of(db, app, handoff_id, now)
        shown["log"] = [change_shown(row) for row in handoff_changes.of_handoff(db, handoff_id)]
        shown["attempts_made"] = [attempt_shown(row) for row in handoffs.attempts(db, handoff_id)]
    return as_json(shown)


@router.get("/handoffs/{id}/attempts", responses=answers(shapes.Attempts, examples.ATTEMPTS) | _MISSING,
            summary="List attempts")  # fmt: skip
def list_attempts(app: TheApp, caller: TheCaller, handoff_id: Id) -> Response:
    """How often sales tried to reach this lead, the first attempt first."""
    with transaction(app.engine) as db:
        _one(db, app, handoff_id, app.now(), caller)
        return as_json({"attempts": [attempt_shown(row) for row in handoffs.attempts(db, handoff_id)]})


@router.post("/handoffs/{id}/accept", responses=_ACTS, summary="Accept")
def accept_handoff(app: TheApp, caller: TheCaller, handoff_id: Id, said: MaybeSigned = None) -> Response:
    """Take the lead; whoever accepts owns it. Who has it already may say so again."""
    follow_up.accept(app, handoff_id, by=speaker(caller, said.by if said else None), now=app.now())
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/reject", responses=_ACTS, summary="Reject")
def reject_handoff(app: TheApp, caller: TheCaller, handoff_id: Id, said: Rejecting) -> Response:
    """Refuse the lead, and say why; the reason picks what comes next. `GET /api/reasons` lists them."""
    with blaming("/reason"):
        by = speaker(caller, said.by)
        follow_up.reject(app, handoff_id, reason=said.reason, note=said.note or "", by=by, now=app.now())
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/attempts", responses=_ACTS, summary="Log an attempt")
def log_attempt(app: TheApp, caller: TheCaller, handoff_id: Id, said: Attempting) -> Response:
    """Sales tried to reach the lead. Having reached it moves the handoff to `contacted`."""
    by = speaker(caller, said.by)
    with blaming("/at"):
        follow_up.attempt(
            app,
            handoff_id,
            kind=said.kind,
            outcome=said.outcome,
            note=said.note or "",
            by=by,
            now=app.now(),
            at=said.at,
        )
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/contacted", responses=_ACTS, summary="Say that the lead was spoken to")
def note_contact(app: TheApp, caller: TheCaller, handoff_id: Id, said: MaybeReaching = None) -> Response:
    """The same as the outcome `contacted`."""
    said = said or Reaching()
    by = speaker(caller, said.by)
    follow_up.outcome(app, handoff_id, state="contacted", reason=None, note=said.note or "", by=by, now=app.now())
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/outcome", responses=_ACTS, summary="Say what became of it")
def conclude_handoff(app: TheApp, caller: TheCaller, handoff_id: Id, said: Concluding) -> Response:
    """A real opportunity (`qualified`), a customer (`won`), or neither (`lost`, which needs a reason)."""
    by = speaker(caller, said.by)
    with blaming("/reason"):
        follow_up.outcome(
            app, handoff_id, state=said.outcome, reason=said.reason, note=said.note or "", by=by, now=app.now()
        )
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/reassign", responses=_ACTS, summary="Give it to somebody else")
def reassign_handoff(app: TheApp, caller: TheCaller, handoff_id: Id, said: MaybeReassigning = None) -> Response:
    """Give an open handoff to a rep, or without `to` to whoever gets it by the agreement. Both are told."""
    said = said or Reassigning()
    with blaming("/to"):
        reassign(app, handoff_id, to=said.to, by=speaker(caller, said.by), because=said.because, now=app.now())
    return _now(app, handoff_id, caller)


@router.post("/handoffs/{id}/revoke-links", responses=_ACTS, summary="Revoke its links")
def revoke_handoff_links(app: TheApp, caller: TheCaller, handoff_id: Id, said: MaybeSigned = None) -> Response:
    """Let no link to the rep's page that is out open it any more. `url` of the answer is a new one."""
    revoke_links(app, handoff_id, by=speaker(caller, said.by if said else None), now=app.now())
    return _now(app, handoff_id, caller)


def _now(app: App, handoff_id: int, caller: Caller) -> Response:
    """The handoff as it is after what was said."""
    with transaction(app.engine) as db:
        return as_json(_one(db, app, handoff_id, app.now(), caller))


def _one(db: Connection, app: App, handoff_id: int, now: datetime, caller: Caller) -> dict[str, Any]:
    row = handoffs.one(db, handoff_id)
    if row is None:
        raise NotFound(f"no handoff {handoff_id}")
    return handoff_shown(app, row, now, caller)
