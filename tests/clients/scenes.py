"""What the clients are made to say, as data: the same for each, in its own words, about people of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.clients.fault_proxy import Cut, Damaged, Fault, Says, Slow

PYTHON = ("segment-python", "rudderstack-python", "customerio-python")
NODE = ("segment-node", "rudderstack-node", "customerio-node")
EVERY = (*PYTHON, *NODE)
OBEYS_RETRY_AFTER = ("segment-python", "segment-node", "rudderstack-node")
SENDS_NO_SENT_AT = ("customerio-node",)
RETRIES_A_401 = ("customerio-node",)
"""It takes all but a 400 for something that passes, and gives up after its tries."""
WAITS = ("rudderstack-node",)
"""It sends again what was refused or cut off, but not what was not answered in time: by default it waits for ever."""
SENDS_WHAT_IS_TOO_LARGE = ("rudderstack-python", "rudderstack-node")
"""The others hold to Segment's limits by themselves."""
GZIPS = ("segment-python", "rudderstack-python", "customerio-python", "rudderstack-node")

KEY = "wk_test"
CUSTOMERIO_KEY = "sk_us_test"
"""One that has the shape of Customer.io's own goes as Bearer."""
WRITE_KEYS = f"site:{KEY},cdp:{CUSTOMERIO_KEY}"
MANY = 120
RETRY_AFTER = 1
PATIENCE = 1.5
"""How many seconds a client waits for an answer, where one is slow."""

HOUR = timedelta(hours=1)
Json = dict[str, Any]
FLUSH: Json = {"call": "flush"}


@dataclass(frozen=True)
class Scene:
    """What one client says, to whom. `clock`: how far the server's clock is ahead of the client's."""

    client: str
    name: str
    calls: Sequence[Json] = ()
    script: Sequence[Fault] = ()
    clock: timedelta = timedelta()
    key: str = KEY
    timeout: float = 10
    retries: int = 10
    batch: int = 100
    gzip: bool = False

    def __str__(self) -> str:
        return f"{self.name}-{self.client}"

    @property
    def user(self) -> str:
        """The user id of whom it is about."""
        return f"user-{self}"

    @property
    def email(self) -> str:
        """And the address."""
        return f"{self.name}.{self.client}@acme.example"

    @property
    def visitor(self) -> str:
        """The anonymous id of the browser before it is known."""
        return f"visitor-{self}"

    def spoken(self, host: str) -> Json:
        """As the ones that play it read it."""
        return {
            "client": self.client,
            "host": host,
            "key": self.key,
            "gzip": self.gzip,
            "timeout": self.timeout,
            "retries": self.retries,
            "batch": self.batch,
            "calls": list(self.calls),
        }


TRAITS: Json = {
    "firstName": "Maria",
    "lastName": "Rossi",
    "title": "VP Operations",
    "country": "US",
    "employees": 450,
    "company": {"name": "Acme Robotics"},
}


class Author:
    """Writes scenes around one instant, the client's present."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def ago(self, minutes: float) -> datetime:
        """A time of the client's clock, to the millisecond, as most clients write it."""
        at = self.now - timedelta(minutes=minutes)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def call(self, call: str, minutes: float, **said: Any) -> Json:
        """One call, with its time."""
        return {"call": call, "timestamp": self.ago(minutes).isoformat(), **said}

    def life(self, client: str) -> Scene:
        """A visitor looks around, becomes known, acts; another browser turns out to be the same person."""
        scene = Scene(client, "life")
        old, user = f"old-{scene}", scene.user
        calls = [
            self.call("page", 50, anonymousId=scene.visitor, name="Pricing", properties={"path": "/pricing"}),
            self.call("screen", 49, anonymousId=scene.visitor, name="Settings", properties={}),
            self.call("page", 48, anonymousId=old, properties={"url": "https://acme.example/trial?utm_source=x"}),
            self.call("track", 47, anonymousId=old, event="Brochure Opened", properties={"pages": 3}),
            FLUSH,
            self.call("identify", 45, userId=user, anonymousId=scene.visitor, traits={**TRAITS, "email": scene.email}),
            self.call("track", 40, userId=user, event="Whitepaper Downloaded", properties={"title": "Safety"}),
            self.call("group", 39, userId=user, groupId=f"acme-{client}", traits={"industry": "manufacturing"}),
            self.call("page", 35, userId=user, anonymousId=scene.visitor, properties={"path": "/pricing/robots"}),
            FLUSH,
            self.call("alias", 30, previousId=old, userId=user),
            FLUSH,
        ]
        return replace(scene, calls=calls)

    def renamed(self, client: str) -> Scene:
        """A product that learns a better user id for somebody who is known."""
        scene = Scene(client, "renamed")
        calls = [
            self.call("identify", 12, userId=scene.user, traits={"email": scene.email}),
            FLUSH,
            self.call("alias", 11, previousId=scene.user, userId=f"{scene.user}-better"),
            FLUSH,
            self.call("track", 10, userId=f"{scene.user}-better", event="Robot Compared", properties={}),
        ]
        return replace(scene, calls=calls)

    def overtaken(self, client: str) -> Scene:
        """What somebody does arrives before the word who that is: clients for Node send batches side by side."""
        scene = Scene(client, "overtaken")
        calls = [
            self.call("page", 11, userId=scene.user, properties={"path": "/pricing"}),
            FLUSH,
            self.call("identify", 12, userId=scene.user, traits={"email": scene.email}),
        ]
        return replace(scene, calls=calls)

    def known(self, client: str, name: str, days: int = 0, **changes: Any) -> Scene:
        """Somebody says who it is and acts twice; so many days ago."""
        scene, then = Scene(client, name, **changes), days * 24 * 60
        calls = [
            self.call("identify", then + 12, userId=scene.user, traits={**TRAITS, "email": scene.email}),
            self.call("page", then + 11, userId=scene.user, properties={"path": "/pricing"}),
            self.call("track", then + 10, userId=scene.user, event="Webinar Attended", properties={"minutes": 45}),
        ]
        return replace(scene, calls=calls)

    def many(self, client: str) -> Scene:
        """More than fits into one batch, compressed where the client can."""
        key = CUSTOMERIO_KEY if client == "customerio-python" else KEY
        scene = Scene(client, "many", batch=50, gzip=True, key=key)
        identify = self.call("identify", 20, userId=scene.user, traits={"email": scene.email})
        events = [
            self.call("track", 19 - n / 10, userId=scene.user, event=f"Step {n}", properties={}) for n in range(MANY)
        ]
        return replace(scene, calls=[identify, FLUSH, *events])

    def heavy(self, client: str) -> Scene:
        """An event of 600 KB: of these clients only RudderStack's let it pass."""
        scene = Scene(client, "heavy", gzip=True, retries=2)
        track = self.call("track", 1, userId=scene.user, event="Novel Read", properties={"text": "x" * 600_000})
        return replace(scene, calls=[track])

    def all(self, clients: Sequence[str]) -> list[Scene]:
        """Every scene of these clients."""
        return [scene for client in clients for scene in self._of(client)]

    def _of(self, client: str) -> list[Scene]:
        scenes = [
            self.life(client),
            self.many(client),
            self.renamed(client),
            self.overtaken(client),
            self.known(client, "history", days=5),
            self.known(client, "behind", clock=HOUR),
            self.known(client, "ahead", clock=-HOUR),
            self.known(client, "refused", script=[Says(500), Says(429, RETRY_AFTER), Says(503)]),
            self.known(client, "cut", script=[Cut(after=False)]),
            self.known(client, "lost", script=[Cut(after=True)]),
            self.known(client, "slow", script=[Slow(PATIENCE + 0.5)], timeout=10 if client in WAITS else PATIENCE),
            self.known(client, "damaged", script=[Damaged()] * 50, retries=2),
        ]
        if client not in RETRIES_A_401:
            scenes.append(self.known(client, "stranger", key="wk_wrong", retries=2))
        if client in SENDS_WHAT_IS_TOO_LARGE:
            scenes.append(self.heavy(client))
        return scenes

    def tour(self, client: str) -> Scene:
        """Everything goes wrong, one after the other."""
        faults = [Says(500), Says(429, 2), Says(503), Cut(after=False), Cut(after=True)]
        return self.known(client, "tour", script=faults)
