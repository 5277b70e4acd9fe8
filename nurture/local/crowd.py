"""Everybody in the demo: readers with their mail, reps with their notices. They read the mailbox, plan, and act."""

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from nurture.agreement import Agreement
from nurture.local.acts import Act
from nurture.local.agenda import Agenda
from nurture.local.browser import AT_ONCE, Browser
from nurture.local.chance import Chance
from nurture.local.letter import Letter
from nurture.local.mailbox_files import MailboxFiles
from nurture.local.personas import Persona, persona
from nurture.local.reactions import react
from nurture.local.repertoire import repertoire
from nurture.local.sales_team import Move, moves

ASKS = "asks to talk to you"
"""By these words in its subject a rep knows that a lead is in a hurry."""


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A rep is to do something about a lead, on the page behind this link, unless it was dealt with meanwhile."""

    email: str
    page: str
    move: Move

    @property
    def at(self) -> datetime:
        """Not before then."""
        return self.move.at


class Crowd:
    """Readers and reps."""

    def __init__(self, seed: int, agreement: Agreement, zones: Mapping[str, str | None], mail: MailboxFiles) -> None:
        """`zones` has every lead's address, and the time zone where it is known."""
        self._chance, self._agreement, self._mail = Chance(seed), agreement, mail
        self._site = repertoire(agreement)
        company_zone = agreement.company.timezone
        self._readers: dict[str, Persona] = {
            email: persona(self._chance, email, zone or company_zone) for email, zone in zones.items()
        }
        self._received: Counter[str] = Counter()
        self._handed_over: Counter[str] = Counter()
        self._agenda: Agenda[Act | AtDesk] = Agenda()
        self._last = ""

    @property
    def next_at(self) -> datetime | None:
        """When somebody does something next."""
        return self._agenda.next_at

    def read_mail(self, now: datetime) -> None:
        """Look at what has come since the last time, and plan."""
        for name in self._mail.names(self._last):
            self._last = name
            stored = self._mail.read(name)
            letter = Letter(stored.recipient.lower(), stored.data)
            if letter.recipient in self._readers:
                self._plan_reading(letter, now)
            else:
                self._plan_answering(letter, now)

    def _plan_reading(self, letter: Letter, now: datetime) -> None:
        self._received[letter.recipient] += 1
        who = self._readers[letter.recipient]
        for act in react(self._chance, who, letter, self._received[letter.recipient], now, self._site):
            self._agenda.add(act)

    def _plan_answering(self, notice: Letter, now: datetime) -> None:
        """A notice says whom it is about in its text, and where to answer.

        Later news of the same handoff, such as a reminder, changes nobody's mind: who forgets a lead forgets it again.
        """
        page = notice.handoff_page
        lead = next((word for word in notice.text.split() if word.lower() in self._readers), None)
        if page is None or lead is None or notice.follows:
            return
        email = lead.lower()
        self._handed_over[email] += 1
        asked = ASKS in notice.header("Subject")
        for move in moves(self._chance, self._agreement, email, self._handed_over[email], now, asked=asked):
            self._agenda.add(AtDesk(email, page, move))

    def act(self, browser: Browser, pool: ThreadPoolExecutor, now: datetime, *, but: Collection[str] = ()) -> bool:
        """Let everybody who has something to do now, but these, do one thing; False if nobody has."""
        due = self._agenda.take(now, but=but)
        for done in [pool.submit(self._do, browser, item, now) for item in due]:
            done.result()
        return bool(due)

    def _do(self, browser: Browser, item: Act | AtDesk, now: datetime) -> None:
        if isinstance(item, AtDesk):
            browser.answer_handoff(item.page, item.move)
        else:
            browser.do(item, self._readers[item.email], now)


def pool() -> ThreadPoolExecutor:
    """Threads for people to act in."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="crowd")
