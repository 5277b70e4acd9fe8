"""What a make-believe reader does with a mail; mostly nothing. A function of the seed, the reader, the mail."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from nurture.local.acts import Act, Answer, ComeBack, Follow, Leave, OneClick, Open, Scan, Visit
from nurture.local.chance import Chance
from nurture.local.letter import Letter
from nurture.local.personas import SCANNERS, Kind, Persona
from nurture.local.repertoire import Repertoire

_OPENS: Mapping[Kind, float] = {
    "silent": 0.12, "glancer": 0.75, "reader": 0.85, "buyer": 0.92, "guarded": 0.7, "leaver": 0.5,
}  # fmt: skip
_FOLLOWS: Mapping[Kind, float] = {"glancer": 0.04, "reader": 0.34, "buyer": 0.3, "guarded": 0.2, "leaver": 0.05}
_ANSWERS: Mapping[Kind, float] = {"silent": 0.04, "glancer": 0.12, "reader": 0.45, "buyer": 0.75, "guarded": 0.3}
_STAYS_WARM = 0.75
"""How likely a buyer who has woken up takes the next mail seriously too."""

_LATER: Mapping[tuple[int, int], float] = {(6, 75): 60, (120, 420): 28, (1200, 1800): 12}
"""When a mail is read: minutes after it came, by weight."""
_FIRST_LOOK, _LAST_LOOK = time(7, 30), time(21, 30)
_TO_FOLLOW = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reader with one mail, the n-th."""

    chance: Chance
    who: Persona
    letter: Letter
    n: int
    came_at: datetime
    site: Repertoire

    def happens(self, probability: float, what: str) -> bool:
        return self.chance.happens(probability, what, self.who.email, self.n)

    def at(self, what: str, soonest: timedelta, latest: timedelta) -> datetime:
        """An instant between the two after the mail came, when people are awake."""
        seconds = self.chance.between(soonest.total_seconds(), latest.total_seconds(), what, self.who.email, self.n)
        return awake(self.came_at + timedelta(seconds=round(seconds)), self.who.zone)


def react(chance: Chance, who: Persona, letter: Letter, n: int, came_at: datetime, site: Repertoire) -> tuple[Act, ...]:
    """Everything that this mail makes its reader do, in the order of time.

    Args:
        chance: the seed.
        who: the reader.
        letter: the mail as it lay in the mailbox.
        n: the how-manieth mail of ours it is for this reader, from 1.
        came_at: when it came, in business time.
        site: what can be done on the company's site.
    """
    reading = _Reading(chance, who, letter, n, came_at, site)
    return tuple(sorted(_acts(reading), key=lambda act: act.at))


def awake(at: datetime, zone: str) -> datetime:
    """The same instant, or the next morning's first look where it is night there."""
    local = at.astimezone(ZoneInfo(zone))
    if local.time() < _FIRST_LOOK:
        morning = local.date()
    elif local.time() > _LAST_LOOK:
        morning = local.date() + timedelta(days=1)
    else:
        return at
    return datetime.combine(morning, _FIRST_LOOK, local.tzinfo).astimezone(at.tzinfo)


def _acts(reading: _Reading) -> Iterator[Act]:
    who, letter = reading.who, reading.letter
    if who.kind == "guarded":
        agent, method = reading.chance.weighed(SCANNERS, "gateway", who.email, reading.n)
        yield Act(reading.came_at, who.email, Scan(letter.everything, agent, method))
    wait = reading.chance.weighed(_LATER, "when", who.email, reading.n)
    read_at = reading.at("read", timedelta(minutes=wait[0]), timedelta(minutes=wait[1]))
    if who.kind == "leaver" and reading.n >= who.wakes_at:
        yield from _leaves(reading, read_at)
        return
    warm = who.kind == "buyer" and reading.n >= who.wakes_at and reading.happens(_STAYS_WARM, "warm")
    if not warm and not reading.happens(_OPENS.get(who.kind, 0), "opens"):
        return
    if letter.pixel:
        yield Act(read_at, who.email, Open(letter.pixel))
    if letter.answers and reading.happens(_ANSWERS.get(who.kind, 0), "answers"):
        yield Act(read_at + _TO_FOLLOW, who.email, Answer(_answer(reading, warm=warm)))
    elif letter.links and warm:
        yield from _buys(reading, read_at)
    elif letter.links and reading.happens(_FOLLOWS.get(who.kind, 0), "follows"):
        yield Act(read_at + _TO_FOLLOW, who.email, Follow(_link(reading), tuple(_browses(reading))))


def _leaves(reading: _Reading, at: datetime) -> Iterator[Act]:
    letter, email = reading.letter, reading.who.email
    if letter.one_click and reading.happens(0.6, "one click"):
        yield Act(at, email, OneClick(letter.one_click))
    elif letter.unsubscribe:
        yield Act(at, email, Leave(letter.unsubscribe))


def _link(reading: _Reading) -> str:
    """Mostly what the mail is about, which comes first."""
    links = reading.letter.links
    if reading.happens(0.8, "first link"):
        return links[0]
    return reading.chance.one_of(links, "link", reading.who.email, reading.n)


def _answer(reading: _Reading, *, warm: bool) -> str:
    """Warm readers tend to the first answers, the others to any."""
    answers = reading.letter.answers
    first = answers[: max(1, len(answers) // 2)]
    return reading.chance.one_of(first if warm else answers, "answer", reading.who.email, reading.n)


def _browses(reading: _Reading) -> Iterator[Visit]:
    """A short look around."""
    site = reading.site
    if reading.happens(0.3, "looks"):
        yield site.pages[-1]
    if reading.happens(0.22, "prices"):
        yield site.pages[0]
    if site.tracks and reading.happens(0.15, "takes"):
        yield site.tracks[-1]
    if site.cooling and reading.happens(0.05, "cools"):
        yield site.cooling[0]


def _buys(reading: _Reading, read_at: datetime) -> Iterator[Act]:
    """Somebody who means it: today, tomorrow, and later in the week."""
    email, site = reading.who.email, reading.site
    today = [site.pages[0]]
    if reading.happens(0.5, "again"):
        today.append(Visit("page", f"{site.pages[0].name.rstrip('/')}/calculator"))
    if site.tracks and reading.happens(0.55, "takes"):
        today.append(site.tracks[-1])
    if site.raising and reading.happens(0.05, "asks"):
        today.append(site.raising[0])
    yield Act(read_at + _TO_FOLLOW, email, Follow(reading.letter.links[0], tuple(today)))
    days: tuple[tuple[str, float, int, Callable[[], tuple[Visit, ...]]], ...] = (
        ("tomorrow", 0.7, 1, lambda: (site.pages[0], site.pages[-1])),
        ("later", 0.45, 3, lambda: site.tracks[:1] or site.pages[:1]),
    )
    for word, probability, day, visits in days:
        if reading.happens(probability, word):
            at = reading.at(f"{word} at", timedelta(days=day, hours=-2), timedelta(days=day, hours=4))
            yield Act(at, email, ComeBack(visits()))
