"""A campaign as a lead lives it who does nothing: dates, subjects, what is passed over; by the production rules."""

from dataclasses import dataclass, replace
from datetime import datetime

from nurture.authoring.preview import words
from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.leads import Chosen
from nurture.authoring.preview.mailroom import Mailroom, Sending
from nurture.campaign import Campaign
from nurture.facts import WITH_SALES
from nurture.rules import taking
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.itinerary import Entered, Itinerary, Mailed, PassedOver, RanOut, Stop, itinerary


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the time line. `kind` is `mail`, `passed` or `news`; the rest is what there is to say."""

    kind: str
    day: str = ""
    clock: str = ""
    at: datetime | None = None
    text: str = ""
    step: str = ""
    template: str = ""
    part_of: str = ""
    variant: str | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All lines; the zone that they are in; what has to be said before; and how it ends."""

    rows: tuple[Row, ...]
    zone: str
    notes: tuple[str, ...]
    ends: str
    mails: int


def timeline(edition: Edition, mailroom: Mailroom, campaign: Campaign, lead: Chosen, now: datetime) -> Timeline | None:
    """Follow a lead through a campaign from now on; None while there is no agreement to ask."""
    if edition.book is None:
        return None
    book = _as_if_live(edition.book, campaign)
    zone = zone_of(lead.profile.timezone, book.agreement)
    road = itinerary(book, lead.state, now, campaign=campaign.id)
    maker = _Rows(edition, mailroom, lead, zone, now)
    rows = tuple(row for stop in road.stops if (row := maker.row(stop)) is not None)
    return Timeline(rows, zone, tuple(_notes(edition.book, campaign, lead, now)), road.because, _count(road, campaign))


def standing(edition: Edition, sending: Sending, template: str, lead: Chosen, now: datetime) -> str:
    """When this lead gets this mail, joining its campaign now and doing nothing; or why it does not. May be empty."""
    campaign = edition.campaigns.get(sending.campaign)
    if edition.book is None or campaign is None:
        return ""
    book = _as_if_live(edition.book, campaign)
    road = itinerary(book, lead.state, now, campaign=campaign.id)
    for stop in road.stops:
        if stop.campaign != campaign.id or getattr(stop, "step", "") != sending.step:
            continue
        if isinstance(stop, PassedOver):
            return f"does not go to {lead.line.name}: {stop.because}"
        if isinstance(stop, Mailed) and stop.template != template:
            return f"{lead.line.name} gets the variant {stop.variant} instead"
        if isinstance(stop, Mailed):
            when = words.moment(stop.at, zone_of(lead.profile.timezone, book.agreement), now.year)
            return f"{when}, if {lead.line.name} joins today"
    return ""


def _as_if_live(book: Rulebook, campaign: Campaign) -> Rulebook:
    if campaign.status == "live":
        return book
    return replace(book, campaigns={**book.campaigns, campaign.id: campaign.model_copy(update={"status": "live"})})


def _count(road: Itinerary, campaign: Campaign) -> int:
    return sum(mail.campaign == campaign.id for mail in road.mails)


def _notes(book: Rulebook, campaign: Campaign, lead: Chosen, now: datetime) -> list[str]:
    """What production would say to this lead's being in this campaign."""
    state = lead.state
    notes = []
    if campaign.status != "live":
        notes.append(f"The campaign is {campaign.status}: nothing is sent. This is how it would be if it were live.")
    if state.suppressed is not None:
        notes.append(f"This address must not be mailed ({state.suppressed}): in truth none of this would go out.")
    if state.stage in WITH_SALES or state.stage == "disqualified":
        notes.append(f"The lead's stage is {state.stage}: in truth nurture is silent.")
    if state.enrollment is not None:
        here = state.enrollment.campaign == campaign.id
        notes.append(
            "The lead is in this campaign already: this is what comes next."
            if here
            else f"The lead is in {state.enrollment.campaign} now: this is as if it were moved here today."
        )
        return notes
    choice = taking.choose(book, state, now)
    if choice.campaign is not None and choice.campaign.id == campaign.id:
        notes.append("This campaign takes such a lead by itself.")
    elif (why_not := dict(choice.because).get(campaign.id)) is not None and campaign.status == "live":
        notes.append(f"By itself it does not take this lead ({why_not}): this is as if it were put here by hand.")
    elif choice.campaign is not None:
        notes.append(f"{choice.campaign.name} takes this lead first: this is as if it were put here by hand.")
    return notes


@dataclass(frozen=True, slots=True)
class _Rows:
    edition: Edition
    mailroom: Mailroom
    lead: Chosen
    zone: str
    now: datetime

    def row(self, stop: Stop) -> Row | None:
        if isinstance(stop, Mailed):
            return self._mail(stop)
        if isinstance(stop, PassedOver):
            return Row("passed", step=stop.step, text=stop.because, part_of=f"{stop.campaign}/{stop.step}")
        when = {"at": stop.at, "day": self._day(stop.at)}
        if isinstance(stop, Entered):
            return Row("news", text=f"joins {self._name(stop.campaign)}", **when)  # type: ignore[arg-type]
        if isinstance(stop, RanOut):
            return None if stop.until is not None else Row("news", text="has read everything", **when)  # type: ignore[arg-type]
        said = "finished" if stop.word == "finished" else stop.word.replace("_", " ")
        return Row("news", text=f"leaves {self._name(stop.campaign)}: {said}", **when)  # type: ignore[arg-type]

    def _mail(self, stop: Mailed) -> Row:
        notes = [*stop.held_by]
        if stop.slow:
            notes.append("slowed down: so many mails were left unanswered")
        subject, error = self._subject(stop)
        return Row(
            "mail", self._day(stop.at), words.clock(stop.at, self.zone), stop.at, subject, stop.step, stop.template,
            f"{stop.campaign}/{stop.step}", stop.variant, tuple(notes), error,
        )  # fmt: skip

    def _subject(self, stop: Mailed) -> tuple[str, str | None]:
        file = self.edition.templates.get(stop.template)
        if file is None:
            return "", f"there is no template {stop.template}"
        sending = Sending(stop.campaign, self._name(stop.campaign), stop.step, stop.variant, is_known=True)
        shown = self.mailroom.show(file, self.edition.partials, self.edition.agreement, self.lead, sending, self.now)
        return shown.mail.subject if shown.mail else "", None if shown.error is None else str(shown.error)

    def _name(self, campaign: str) -> str:
        known = self.edition.campaigns.get(campaign)
        return campaign if known is None else known.name

    def _day(self, at: datetime) -> str:
        return words.day(at, self.zone, self.now.year)
