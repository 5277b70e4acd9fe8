"""Lists reach PostgreSQL as they are, whatever stands in them."""

import enum
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError

from nurture.arrays import ArrayDumper

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
INSTANTS = st.datetimes(timezones=st.just(UTC))
KINDS = [
    ("text", TEXT | st.sampled_from(["NULL", "", " a ", '"', "\\", "{a,b}", "'"])),
    ("bigint", st.integers(-(2**63), 2**63 - 1)),
    ("bool", st.booleans()),
    ("float8", st.floats(allow_nan=False)),
    ("numeric", st.decimals(allow_nan=False, allow_infinity=False, places=4)),
    ("timestamptz", INSTANTS),
    ("date", st.dates()),
    ("uuid", st.uuids()),
    ("bytea", st.binary()),
]


def there_and_back(engine: Engine, kind: str, values: list[Any]) -> Any:
    with engine.connect() as db:
        return db.execute(text(f"SELECT CAST(:values AS {kind}[])"), {"values": values}).scalar_one()


@pytest.mark.parametrize(("kind", "element"), KINDS, ids=[kind for kind, _ in KINDS])
def test_what_is_sent_is_what_is_kept(engine: Engine, kind: str, element: st.SearchStrategy[Any]) -> None:
    @given(st.lists(st.none() | element, max_size=20))
    def check(values: list[Any]) -> None:
        assert there_and_back(engine, kind, values) == values

    check()


def test_lists_of_lists_and_times_of_other_zones_are_kept(engine: Engine) -> None:
    assert there_and_back(engine, "int", [[1, 2], [3, 4]]) == [[1, 2], [3, 4]]
    at = datetime(2026, 3, 3, 9, 30, tzinfo=timezone(timedelta(hours=-5, minutes=-30)))
    assert there_and_back(engine, "timestamptz", [at]) == [at]


@pytest.mark.parametrize("zone", [ZoneInfo("Europe/Amsterdam"), timezone(timedelta(seconds=-61)), ZoneInfo("UTC")])
def test_offsets_of_seconds_are_kept(engine: Engine, zone: tzinfo) -> None:
    at = datetime(1900, 1, 1, 12, tzinfo=zone)
    assert there_and_back(engine, "timestamptz", [None, at]) == [None, at]


def test_a_list_may_hold_a_text_that_json_cannot_write_alike_among_others(engine: Engine) -> None:
    odd = ["plain", "\t", '"', "\\n", "\x7f", "null", "NULL", "{", "[1]", "é\u2028\U0001f600"]
    assert there_and_back(engine, "text", odd) == odd
    assert there_and_back(engine, "numeric", [2**80, None]) == [2**80, None]


def test_types_made_of_plain_ones_are_written_as_those(engine: Engine) -> None:
    class Word(enum.StrEnum):
        YES = "yes, indeed"

    class Count(int):
        pass

    assert there_and_back(engine, "text", [Word.YES]) == ["yes, indeed"]
    assert there_and_back(engine, "bigint", [Count(3)]) == [3]


def test_a_nul_is_refused_as_the_database_would(engine: Engine) -> None:
    with pytest.raises(DataError):
        there_and_back(engine, "text", ["a\x00b"])


def test_what_no_array_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="dict cannot stand in an array"):
        ArrayDumper(list).dump([{}])
