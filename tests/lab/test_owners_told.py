"""`tell: owner` in a simulation: counted once a lead and day, for those leads that somebody owns."""

from datetime import timedelta

from nurture.lab.acts import RepSays
from nurture.lab.tally import Tally
from nurture.lab.told import figures
from tests.lab.lives import START, Scripted, event, lived, person
from tests.rules.lives import book_of

SIGNALS = {
    "docs_visit": {"when": {"page": "/docs*"}, "points": 2, "tell": "owner"},
    "demo_request": {"when": {"track": "Demo Requested"}, "hand_raise": True, "tell": "owner"},
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def visits(*hours: int):
    return [event("page", START + hour * HOUR, path="/docs/api", url="https://acme.example/docs/api") for hour in hours]


def times(book, *people, **more) -> list[float]:
    (life,) = lived(book, *people, **more)
    return [(told.at - START) / HOUR for told in life.told]


def test_an_owner_is_told_once_a_day_of_sales():
    book = book_of(signals=SIGNALS)
    events = visits(1, 2, 9, 17, 24)  # the fourth is an hour after midnight in Chicago
    assert times(book, person(owner="kim@acme.example"), events=events) == [1, 17]
    assert times(book, person(), events=events) == []


def test_sales_is_told_of_its_own_leads_and_of_those_that_it_kept_or_won():
    book = book_of(signals=SIGNALS)
    asked = event("track", START + HOUR, name="Demo Requested")

    def after(*says):
        def answers(handoff):
            return [RepSays(handoff.at + n * HOUR, handoff.lead, *said) for n, said in enumerate(says, 1)]

        events = [asked, *visits(2, 50)]
        return times(book, person(), events=events, behaviour=Scripted(sales=[answers]))

    assert after() == [2, 50]
    assert after(("accept",), ("won",)) == [2, 50]
    assert after(("accept",), ("reject", "already_mine")) == [2, 50]
    assert after(("accept",), ("reject", "not_ready")) == [2]


def test_the_figures_count_them_and_a_life_shows_them():
    book = book_of(signals=SIGNALS)
    tally = Tally(book, START, START + 7 * DAY)
    for life in lived(book, person(owner="kim@acme.example"), events=visits(1, 2, 30)):
        tally.add(life)
    told = figures(tally)
    assert told["owners_told"] == {"docs_visit": 2}
    lines = [line["what"] for example in told["examples"].values() for line in example["life"]]
    assert lines.count("the owner is told: docs_visit") == 2
