"""`/api/leads`: listed, looked up, taken in one by one or by the thousand, refused."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from nurture.db import transaction
from nurture.errors import NotFound
from nurture.facts import MICRO, PROFILE_FIELDS, LeadState
from nurture.flows.refuse import refuse
from nurture.flows.upsert_leads import Upserted, upsert_leads
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.reports.lead import lead_report
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.sheets.people import Person, Terms
from nurture.store import leads, listing
from nurture.store.states import without_past
from nurture.web.api import examples, shapes
from nurture.web.api.answers import answers, answers_problem
from nurture.web.api.asking import TheApp, TheCaller, as_json, blaming, speaker
from nurture.web.api.lead_said import Unfit, read_lead
from nurture.web.api.paging import more_after, page, read_cursor
from nurture.web.api.problems import CONFLICT, INVALID, NOT_FOUND, WRONG_METHOD, Fault, Problem
from nurture.web.api.sayings import Batch, LeadFilter, Rejecting

router = APIRouter(tags=["leads"])
MOST_SHOWN = 100
"""Mails, events and handoffs of one lead."""

Address = Annotated[str, Path(description="The lead's address.", examples=["maria.rossi@buyer.example"])]
_WHOLE = answers(shapes.LeadWhole, examples.LEAD_WHOLE) | answers_problem(NOT_FOUND)
_REJECTED = answers(shapes.LeadRejected, examples.LEAD_REJECTED) | answers_problem(NOT_FOUND, CONFLICT)


@router.get("/leads", responses=answers(shapes.LeadPage, examples.LEAD_PAGE), summary="List leads")
def list_leads(request: Request, app: TheApp, asked: Annotated[LeadFilter, Query()]) -> Response:
    """Leads in the order in which they came to be, page by page; each with its score of today."""
    last = read_cursor("lead", asked.cursor)
    now = app.now()
    with transaction(app.engine) as db:
        ids = None if asked.email is None else list(leads.ids_of(db, [asked.email]).values())
        rows = listing.leads_after(
            db, last, most=asked.limit + 1, stage=asked.stage, grade=asked.grade,
            updated_since=asked.updated_since, ids=ids,
        )  # fmt: skip
        book = app.book_in(db)
        states = {state.id: state for state in without_past(db, book, [row.id for row in rows[: asked.limit]], now)}
    # who is merged into another lead just now is in one of the two, and is asked for again with that one
    shown = [_row(book, row, states[row.id], now) for row in rows[: asked.limit] if row.id in states]
    return page(request, "leads", shown, kind="lead", more_after=more_after(rows, asked.limit))


@router.post("/leads", responses=answers(shapes.LeadTaken, examples.LEAD_TAKEN), summary="Create or update a lead")
def upsert_lead(app: TheApp, caller: TheCaller, said: Annotated[dict[str, Any], Body()]) -> Response:
    """Say what you know of one lead, by its address.

    A new lead arrives just as one from an imported file: the agreement grades it, and it is offered to sales, taken by
    a campaign, or neither. Of a known one the fields and attributes that are said are changed; null and empty say
    nothing.
    """
    now = app.now()
    try:
        person = read_lead(said, Terms.of(app.agreement, now))
    except Unfit as unfit:
        raise Problem(INVALID, _in_words(unfit.faults[0]), unfit.faults) from None
    [became], offered = upsert_leads(app, [person], by=caller.name, now=now)
    if became.status == "rejected":
        raise Problem(CONFLICT, became.because or "", [Fault(became.because or "", "/email")])
    with transaction(app.engine) as db:
        book = app.book_in(db)
        ids = list(leads.ids_of(db, [became.email]).values())
        states = without_past(db, book, ids, now)
        rows = listing.leads_after(db, None, most=1, ids=ids)
    shown = _row(book, rows[0], states[0], now) if rows and states else {"email": became.email}
    status = 201 if became.status == "created" else 200
    return as_json({**shown, "status": became.status, "offered": bool(offered)}, status)


@router.post("/leads/batch", responses=answers(shapes.BatchTaken, examples.BATCH_TAKEN), summary="Many leads at once")
def upsert_batch(app: TheApp, caller: TheCaller, said: Batch) -> Response:
    """Up to 1,000 leads as for `POST /api/leads`, in one go; one that cannot be taken spoils no other.

    The answer is 200 whatever became of them: `results` has one entry for each, in the order in which they were sent.
    """
    now = app.now()
    terms = Terms.of(app.agreement, now)
    read: list[Person | Unfit] = []
    for one in said.leads:
        try:
            read.append(read_lead(one, terms))
        except Unfit as unfit:
            read.append(unfit)
    people = [one for one in read if isinstance(one, Person)]
    became, offered = upsert_leads(app, people, by=caller.name, now=now) if people else ([], 0)
    stored = iter(became)
    results = [_result(n, one, None if isinstance(one, Unfit) else next(stored)) for n, one in enumerate(read)]
    counts = {word: sum(one["status"] == word for one in results) for word in ("created", "updated", "rejected")}
    return as_json({**counts, "offered": offered, "results": results})


@router.get("/leads/{email:path}", responses=_WHOLE, summary="Show a lead")
def show_lead(app: TheApp, caller: TheCaller, email: Address) -> Response:
    """All that is kept of one lead: profile, stage, score, campaign, mails, events, handoffs, earlier cycles.

    Of each list the newest hundred. Any address serves by which the lead is known.
    """
    if email.endswith("/reject"):
        raise Problem(WRONG_METHOD, "GET does not work here; POST does", headers={"allow": "POST"})
    shown = lead_report(app, _address(email), app.now(), most=MOST_SHOWN)
    if caller.read_only:  # by such a link one may act
        shown["handoffs"] = [{**handoff, "url": None} for handoff in shown["handoffs"]]
    return as_json(shown)


@router.post("/leads/{email:path}/reject", responses=_REJECTED, summary="Refuse a lead")
def reject_lead(app: TheApp, caller: TheCaller, email: Address, said: Rejecting) -> Response:
    """Sales does not want this lead (now), whoever has it; the reason picks what comes next.

    `GET /api/reasons` lists the reasons. An open handoff of the lead is rejected with it.
    """
    now, address = app.now(), _address(email)
    with blaming("/reason"):
        refuse(app, address, reason=said.reason, by=speaker(caller, said.by), note=said.note or "", now=now)
    with transaction(app.engine) as db:
        lead_id = leads.id_of(db, address)
        if lead_id is None:
            raise NotFound(f"no lead with the address {address}")
        lead = leads.columns_of(db, lead_id)
    return as_json({name: lead[name] for name in ("email", "stage", "cycle", "reason", "mail_from")})


def _address(email: str) -> str:
    try:
        return parse_address(email)
    except Mistake as mistake:
        detail = str(mistake)
        raise Problem(INVALID, f"that is no lead's address: {detail}", [Fault(detail, parameter="email")]) from None


def _row(book: Rulebook, row: Row[Any], state: LeadState, now: datetime) -> dict[str, Any]:
    profile = state.profile
    return {
        "email": profile.email,
        **{field: getattr(profile, field) for field in PROFILE_FIELDS},
        "attributes": dict(profile.attributes),
        "stage": state.stage,
        "cycle": state.cycle,
        "reason": state.reason,
        "grade": state.grade,
        "score": scoring.score(book.agreement, state.counts, now.date()).micro / MICRO,
        "suppressed": state.suppressed,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _result(number: int, read: Person | Unfit, became: Upserted | None) -> dict[str, Any]:
    if isinstance(read, Unfit):
        errors = [Fault(one.detail, f"/leads/{number}{one.pointer}").to_json() for one in read.faults]
        return {"status": "rejected", "email": None, "errors": errors}
    assert became is not None  # noqa: S101 - who was read was stored, or is said to be rejected
    if became.status == "rejected":
        errors = [Fault(became.because or "", f"/leads/{number}").to_json()]
        return {"status": "rejected", "email": became.email, "errors": errors}
    return {"status": became.status, "email": became.email, "errors": []}


def _in_words(fault: Fault) -> str:
    return f"`{fault.pointer.removeprefix('/')}`: {fault.detail}" if fault.pointer else fault.detail
