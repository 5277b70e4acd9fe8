"""Holidays of one country load that country alone, and the library stays whole for whoever wants all of it."""

import subprocess
import sys
from datetime import date

import pytest

from nurture.grammar.national_days import country_holidays

ONE = """
import sys
from nurture.grammar.national_days import country_holidays
assert "2026-10-03" in country_holidays("DE", "BY", 2026)
loaded = [name for name in sys.modules if name.startswith("holidays.countries.")]
assert loaded == ["holidays.countries.germany"], loaded
"""
ALL = (
    ONE
    + """
import holidays
from holidays.countries import France, Guam
assert "2026-07-14" in France(years=2026)
assert "2026-07-21" in Guam(years=2026)
assert holidays.country_holidays("FR", years=2026) == France(years=2026)
assert country_holidays("DE", "BY", 2026).items() == holidays.countries.Germany(subdiv="BY", years=2026).items()
"""
)


@pytest.mark.parametrize("script", [ONE, ALL], ids=["one", "all"])
def test_only_the_country_that_was_asked_for_is_loaded(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_no_year_but_the_one_that_was_asked_for_is_made() -> None:
    days = country_holidays("US", "", 2026, "en_US")
    assert {day.year for day in days} == {2026}
    assert days[date(2026, 7, 3)] == "Independence Day (observed)"


def test_a_country_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        country_holidays("XX")
