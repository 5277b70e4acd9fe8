"""Reps who answer handoffs at once, each by the API or by the page: double clicks, rivals for the same lead, and all.

Every answer is kept with what it said, so that `bench.answers` can hold the database to it.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

from bench.small_client import Heard, SmallClient

DOUBLE_CLICK = 0.3
RIVAL = 0.25
REFUSED_AT_ONCE = 0.15
REASONS = ("not_ready", "no_budget", "wrong_person")
OUTCOMES = ("qualified", "won", "lost", "reject", "contacted", None)
TRIES = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A handoff, and the path of the rep's page."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of a handoff, and what was heard: `mark` is the note, which is nobody else's."""

    handoff: int
    by: str
    act: str
    mark: str
    way: str
    status: int
    code: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done, or had been."""
        return self.status in (200, 303)


@dataclass(slots=True)
class Floor:
    """All reps, over one client."""

    client: SmallClient
    key: str
    reps: int
    seed: int
    told: list[Told] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    replayed: int = 0
    in_flight: int = 0

    async def answer(self, offers: Sequence[Offer]) -> None:
        """Let every rep work through the handoffs that are his, all reps at once."""
        shares = [offers[rep :: self.reps] for rep in range(self.reps)]
        await asyncio.gather(*(self._work(rep, share) for rep, share in enumerate(shares)))

    async def _work(self, rep: int, offers: Sequence[Offer]) -> None:
        for offer in offers:
            await _Case(self, offer, rep, random.Random(f"{self.seed}/{offer.id}")).play()

    async def say(self, offer: Offer, rep: int, act: str, mark: str, values: dict[str, str], name: str | None) -> Told:
        """Say one thing, the way this rep says things; `name` is the call's Idempotency-Key."""
        by = f"rep{rep}@acme.example"
        way = "page" if rep % 2 else "api"
        heard = await (self._press if way == "page" else self._call)(offer, act, {**values, "by": by}, name)
        code = orjson.loads(heard.body)["code"] if way == "api" and heard.status >= 400 else ""
        told = Told(offer.id, by, act, mark, way, heard.status, code)
        self.told.append(told)
        return told

    async def _press(self, offer: Offer, act: str, values: dict[str, str], _: str | None) -> Heard:
        form = urlencode({"do": act, **values}).encode()
        return self._timed(
            await self.client.post(offer.path, form, {"content-type": "application/x-www-form-urlencoded"})
        )

    async def _call(self, offer: Offer, act: str, values: dict[str, str], name: str | None) -> Heard:
        path, said = f"/api/handoffs/{offer.id}/{act}", dict(values)
        if act == "attempt":
            path += "s"
        elif act in ("qualified", "won", "lost", "contacted"):
            path, said = f"/api/handoffs/{offer.id}/outcome", {**values, "outcome": act}
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.key}"}
        if name is not None:
            headers["idempotency-key"] = name
        for _ in range(TRIES):
            heard = self._timed(await self.client.post(path, orjson.dumps(said), headers))
            if heard.status != 409 or b'"in-flight"' not in heard.body:
                break
            self.in_flight += 1
            await asyncio.sleep(0.02)
        return heard

    def _timed(self, heard: Heard) -> Heard:
        self.seconds.append(heard.seconds)
        self.replayed += heard.replayed
        return heard


@dataclass(slots=True)
class _Case:
    """One handoff and whoever goes after it."""

    floor: Floor
    offer: Offer
    rep: int
    chance: random.Random

    async def play(self) -> None:
        chance, reps = self.chance, self.floor.reps
        first = "reject" if chance.random() < REFUSED_AT_ONCE else "accept"
        said = [self._say(self.rep, first)]
        if reps > 1 and chance.random() < RIVAL:
            rival = (self.rep + chance.randrange(1, reps)) % reps
            said.append(self._say(rival, chance.choice(("accept", "reject"))))
        heard = await asyncio.gather(*said)
        winner = next((rep for rep, act, ok in heard if ok and act == "accept"), None)
        if winner is None:
            return
        for _ in range(chance.randrange(3)):
            await self._say(winner, "attempt")
        outcome = chance.choice(OUTCOMES)
        if outcome is not None:
            await self._say(winner, outcome)

    async def _say(self, rep: int, act: str) -> tuple[int, str, bool]:
        """Say it, perhaps with a double click; whether any of the answers was good."""
        chance = self.chance
        mark = f"{act} {self.offer.id} {rep} {chance.getrandbits(40):x}"
        values = {} if act == "accept" else {"note": mark}
        if act == "attempt":
            values |= {"kind": chance.choice(("call", "mail")), "outcome": chance.choice(("reached", "not_reached"))}
        elif act in ("reject", "lost"):
            values["reason"] = chance.choice(REASONS)
        name = f"{mark}/{self.floor.seed}".replace(" ", "-") if chance.random() < 0.5 else None
        clicks = 2 if chance.random() < DOUBLE_CLICK else 1
        say = self.floor.say
        heard = await asyncio.gather(*(say(self.offer, rep, act, mark, values, name) for _ in range(clicks)))
        return rep, act, any(one.ok for one in heard)
