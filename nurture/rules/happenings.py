"""What can happen to a lead. `life.apply` takes one of these; nothing else changes a lead's life."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.facts import EventFact
from nurture.values import quick


@quick
@dataclass(frozen=True, slots=True)
class Arrived:
    """A lead came in, perhaps with what it did so far: graded, offered to sales if it fits, else taken for nurture.

    `remembered`: what it did long ago, as in `Did`.
    """

    events: tuple[EventFact, ...] = ()
    remembered: tuple[EventFact, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Refused:
    """Sales does not want the lead (now). `how`: rejected by a rep, returned by the SLA, or lost as an opportunity."""

    reason: str
    at: datetime
    by: str = ""
    note: str = ""
    how: Literal["rejected", "returned", "lost"] = "rejected"


@quick
@dataclass(frozen=True, slots=True)
class Progressed:
    """Sales moved its handoff on: accepted (sal), contacted, qualified (sql), or won (customer)."""

    to: Literal["accepted", "contacted", "qualified", "won"]
    by: str = ""
    note: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Did:
    """The lead did something, as judged: these events are human and have not been counted yet.

    `profile_changed`: the same request changed who the lead is; the state already says so. `remembered`: what it did
    long ago (`rules.history`), which counts, but raises no hand.
    """

    events: tuple[EventFact, ...]
    profile_changed: bool = False
    remembered: tuple[EventFact, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Remembered:
    """Nothing but history came in: what the lead did long ago, or who it was.

    It is counted, scored and graded like any other, and answers are noted. But nobody is handed over by it, no hand is
    raised, no campaign takes or leaves the lead, no mail is planned or moved: all that waits for something that happens
    now. A lead that only history tells of rests as an inquiry.
    """

    events: tuple[EventFact, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """The state's profile is already the new one; decide again what depends on it."""


@quick
@dataclass(frozen=True, slots=True)
class Merged:
    """Another lead turned out to be this one: the state already has what both did and got; decide again.

    `news`: it was found out now; what history tells hands nobody over, and no campaign takes the lead by it.
    """

    news: bool = True


@quick
@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody who knows better (an import, a CRM) says that the lead is a customer, or out of the question."""

    stage: Literal["customer", "disqualified"]


@quick
@dataclass(frozen=True, slots=True)
class StoodElsewhere:
    """Another CRM's records tell how far sales has got with the lead.

    It has the lead (`mql`, `sal`, `sql`), has won it (`customer`), or has given it up (`nurture`), for `reason` where
    that is known. Records make no news: nobody is offered by them, and no campaign takes anybody.
    """

    stage: Literal["mql", "sal", "sql", "customer", "nurture"]
    reason: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class CameDue:
    """The time that was set for this lead has come (or its campaign's file has changed): decide again."""


@quick
@dataclass(frozen=True, slots=True)
class DeadlineCame:
    """The time has come to look at what sales owes on the open handoff; harmless at any other time."""


@quick
@dataclass(frozen=True, slots=True)
class SendFailed:
    """A mail was surely not taken. `for_good`: it never will be, the step is passed over in this cycle."""

    campaign: str
    step: str
    cycle: int
    for_good: bool


@quick
@dataclass(frozen=True, slots=True)
class MustNotBeMailed:
    """The address, or one topic of it, is suppressed. `word` is what a live enrollment then ends with."""

    word: Literal["unsubscribed", "topic_left", "bounced", "complained", "suppressed", "erased"]
    topic: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class MayBeMailed:
    """A suppression was taken back: of one topic, or with `topic=None` of all mail. The list already says so."""

    topic: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Postponed:
    """No nurture mail before `until`: an absence, a pause that the lead chose. Nothing else of the lead's life stops.

    Mails on their way before it do not go; they are planned anew. `because` is why, as `nurture why` says it before
    "until Fri 8 Jan": `out of office`, `paused by the lead`. Each reason has one time, the latest of all rules, and
    they outlive a handoff and a refusal. The same reason said again replaces its time; one that has come takes it back.
    """

    until: datetime
    because: str


@quick
@dataclass(frozen=True, slots=True)
class EnrolledByHand:
    """An operator puts the lead into a campaign; a running enrollment ends as `moved`."""

    campaign: str


@quick
@dataclass(frozen=True, slots=True)
class OfferedByHand:
    """An operator asks to offer the lead if it qualifies now (`nurture qualify`)."""


Happening = (
    Arrived
    | Refused
    | Progressed
    | Did
    | Remembered
    | ProfileChanged
    | Merged
    | Placed
    | StoodElsewhere
    | CameDue
    | DeadlineCame
    | SendFailed
    | MustNotBeMailed
    | MayBeMailed
    | Postponed
    | EnrolledByHand
    | OfferedByHand
)
