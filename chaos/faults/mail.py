"""The mail server refuses connections, stands still, hangs up, says no, in each of its moments; or is killed."""

from random import Random

from chaos.crew import WORKERS
from chaos.faults.fault import Fault
from chaos.receivers.manners import Does, Manners, Rule
from chaos.world import CONNECTIONS, World

UNDER_WAY = len(WORKERS) * CONNECTIONS
"""So many mails are handed over at one moment."""
REFUSALS = (
    ("connect", "421 4.3.2 not now"),
    ("ehlo", "421 4.3.0 not now"),
    ("mail", "421 4.7.0 too many"),
    ("mail", "451 4.7.1 not you, not now"),
    ("rcpt", "450 4.2.0 greylisted"),
    ("rcpt", "421 4.7.0 too many recipients"),
    ("rcpt", "550 5.1.1 no such mailbox"),
    ("rcpt", "550 5.7.1 we do not like you"),
    ("data", "452 4.3.1 no room"),
    ("dot", "451 4.3.0 cannot be stored"),
    ("dot", "552 5.2.2 mailbox full"),
    ("dot", "554 5.7.1 spam"),
    ("dot", "421 4.3.2 going down"),
)
"""Where, and in what words."""
LOSING = ("body", "dot", "kept", "answered")
"""Where a connection that breaks leaves a mail of which nobody knows; the last one is answered already."""


class _Misbehave:
    """What all faults of the mail server have in common."""

    unknown, patient = 0, False
    lasts = 3.0

    def heal(self, world: World) -> None:
        world.sink.behave()
        world.resume_sending()


class Refuse(_Misbehave):
    """Nobody listens, and all connections break."""

    name, unknown = "mail-refuses", UNDER_WAY

    def strike(self, world: World, dice: Random) -> str:
        world.sink.behave(Manners(listens=False))
        return "nobody listens"


class SayNo(_Misbehave):
    """Some are refused, for now or for good, at one moment of the dialogue."""

    name = "mail-says-no"

    def strike(self, world: World, dice: Random) -> str:
        (at, reply), share = dice.choice(REFUSALS), dice.choice((0.05, 0.3, 1.0))
        rule = Rule(at, "say", reply, share=share, sticky=at == "rcpt")
        world.sink.behave(Manners(rules=(rule,), pipelining=dice.random() < 0.7, seed=dice.randrange(2**32)))
        return f"{reply[:3]} at {at} to {share:.0%}"


class HangUp(_Misbehave):
    """The connection ends, by a farewell or without one, before a mail is taken or after."""

    name, unknown = "mail-hangs-up", UNDER_WAY

    def strike(self, world: World, dice: Random) -> str:
        at = dice.choice(("connect", "mail", "rcpt", "data", *LOSING, "kept"))
        does: Does = dice.choice(("close", "reset"))
        most = dice.randint(1, UNDER_WAY)
        world.sink.behave(Manners(rules=(Rule(at, does, share=0.5, most=most),), pipelining=dice.random() < 0.7))
        return f"{does} at {at}, {most} times at most"


class Hang(_Misbehave):
    """It stands still for a moment, then goes on as if nothing were."""

    name = "mail-hangs"

    def strike(self, world: World, dice: Random) -> str:
        at, seconds = dice.choice(("connect", "ehlo", "mail", "rcpt", "data", *LOSING)), dice.uniform(0.5, 4)
        world.sink.behave(
            Manners(rules=(Rule(at, "hang", seconds=seconds, share=0.2),), pipelining=dice.random() < 0.7)
        )
        return f"{seconds:.1f} s at {at}"


class HangForLong(_Misbehave):
    """It stands still for longer than a lease lasts; its answer comes late, or to nobody."""

    name, unknown, patient = "mail-hangs-for-long", UNDER_WAY, True
    lasts = 10.0

    def strike(self, world: World, dice: Random) -> str:
        at = dice.choice(("dot", "kept"))
        rule = Rule(at, "hang", seconds=45, most=dice.randint(1, UNDER_WAY // 2))
        world.sink.behave(Manners(rules=(rule,)))
        return f"45 s at {at}, {rule.most} times at most"


class Drip(_Misbehave):
    """Its answers come one octet at a time."""

    name = "mail-drips"

    def strike(self, world: World, dice: Random) -> str:
        at = dice.choice(("ehlo", "mail", "rcpt", "data", "kept"))
        seconds = dice.uniform(0.2, 1.5)
        world.sink.behave(
            Manners(rules=(Rule(at, "drip", seconds=seconds, share=0.3),), pipelining=dice.random() < 0.5)
        )
        return f"{seconds:.1f} s at {at}"


class Die(_Misbehave):
    """Killed, and started again on what it has taken."""

    name, unknown = "mail-dies", UNDER_WAY

    def strike(self, world: World, dice: Random) -> str:
        world.sink.kill()
        return "until it is healed"

    def heal(self, world: World) -> None:
        if world.sink.pid is None:
            world.sink.start()
        super().heal(world)


FAULTS: tuple[Fault, ...] = (Refuse(), SayNo(), HangUp(), Hang(), HangForLong(), Drip(), Die())
