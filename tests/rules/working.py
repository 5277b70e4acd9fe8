"""Strategies for when sales works: odd hours, odd zones, holidays."""

from datetime import datetime

from hypothesis import strategies as st

from nurture.agreement import WorkingHours
from tests.rules.clocks import ODD_ZONES
from tests.rules.examples import make_hours, utc

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

starts = st.datetimes(datetime(2012, 1, 1), datetime(2036, 1, 1)).map(lambda at: utc(*at.timetuple()[:6]))  # noqa: DTZ001


@st.composite
def working_hours(draw: st.DrawFn, shortest: int = 1, fewest_days: int = 1) -> WorkingHours:
    """Working hours of at least so many minutes, on at least so many weekdays."""
    start = draw(st.integers(0, 1439 - shortest))
    end = draw(st.integers(start + shortest, 1439))
    return make_hours(
        days=sorted(draw(st.sets(st.sampled_from(WEEKDAYS), min_size=fewest_days))),
        **{"from": f"{start // 60:02}:{start % 60:02}", "to": f"{end // 60:02}:{end % 60:02}"},
        timezone=draw(st.sampled_from(ODD_ZONES)),
        holidays=draw(st.sampled_from([None, "US", "DE"])),
    )
