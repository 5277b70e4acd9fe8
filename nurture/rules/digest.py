"""When the weekly digest goes, and of which days it tells. Calendar arithmetic alone: no timer, no state."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from nurture.agreement import Agreement, Digest, WorkingHours
from nurture.grammar.windows import DAYS
from nurture.rules import calendar
from nurture.rules.calendar import DAY

_LONGEST_BREAK = 60
"""Days. Where no working day comes for so long, a holiday holds nothing back any more."""
_WEEKS_BACK = 10
"""More than the longest break, so that the issue that is due is among those looked at."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One week's digest.

    Attributes:
        week: The ISO week of the day on which it goes by the agreement, such as `2026-W47`; its name.
        due_at: When it goes, in UTC; later than the agreement says where that day is a holiday.
        since: The first of the seven local days that it tells of.
        until: The local day after them: the one on which it goes by the agreement.
        zone: The time zone of these days.
    """

    week: str
    due_at: datetime
    since: date
    until: date
    zone: str

    @property
    def since_at(self) -> datetime:
        """The instant at which the first of its days begins, in UTC."""
        return calendar.first_instant(self.since, time.min, self.zone).astimezone(UTC)

    @property
    def until_at(self) -> datetime:
        """The instant at which the last of its days is over, in UTC."""
        return calendar.first_instant(self.until, time.min, self.zone).astimezone(UTC)


def issue_due(agreement: Agreement, now: datetime) -> Issue | None:
    """The newest issue whose time has come at `now`; None where the agreement has no digest.

    After downtime that is the last one only: older ones are not made up for. Where holidays put off two issues to the
    same moment, it is the newer one.
    """
    return max((one for one in _around(agreement, now) if one.due_at <= now), key=lambda one: one.until, default=None)


def issue_after(agreement: Agreement, now: datetime) -> Issue | None:
    """The issue that goes next, later than `now`; None where the agreement has no digest."""
    return min(
        (one for one in _around(agreement, now) if one.due_at > now),
        key=lambda one: (one.due_at, -one.until.toordinal()),
        default=None,
    )


def issue_of(terms: Digest, hours: WorkingHours, nominal: date) -> Issue:
    """The issue of a day that the agreement says it goes on."""
    year, week, _ = nominal.isocalendar()
    due_at = calendar.first_instant(_day_it_goes(hours, nominal), terms.at, hours.timezone)
    return Issue(f"{year}-W{week:02}", due_at.astimezone(UTC), nominal - 7 * DAY, nominal, hours.timezone)


def end_of_working_days(hours: WorkingHours, now: datetime, count: int) -> datetime:
    """The end of the `count`th working day from `now` on, in UTC; today is the first one while its hours last."""
    today = calendar.local_date(now, hours.timezone)
    days = (today + DAY * ahead for ahead in range(_LONGEST_BREAK + 1))
    ends = (_end(hours, day) for day in days if is_working_day(hours, day))
    coming = [end for end in ends if end > now][:count]
    return coming[-1] if coming else now


def is_working_day(hours: WorkingHours, day: date) -> bool:
    """Whether sales works on that day."""
    return day.weekday() in hours.days and not _is_holiday(hours, day)


def _around(agreement: Agreement, now: datetime) -> tuple[Issue, ...]:
    """The issues of the last weeks, and more than one to come."""
    terms, hours = agreement.digest, agreement.sla.hours
    if terms is None:
        return ()
    newest = _newest_day(terms, calendar.local_date(now, hours.timezone))
    return tuple(issue_of(terms, hours, newest + 7 * DAY * week) for week in range(-_WEEKS_BACK, 3))


def _end(hours: WorkingHours, day: date) -> datetime:
    return calendar.first_instant(day, hours.end, hours.timezone).astimezone(UTC)


def _newest_day(terms: Digest, day: date) -> date:
    """The last day, that day included, on which it goes by the agreement."""
    return day - DAY * ((day.weekday() - DAYS.index(terms.day)) % 7)


def _day_it_goes(hours: WorkingHours, nominal: date) -> date:
    """That day itself, unless it is a holiday: then the next working day."""
    if not _is_holiday(hours, nominal):
        return nominal
    days = (nominal + DAY * ahead for ahead in range(1, _LONGEST_BREAK + 1))
    return next((day for day in days if is_working_day(hours, day)), nominal)


def _is_holiday(hours: WorkingHours, day: date) -> bool:
    return hours.holidays is not None and calendar.holiday(hours.holidays, day) is not None
