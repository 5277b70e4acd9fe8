"""Events of a request that go side by side: never those that have anything to do with each other."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from nurture.segment.event import IncomingEvent
from nurture.web.lanes import by_lanes, lane_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ID = st.none() | st.integers(0, 12).map(str)


@st.composite
def events(draw: st.DrawFn) -> list[IncomingEvent]:
    """Events that name some of few browsers, users and addresses."""
    told = draw(st.lists(st.tuples(ID, ID, ID, ID), max_size=20))
    return [
        IncomingEvent(
            message_id=str(n), kind="track" if before is None else "alias", source="test", occurred_at=NOW,
            received_at=NOW, anonymous_id=browser and f"b{browser}", user_id=user and f"U{user}",
            email=address and f"a{address}@x.example",
            properties={} if before is None else {"previousId": f"u{before}"},
        )
        for n, (browser, user, address, before) in enumerate(told)
    ]  # fmt: skip


def ids(event: IncomingEvent) -> set[str]:
    """What it names."""
    named = (event.anonymous_id, event.user_id, event.email, event.properties.get("previousId"))
    return {one.lower() for one in named if one}


@given(events(), st.integers(1, 4))
def test_lanes_have_no_id_in_common_and_keep_the_order(those: list[IncomingEvent], lanes: int) -> None:
    found = by_lanes(those, lanes)
    assert len(found) == lanes
    assert sorted((event for lane in found for event in lane), key=lambda event: int(event.message_id)) == those
    named = [set().union(*map(ids, lane)) for lane in found]
    assert sum(map(len, named)) == len(set().union(*named))
    for lane in found:
        assert lane == sorted(lane, key=lambda event: int(event.message_id))


def test_of_strangers_to_each_other_both_lanes_have_some() -> None:
    those = [
        IncomingEvent(str(n), "page", occurred_at=NOW, received_at=NOW, source="test", anonymous_id=f"b{n}")
        for n in range(100)
    ]
    one, other = by_lanes(those, 2)
    assert min(len(one), len(other)) > 20
    assert all(lane_of(event, 2) == 0 for event in one)
