"""Puts it together: settings, workspace, compiled letters, channels to sales, the database, the clock."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection, Engine

from nurture.agreement import Agreement
from nurture.crm import build_connectors
from nurture.crm.protocol import Connector
from nurture.db import make_engine
from nurture.errors import DatabaseNotReady, NotifierError
from nurture.mail.letters import Letters
from nurture.mailers import send_one
from nurture.messages import Mail, Receipt, Sign
from nurture.meters import Meters
from nurture.notifiers import Notifier, build_notifiers
from nurture.notifiers.email import Send
from nurture.pages import Pages
from nurture.rules import succession
from nurture.rules.book import Rulebook
from nurture.settings import Settings
from nurture.store import matchers
from nurture.store.business_time import stepped_now
from nurture.workspace import Workspace, load_workspace

Clock = Callable[[], datetime]
Nudge = Callable[[str], None]
"""Tells the workers that there is work: `advance`, `deliver`, `settle` or `notices`. A lost one costs a moment."""

Stop = Callable[[], bool]
"""Whether somebody asked to begin nothing more."""

SPARE_TIME = timedelta(days=30)
"""How long a handoff's page can be opened after its outcome was due."""


def real_clock() -> datetime:
    """Business time as it is: the only place that asks the machine."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


def no_nudge(_: str) -> None:
    """For those who have no workers to tell; the clock finds what is due within its next tick."""


def never() -> bool:
    """For those whom nobody stops."""
    return False


@dataclass(frozen=True)
class App:
    """The composition root. Made once a process; everything in it may be shared between threads."""

    settings: Settings
    engine: Engine
    workspace: Workspace
    now: Clock
    nudge: Nudge = no_nudge
    channels: Mapping[str, Notifier] = field(default_factory=dict)
    crm: Mapping[str, Connector] = field(default_factory=dict)
    meters: Meters = field(default_factory=Meters)

    @property
    def book(self) -> Rulebook:
        """The rules' view of the workspace, as when `book_in` looked last. For looking only: no count hangs on it."""
        return self._in_force.book

    def book_in(self, db: Connection) -> Rulebook:
        """The rules' view of the workspace by what has been counted for a changed agreement.

        Whoever changes counts asks for it in the same transaction once the leads are locked: then nothing that is to be
        counted from now on can be missed, however long a process has been running. It costs one look at one row.
        """
        return self._in_force.look(db)

    @cached_property
    def _in_force(self) -> "_InForce":
        return _InForce(self.workspace)

    @property
    def agreement(self) -> Agreement:
        """What marketing and sales signed, as the files say; `book` has what rules by now."""
        return self.workspace.agreement

    @cached_property
    def letters(self) -> Letters:
        """The templates, each compiled when first used."""
        return Letters(self.workspace, self.settings)

    @cached_property
    def pages(self) -> Pages:
        """What leads see in a browser."""
        return Pages.of(self.workspace)

    @cached_property
    def sign(self) -> Sign | None:
        """What signs a mail that goes by SMTP; None without a key."""
        return _sign(self.settings, self.agreement)

    @cached_property
    def send(self) -> Send:
        """Sends one mail at once: what no campaign sends, such as the link that confirms an address."""
        return send_for(self.settings, self.agreement)

    @property
    def handoff_links_live(self) -> timedelta:
        """How long a link to a handoff's page is good."""
        return timedelta(days=self.agreement.sla.outcome_within.days) + SPARE_TIME


class _InForce:
    """The rulebook by what the database says is counted."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept = (0, Rulebook(workspace.agreement, workspace.campaigns))

    @property
    def book(self) -> Rulebook:
        return self._kept[1]

    def look(self, db: Connection) -> Rulebook:
        version, book = self._kept
        found = matchers.version(db)
        if found != version:
            counted = matchers.load(db)
            book = succession.ruling(self._workspace.agreement, self._workspace.campaigns, counted)
            self._kept = (found, book)
        return book


@contextmanager
def open_app(settings: Settings, *, nudge: Nudge = no_nudge) -> Iterator[App]:
    """An app for this process; its connections are closed at the end.

    Raises:
        WorkspaceError: The workspace's files have problems.
        DatabaseNotReady: There is no database to talk to.
    """
    if settings.database_url is None:
        raise DatabaseNotReady("no database: set DATABASE_URL, or let the command start the embedded one")
    workspace = load_workspace(settings.workspace)
    engine = make_engine(settings.database_url, pool_size=settings.pool_size)
    try:
        channels = build_notifiers(settings, workspace.agreement, send_for(settings, workspace.agreement))
        connectors = build_connectors(settings, workspace.agreement.crm)
        try:
            yield App(settings, engine, workspace, clock_of(settings, engine), nudge, channels, connectors)
        finally:
            for connector in connectors.values():
                connector.close()
    finally:
        engine.dispose()


def send_for(settings: Settings, agreement: Agreement) -> Send:
    """Give what sends one mail at once: news to sales, a test, the link that confirms an address."""
    sign = _sign(settings, agreement)

    def send(mail: Mail) -> Receipt:
        if settings.mail_url is None:
            raise NotifierError("MAIL_URL is not set, so no mail can be sent")
        return send_one(settings.mail_url, mail, sign=sign)

    return send


def _sign(settings: Settings, agreement: Agreement) -> Sign | None:
    if settings.mail.dkim_key is None:
        return None
    from nurture.mail.dkim import signer_for  # its library takes long to load, and few have a key

    signer = signer_for(settings.mail, agreement.company.sender.address)
    # receivers compare a signature's time with their own clock, so it is the machine's, whatever the demo's says
    return None if signer is None else lambda data: signer.signed(data, int(time.time()))


def clock_of(settings: Settings, engine: Engine) -> Clock:
    """The clock that business time is read from: the machine's, or the demo's stepped one."""
    if not settings.stepped_clock:
        return real_clock

    def stepped() -> datetime:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            shown = stepped_now(db)
        if shown is None:
            raise DatabaseNotReady("the stepped clock has not been set")
        return shown.astimezone(UTC)

    return stepped
