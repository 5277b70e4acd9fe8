"""What leads do with mails and sales with handoffs, by the flows that the web calls."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.errors import Conflict
from nurture.flows import follow_up
from nurture.flows import suppress as suppressing
from nurture.flows.answer import answer
from nurture.flows.hit import record_hit
from tests.lab.scenarios import BROWSER, QUESTION, SCANNER, Answer, Reaction

_LEAD_OF = text("SELECT lead_id FROM delivery WHERE id = :id")


def react(app: App, db: Connection, delivery_id: int, reaction: Reaction, now: datetime) -> None:
    """Somebody does something because of a mail."""
    match reaction.what:
        case "click" | "open" | "scan":
            record_hit(
                app,
                kind="open" if reaction.what == "open" else "click",
                delivery_id=delivery_id,
                link=None if reaction.what == "open" else 1,
                url=None if reaction.what == "open" else "https://acme.example/read",
                method="GET",
                agent=SCANNER if reaction.what == "scan" else BROWSER,
                address=None,
                prefetch=False,
                now=now,
            )
        case "answer":
            answer(app, delivery_id=delivery_id, question=QUESTION, answer=reaction.detail, now=now)
        case "unsubscribe" | "complain":
            lead_id = db.execute(_LEAD_OF, {"id": delivery_id}).scalar_one()
            word: suppressing.Kind = "unsubscribed" if reaction.what == "unsubscribe" else "complained"
            suppressing.suppress(app, lead_id=lead_id, word=word, how="test", now=now)


def answer_offer(app: App, handoff_id: int, said: Answer, by: str, now: datetime) -> None:
    """The rep says so; what it may not say, because of what it said before, is refused and changes nothing."""
    with suppress(Conflict):
        match said.verb:
            case "accept":
                follow_up.accept(app, handoff_id, by=by, now=now)
            case "tried":
                follow_up.attempt(app, handoff_id, kind="call", outcome="not_reached", note="", by=by, now=now)
            case "reached":
                follow_up.attempt(app, handoff_id, kind="call", outcome="reached", note="", by=by, now=now)
            case "qualified" | "won":
                follow_up.outcome(app, handoff_id, state=said.verb, reason=None, note="", by=by, now=now)
            case "lost":
                follow_up.outcome(app, handoff_id, state="lost", reason=said.reason, note="", by=by, now=now)
            case "reject":
                follow_up.reject(app, handoff_id, reason=said.reason, note="", by=by, now=now)
