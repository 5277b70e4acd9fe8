"""Mails go by a provider's API for a while, and it misbehaves; what it took, it reports later.

The strike begins with a release: the workers are told to stop, and come back with another `MAIL_URL`.
"""

from random import Random

from chaos.faults.fault import Fault
from chaos.faults.release import release_with
from chaos.receivers.manners import Manners, Rule
from chaos.receivers.reports import SECRETS, Reporter
from chaos.world import World

BATCH = 5
"""Mails a request."""
LOST = 3
"""So many answers are lost at most. After the first a request carries one mail, so this bounds what is unknown:"""
UNKNOWN = 2 * BATCH + 2 * LOST
"""a request of each worker, and few single mails."""
TROUBLE: tuple[tuple[str, Rule], ...] = (
    ("500 before it takes them", Rule("asked", "say", "500", most=LOST)),
    ("429, away for a second", Rule("asked", "say", "429", seconds=1, share=0.5)),
    ("429, away for a minute", Rule("asked", "say", "429", seconds=60, most=1)),
    ("503", Rule("asked", "say", "503", share=0.5)),
    ("401", Rule("asked", "say", "401", most=1)),
    ("no answer before it takes them", Rule("asked", "close", most=LOST)),
    ("no answer after it took them", Rule("kept", "close", most=LOST)),
    ("broken off after it took them", Rule("kept", "reset", most=LOST)),
    ("a slow answer", Rule("kept", "hang", seconds=3, share=0.5)),
    ("an answer in drops", Rule("kept", "drip", seconds=1, share=0.5)),
    ("hung up after the answer", Rule("answered", "close", share=0.5)),
    ("some inactive", Rule("item", "say", "406", share=0.1, sticky=True)),
    ("some invalid", Rule("item", "say", "300", share=0.1, sticky=True)),
    ("some with a code that nobody knows", Rule("item", "say", "7777", share=0.2, sticky=True)),
    ("out of credits", Rule("item", "say", "405", share=1.0, most=20)),
)


class _Provider:
    """What both providers have in common. After `heal` mails go by SMTP again."""

    unknown, patient = UNKNOWN, False
    lasts = 4.0

    def __init__(self, scheme: str) -> None:
        self.name, self._scheme = f"esp-{scheme}", scheme

    def strike(self, world: World, dice: Random) -> str:
        words, rule = dice.choice(TROUBLE)
        world.esp.behave(Manners(rules=(rule,), seed=dice.randrange(2**32)))
        _let_reports_in(world)
        self._before = len(world.esp.mails())
        options = {"batch": BATCH, "connections": 1}
        release_with(world, world.esp.mail_url(self._scheme, **options))
        return words

    def heal(self, world: World) -> None:
        """It behaves, the workers go back to SMTP, and its reports come in, as far as web is there."""
        world.esp.behave()
        release_with(world, world.usual_mail_url)
        world.resume_sending()
        report(world, self._before)


def report(world: World, since: int = 0, *, tries: int = 3) -> int:
    """Post the reports of what the provider has taken, from the n-th mail on."""
    return Reporter(world.base_url, tries=tries).delivered(world.esp.mails()[since:], world.clock.now)


def _let_reports_in(world: World) -> None:
    """Web takes reports once it knows their secrets."""
    if not SECRETS.items() <= world.crew.environment.items():
        world.crew.environment.update(SECRETS)
        world.restart("web")


FAULTS: tuple[Fault, ...] = (_Provider("postmark"), _Provider("resend"))
