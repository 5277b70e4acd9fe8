"""What nothing could be made of is counted, kept in bounds, and dropped in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from nurture.db import transaction
from nurture.segment.rejected import LONGEST_COPY, Rejected
from nurture.store import rejected_events as store

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
EVER = NOW - timedelta(days=365)


def some(count: int, reason: str = "it is no object", source: str = "website") -> list[Rejected]:
    return [Rejected(source, reason, {"messageId": f"m{n}"}) for n in range(count)]


def kept(engine: Engine, since: datetime = EVER, most: int = 10_000) -> list[str | None]:
    with transaction(engine) as db:
        return [row.message_id for row in store.listed(db, since, most)]


def counted(engine: Engine, since: datetime = EVER) -> list[tuple[str, str, int]]:
    with transaction(engine) as db:
        return [(row.source, row.reason, row.count) for row in store.summary(db, since)]


def test_all_are_counted_and_the_first_of_a_request_are_kept(clean_db: Engine) -> None:
    store.keep_apart(clean_db, [*some(2500), *some(3, "its type is unknown")], NOW)
    store.keep_apart(clean_db, some(1), NOW + timedelta(hours=1))
    assert counted(clean_db) == [("website", "it is no object", 2501), ("website", "its type is unknown", 3)]
    assert len(kept(clean_db)) == store.KEPT_AT_ONCE + 3 + 1
    assert kept(clean_db, since=NOW + timedelta(minutes=1)) == ["m0"]


def test_nothing_is_no_trouble(clean_db: Engine) -> None:
    store.keep_apart(clean_db, [], NOW)
    assert counted(clean_db) == []


def test_a_flood_of_one_reason_pushes_out_only_its_own(clean_db: Engine) -> None:
    store.keep_apart(clean_db, some(2, "the rare one"), NOW)
    for n in range(30):
        store.keep_apart(clean_db, some(store.KEPT_AT_ONCE), NOW + timedelta(seconds=n))
    with transaction(clean_db) as db:
        rows = store.listed(db, EVER, 10_000)
    assert sum(row.reason == "it is no object" for row in rows) == store.KEPT_OF_EACH
    assert sum(row.reason == "the rare one" for row in rows) == 2
    assert rows[0].at == NOW + timedelta(seconds=29)


def test_many_at_once_lose_no_count_and_do_not_block_each_other(clean_db: Engine) -> None:
    def send(n: int) -> None:
        both = [*some(3, "one"), *some(3, "two")]
        store.keep_apart(clean_db, both if n % 2 else both[::-1], NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(40)))
    assert counted(clean_db) == [("website", "one", 120), ("website", "two", 120)]


def test_what_is_too_old_is_dropped(clean_db: Engine) -> None:
    store.keep_apart(clean_db, some(2), NOW - store.KEPT_FOR - timedelta(days=1))
    store.keep_apart(clean_db, some(1), NOW - store.KEPT_FOR + timedelta(days=1))
    with transaction(clean_db) as db:
        assert store.drop_old(db, NOW) == 2
    assert kept(clean_db) == ["m0"]
    assert counted(clean_db) == [("website", "it is no object", 1)]


@pytest.mark.parametrize(
    ("given", "copy"),
    [
        ({"messageId": "m", "writeKey": "wk_1"}, '{"messageId":"m","writeKey":"[removed]"}'),
        ({"traits": {"password": "hunter2", "email": "a@b.example"}},
         '{"traits":{"password":"[removed]","email":"a@b.example"}}'),
        ({"context": {"page": {"url": "https://x.example/?nurture_visitor=abc.def&utm_source=mail"}}},
         '{"context":{"page":{"url":"https://x.example/?nurture_visitor=[removed]&utm_source=mail"}}}'),
        ({"next": "https://x.example/in?next=%2Fx%3Fnurture_visitor%3Dabc"},
         '{"next":"https://x.example/in?next=%2Fx%3Fnurture_visitor%3D[removed]"}'),
        ({"u": "https://me:pw@x.example/p#access_token=1"}, '{"u":"https://x.example/p#access_token=[removed]"}'),
        ({"card_number": 4111, "token": None}, '{"card_number":"[removed]","token":null}'),
        ([10**30, float("nan"), "\u0000\ud800"], '["a number of more than 64 bits",null,"?"]'),
        ("text", '"text"'),
        (None, "null"),
    ],
)  # fmt: skip
def test_a_copy_has_no_secrets_in_it(given: object, copy: str) -> None:
    assert Rejected("s", "r", given).copy() == copy


def test_a_copy_is_small_and_made_of_anything(clean_db: Engine) -> None:
    deep: object = "x"
    for _ in range(5000):
        deep = {"d": [deep]}
    wide = {"t": ["x" * 100_000] * 3000, **{f"k{n}": "y" * 900 for n in range(2000)}, "messageId": "z" * 9000}
    copies = [Rejected("s", "r", deep), Rejected("s", "r", wide), Rejected("s", "r", {"messageId": 7})]
    assert all(len(one.copy()) <= LONGEST_COPY for one in copies)
    assert [len(one.message_id or "") for one in copies] == [0, 255, 0]
    store.keep_apart(clean_db, copies, NOW)
    assert len(kept(clean_db)) == 3
