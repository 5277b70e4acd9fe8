"""What sets the day of a mail, rule by rule: rhythm, slow-down, waits, limits, and each day that was moved."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.campaign import Campaign, Step
from nurture.facts import TAKES_A_DAY, DeliveryFact, EnrollmentFact, LeadState
from nurture.grammar.windows import say_weekdays
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.planning import Plan, unanswered
from nurture.rules.ruling import Ruling
from nurture.rules.spoken_time import say_count, say_date, say_moment


def pacing(
    book: Rulebook, campaign: Campaign, state: LeadState, enrollment: EnrollmentFact, planned: Plan, now: datetime
) -> Iterator[Ruling]:
    """The rules that lead to the day of the planned step, in the order in which they are applied."""
    if planned.step is None:
        return
    zone = zone_of(state.profile.timezone, book.agreement)
    today = local_date(now, zone)
    mails = sorted((mail for mail in state.deliveries if mail.state in TAKES_A_DAY), key=lambda mail: mail.local_on)
    yield from _slow_down(campaign, planned, unanswered(state, enrollment))
    yield _rhythm(campaign, planned.step, planned.slow, mails, today)
    if state.mail_from is not None and state.mail_from > now:
        yield Ruling("mail may go", False, f"{_waits_for(state)} until {say_moment(state.mail_from, zone, now)}")
    yield from _limits(book, planned, mails, today)
    if planned.slot is None:
        yield Ruling("some day is allowed", False, "no day within two years is")
        return
    for moved in planned.slot.held_by:
        yield Ruling("moves the day", True, moved)
    hours = f"{say_weekdays(campaign.cadence.days)}, {campaign.cadence.hours} in {zone}"
    known = "its own zone" if zone == state.profile.timezone else "the company's zone, as its own is not known"
    yield Ruling("within days and hours", True, f"mails go {hours} ({known}); the minute is this lead's own")


def _waits_for(state: LeadState) -> str:
    because = next((because for because, until in state.postponed if until == state.mail_from), None)
    return "sales' reason asks for a wait" if because is None else because


def _slow_down(campaign: Campaign, planned: Plan, count: int) -> Iterator[Ruling]:
    slow_down = campaign.cadence.slow_down
    if slow_down is None:
        return
    said = f"{say_count(count, 'mail')} in a row unanswered"
    rule = f"from {slow_down.after} on it is one every {slow_down.every}, until the lead does something"
    yield Ruling("is slowed down", planned.slow, f"{said}; {rule}")


def _rhythm(campaign: Campaign, step: Step, slow: bool, mails: list[DeliveryFact], today: date) -> Ruling:
    every = campaign.cadence.slow_down.every if slow and campaign.cadence.slow_down else campaign.cadence.every
    length, said = every.days, f"{every} after the last mail"
    if step.after is not None and step.after.days > every.days:
        length, said = step.after.days, f"this step's own {step.after} after the last mail"
    if not mails:
        return Ruling(
            "its time has come", True, "it is the lead's first mail: a day of the first week after it came in"
        )
    last = mails[-1]
    from_day = last.local_on + timedelta(days=length)
    had = f"`{last.step}` of {last.campaign} on {say_date(last.local_on, today.year)}"
    because = f"{said} ({had}): from {say_date(from_day, today.year)} on"
    return Ruling("its time has come", from_day <= today, because)


def _limits(book: Rulebook, planned: Plan, mails: list[DeliveryFact], today: date) -> Iterator[Ruling]:
    day = today if planned.slot is None else planned.slot.local_on
    limits = book.agreement.limits
    for most, span in ((limits.per_7_days, 7), (limits.per_30_days, 30)):
        if most is None:
            continue
        within = [mail.local_on for mail in mails if 0 <= (day - mail.local_on).days < span]
        days = f" ({', '.join(say_date(on, today.year) for on in within)})" if within else ""
        because = f"{len(within)} so far in the {span} days to {say_date(day, today.year)}{days}"
        yield Ruling(f"at most {say_count(most, 'mail')} in {span} days", len(within) < most, because)
