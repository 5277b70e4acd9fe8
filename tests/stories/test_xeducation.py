"""Five weeks of 5,634 real leads: imported with what their sales reps wrote, mailed, come back, handed over, answered.

Everything runs through the flows on real PostgreSQL in business time; only the mail server is a recorder.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.facts import MICRO
from nurture.flows import deliver as delivering
from nurture.flows import follow_up
from nurture.flows.advance import advance
from nurture.flows.import_leads import Imported, import_leads
from nurture.flows.ingest import ingest
from nurture.flows.suppress import suppress, unsubscribe
from nurture.messages import Mail, Receipt
from nurture.rules.calendar import holiday
from nurture.settings import read_settings
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from nurture.workspace import load_workspace
from tests.flows.apps import ENVIRONMENT, NoChannel, rows
from tests.stories.real_leads import OVER, RealLead, new_visits, past_visits, read_export, write_csv

WORKSPACE = Path(__file__).parent / "xeducation"
ZONE = ZoneInfo("Asia/Kolkata")
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
"""A Monday, half past eleven in Mumbai."""
WEEKS = 5
EVENING = time(19, 30)
EVERY = timedelta(minutes=12)
"""How often somebody looks during a campaign's hours: a mail that is up to 15 minutes late still simply goes."""
MAPS = {
    "email": "Address", "title": "What is your current occupation", "source": "Lead Source",
    "industry": "Specialization", "city": "City",
}  # fmt: skip
COME_BACK_ON = (18, 27)
"""Days on which leads look around again, give or take a week of their own."""
BATCH = 1000


@dataclass
class Recorder:
    """A mail server that takes everything, but for mailboxes that the export calls bounced."""

    dead: frozenset[str]
    took: list[tuple[int, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    trouble: str = ""
    wait: float = 0
    unusable: bool = False
    most: int = 1
    most_octets: int = 10_000_000

    @property
    def connections(self) -> Sequence[Self]:
        return [self] * 200

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def ready(self) -> bool:
        return True

    async def send_many(self, mails: Sequence[Mail]) -> list[Receipt]:
        return [self._receipt(mail) for mail in mails]

    def _receipt(self, mail: Mail) -> Receipt:
        if mail.recipient in self.dead:
            self.refused.append(mail.recipient)
            return Receipt(mail.delivery_id, "refused", "550 5.1.1 no such user", dead_address=True)
        self.took.append((mail.delivery_id, mail.recipient))
        return Receipt(mail.delivery_id, "sent", "250 ok")


@dataclass
class Story:
    """What the test knows of the world besides the database."""

    app: App
    leads: dict[str, RealLead]
    ids: dict[str, int]
    server: Recorder
    opened: int = 0

    def live(self, now: datetime) -> None:
        """What the clock and the workers do at one instant."""
        while advance(self.app, now, most=BATCH).more:
            pass
        delivering.deliver(self.app, lambda: now, seconds=60)

    def people_act(self, day: int, now: datetime) -> None:
        """Those who had a mail, and whose day it is, look around; some want no more of it."""
        mailed = self.server.took[self.opened :]
        self.opened = len(self.server.took)
        for delivery_id, email in mailed:
            lead = self.leads[email]
            if lead.last_activity == "Unsubscribed":
                unsubscribe(self.app, lead_id=self.ids[email], delivery_id=delivery_id, how="page", now=now)
            elif lead.last_activity == "Email Marked Spam":
                suppress(self.app, lead_id=self.ids[email], word="complained", how="hook", now=now)
        had_mail = {email for _, email in self.server.took}
        back = [
            lead
            for lead in self.leads.values()
            if lead.comes_back and lead.email in had_mail and day - lead.chance % 7 in COME_BACK_ON
        ]
        events = [event for lead in back for event in new_visits(lead, now)]
        for start in range(0, len(events), BATCH):
            ingest(self.app, events[start : start + BATCH], now)

    def sales_answers(self, now: datetime) -> None:
        """Of ten offers, two are refused, one is won, one lost, and six lie about."""
        offers = "SELECT h.id, l.email FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE state = 'offered'"
        for row in rows(self.app, offers):
            by, chance = "counsellor.one@xeducation.example", self.leads[row.email].chance % 10
            if chance < 2:
                reason = ("not_now", "other_course")[chance]
                follow_up.reject(self.app, row.id, reason=reason, note="", by=by, now=now)
            elif chance < 4:
                follow_up.accept(self.app, row.id, by=by, now=now)
                state, reason = (("won", None), ("lost", "elsewhere"))[chance - 2]
                follow_up.outcome(self.app, row.id, state=state, reason=reason, note="", by=by, now=now)  # type: ignore[arg-type]


@pytest.fixture
def app(clean_db: Engine, db_url: str) -> App:
    settings = ENVIRONMENT | {"DATABASE_URL": db_url, "NURTURE_WORKSPACE": str(WORKSPACE)}
    return App(
        read_settings(settings), clean_db, load_workspace(WORKSPACE), lambda: START, channels={"email": NoChannel()}
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_five_weeks_of_real_leads(
    app: App, shared_data: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = read_export(shared_data("xeducation") / "leads_shared.csv.gz", START)
    leads = {lead.email: lead for lead in export}
    write_csv(export, tmp_path / "leads.csv")
    done = import_file(app, tmp_path / "leads.csv")
    assert (done.read, done.created, done.updated, done.rejected) == (5634, 5634, 0, 0)
    see_where_everybody_went(app, leads)

    past = [event for lead in export if not lead.converted for event in past_visits(lead)]
    stored = sum(ingest(app, past[start : start + BATCH], START).stored for start in range(0, len(past), BATCH))
    assert stored == len(past) > 2000
    assert rows(app, "SELECT * FROM handoff") == [], "what was done before sales refused does not bounce back"

    ids = {row.email: row.id for row in rows(app, "SELECT id, email FROM lead")}
    server = Recorder(frozenset(lead.email for lead in export if lead.last_activity == "Email Bounced"))
    monkeypatch.setattr(delivering, "build_mailer", lambda url, **_: server)
    story = Story(app, leads, ids, server)
    for day in range(1, WEEKS * 7):
        for now in looks(app, START.date() + timedelta(days=day)):
            story.live(now)
        story.people_act(day, now)
        story.sales_answers(now)

    see_that_nobody_was_mailed_who_must_not(app, story)
    see_that_mails_kept_to_their_hours(app)
    see_that_what_was_sent_is_what_the_server_took(app, server)
    see_that_every_handoff_qualifies_by_its_evidence(app)
    see_that_sales_was_left_alone(app)
    see_that_stages_add_up(app, leads)
    before = rows(app, "SELECT * FROM lead ORDER BY id")
    assert import_file(app, tmp_path / "leads.csv").updated == 5634
    assert rows(app, "SELECT * FROM lead ORDER BY id") == before, "the export says nothing new"


def looks(app: App, day: date) -> Iterator[datetime]:
    """Instants at which the clock ticks: every so often in the hours of the campaigns, and once in the evening."""
    for campaign in app.book.campaigns.values():
        if day.weekday() not in campaign.cadence.days:
            continue
        opens, closes = (
            datetime.combine(day, clock, ZONE) for clock in (campaign.cadence.hours.start, campaign.cadence.hours.end)
        )
        while (opens := opens + EVERY) < closes:
            yield opens.astimezone(UTC)
        yield (closes - timedelta(minutes=1)).astimezone(UTC)
    yield datetime.combine(day, EVENING, ZONE).astimezone(UTC)


def import_file(app: App, path: Path) -> Imported:
    with open_sheet(path, Terms.of(app.agreement, START), asked=MAPS) as sheet:
        return import_leads(app, sheet, START, rejects=path.with_name("rejects.csv"))


def see_where_everybody_went(app: App, leads: dict[str, RealLead]) -> None:
    """Each reason led where the agreement says; whoever must not be mailed went nowhere."""
    stage_of = {None: "customer", "mine": "sal", **dict.fromkeys(OVER, "disqualified")}
    stages = {row.email: row.stage for row in rows(app, "SELECT email, stage FROM lead")}
    assert stages == {lead.email: stage_of.get(lead.reason, "nurture") for lead in leads.values()}
    enrolled = {row.email: row.campaign for row in rows(app, ENROLLED)}
    assert {leads[email].reason for email in enrolled if enrolled[email] == "no-answer"} == {"unreachable", "no_number"}
    for lead in leads.values():
        if lead.do_not_email or lead.reason is None or lead.reason in OVER or lead.reason in ("mine", "no_money"):
            assert lead.email not in enrolled
        elif lead.reason != "other_course" or lead.rejected_at < START - timedelta(days=10):
            assert lead.email in enrolled
    suppressed = Counter(row.reason for row in rows(app, "SELECT reason FROM suppression"))
    unwanted = [lead for lead in leads.values() if lead.do_not_email]
    elsewhere = [lead for lead in leads.values() if lead.reason == "elsewhere" and not lead.do_not_email]
    assert suppressed == {"unsubscribed": len(unwanted), "competitor": len(elsewhere)}
    assert len(unwanted) == 472


ENROLLED = "SELECT l.email, e.campaign FROM enrollment e JOIN lead l ON l.id = e.lead_id WHERE e.status <> 'ended'"


def see_that_nobody_was_mailed_who_must_not(app: App, story: Story) -> None:
    """Not who said no, not who bought, not who is over; who wants no more or is dead, not again."""
    mails = Counter(row.email for row in rows(app, "SELECT l.email FROM delivery d JOIN lead l ON l.id = d.lead_id"))
    assert len(mails) > 2000
    tries = Counter([email for _, email in story.server.took] + story.server.refused)
    for email in (*mails, *tries):
        lead = story.leads[email]
        assert not lead.do_not_email
        assert not lead.converted
        assert lead.reason not in OVER
    once = {"Email Bounced", "Unsubscribed", "Email Marked Spam"}
    stopped = {email: count for email, count in tries.items() if story.leads[email].last_activity in once}
    assert set(stopped.values()) == {1}
    words = {row.left_as for row in rows(app, "SELECT DISTINCT left_as FROM enrollment WHERE status = 'ended'")}
    assert {"bounced", "unsubscribed", "qualified", "hand_raise"} <= words


def see_that_mails_kept_to_their_hours(app: App) -> None:
    """On the campaign's weekdays, within its hours, on no holiday, and never two within a week."""
    of: dict[int, list[datetime]] = {}
    for row in rows(
        app, "SELECT lead_id, campaign, local_on, sent_at FROM delivery WHERE state = 'sent' ORDER BY sent_at"
    ):
        at = row.sent_at.astimezone(ZONE)
        cadence = app.book.campaigns[row.campaign].cadence
        assert at.date() == row.local_on
        assert at.weekday() in cadence.days
        assert cadence.hours.start <= at.time() < cadence.hours.end
        assert holiday("IN", at.date()) is None
        of.setdefault(row.lead_id, []).append(at)
    assert max(map(len, of.values())) >= 3
    assert Counter(map(len, of.values())).most_common(1)[0][0] == 2
    for times in of.values():
        assert all((later.date() - earlier.date()).days >= 7 for earlier, later in pairwise(times))


def see_that_what_was_sent_is_what_the_server_took(app: App, server: Recorder) -> None:
    """Each mail once, and none lost."""
    states = rows(app, "SELECT id, state, campaign, step, lead_id, cycle FROM delivery")
    sent = [row.id for row in states if row.state == "sent"]
    assert sorted(sent) == sorted(delivery_id for delivery_id, _ in server.took)
    assert Counter(row.state for row in states)["failed"] == len(server.refused)
    assert {row.state for row in states} <= {"sent", "failed", "cancelled", "queued"}
    received = Counter((row.lead_id, row.campaign, row.step) for row in states if row.state == "sent")
    assert set(received.values()) == {1}


def see_that_every_handoff_qualifies_by_its_evidence(app: App) -> None:
    """The score is the sum of its rows, and a line of the agreement holds; some lead was handed over twice."""
    handoffs = rows(app, "SELECT * FROM handoff ORDER BY id")
    assert len(handoffs) > 50
    for row in handoffs:
        terms, evidence = app.agreement, row.evidence["rows"]
        assert round(sum(line["worth"] for line in evidence) * MICRO) == row.score_micro
        assert row.because
        signals = {line["signal"] for line in evidence if line["worth"]}
        enough = any(
            row.grade in line.grades and row.score_micro >= line.score * MICRO and len(signals) >= line.signals
            for line in terms.qualify
        )
        assert enough or row.hand_raise
    assert {row.cycle for row in handoffs} == {1, 2}
    assert Counter(row.hand_raise for row in handoffs)[True] > 5


def see_that_sales_was_left_alone(app: App) -> None:
    """No mail between an offer and its end."""
    meanwhile = """
        SELECT d.id FROM delivery d JOIN handoff h USING (lead_id)
        WHERE d.sent_at > h.offered_at AND d.sent_at < coalesce(h.closed_at, 'infinity')
    """
    assert rows(app, meanwhile) == []


def see_that_stages_add_up(app: App, leads: dict[str, RealLead]) -> None:
    """Everybody stands where what happened to them leaves them."""
    lost = rows(app, "SELECT DISTINCT lead_id FROM handoff WHERE reason = 'elsewhere'")
    won = rows(app, "SELECT DISTINCT lead_id FROM handoff WHERE state = 'won'")
    offered = rows(app, "SELECT id FROM handoff WHERE state = 'offered'")
    of = Counter(lead.reason for lead in leads.values())
    over = sum(of[reason] for reason in OVER)
    expected = {
        "customer": of[None] + len(won),
        "disqualified": over + len(lost),
        "sal": of["mine"],
        "mql": len(offered),
    }
    expected["nurture"] = len(leads) - sum(expected.values())
    stages = Counter({row.stage: row.count for row in rows(app, "SELECT stage, count(*) FROM lead GROUP BY stage")})
    assert stages == {stage: count for stage, count in expected.items() if count}
