"""Apps, leads and looks at the database for tests of flows."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.decide import decide
from nurture.rules.book import Rulebook
from nurture.rules.happenings import Arrived
from nurture.segment.event import IncomingEvent
from nurture.settings import read_settings
from nurture.store import leads
from nurture.workspace import Workspace
from tests.rules.examples import NOW

ENVIRONMENT = {
    "SECRET_KEY": "a secret for tests that is long enough",
    "BASE_URL": "https://nurture.example",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MAIL_URL": "smtp://127.0.0.1:1",
    "WRITE_KEY": "write-key",
    "API_KEY": "api-key",
}


def make_app(engine: Engine, db_url: str, root: Path, book: Rulebook, **environment: str) -> App:
    """An app with this rulebook; its clock shows `NOW`, its nudges are kept in `nudged`."""
    settings = read_settings(ENVIRONMENT | {"DATABASE_URL": db_url, "NURTURE_WORKSPACE": str(root)} | environment)
    workspace = Workspace(root, book.agreement, dict(book.campaigns), {}, {})
    nudged: list[str] = []
    app = App(settings, engine, workspace, lambda: NOW, nudged.append, {"email": NoChannel(), "webhook": NoChannel()})
    object.__setattr__(app, "nudged", nudged)
    return app


class NoChannel:
    """A channel that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def notify(self, notice: Any) -> None:
        self.told.append(notice)


def add_lead(app: App, email: str = "jo@buyer.example", now: datetime = NOW, **profile: Any) -> int:
    """A lead of grade A in Chicago that has just arrived."""
    person = {"title": "VP Operations", "country": "US", "employees": 900, "timezone": "America/Chicago", **profile}
    with transaction(app.engine) as db:
        lead_id = leads.insert(db, [{"email": email, **person}], now)[email]
        decide(db, app, {lead_id: Arrived()}, now)
    return lead_id


def rows(app: App, query: str, **values: Any) -> list[Row[Any]]:
    """What a query gives."""
    with transaction(app.engine) as db:
        return list(db.execute(text(query), values).all())


def one(app: App, query: str, **values: Any) -> Any:
    """The only value of the only row that a query gives."""
    with transaction(app.engine) as db:
        return db.execute(text(query), values).scalar_one()


def page(path: str, at: datetime = NOW, **more: Any) -> IncomingEvent:
    """A page view of `jo@buyer.example`, unless it says whose."""
    return incoming("page", at, path=path, url=f"https://acme.example{path}", **more)


def track(name: str, at: datetime = NOW, **more: Any) -> IncomingEvent:
    """A tracked event of `jo@buyer.example`, unless it says whose."""
    return incoming("track", at, name=name, **more)


_made = iter(range(10**9))


def incoming(kind: str, at: datetime = NOW, **more: Any) -> IncomingEvent:
    """An event with a message id of its own."""
    said = {"message_id": f"m{next(_made)}", "occurred_at": at, "received_at": at, "client_at": at, "source": "test"}
    if not {"email", "anonymous_id", "user_id"} & more.keys():
        said["email"] = "jo@buyer.example"
    return IncomingEvent(kind=kind, **(said | more))  # type: ignore[arg-type]
