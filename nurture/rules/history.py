"""What a lead did long ago, told only now: it counts, but it is no news."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nurture.facts import EventFact
from nurture.rules.happenings import Arrived, Did, Happening, ProfileChanged, Remembered

LONG_AGO = timedelta(days=2)
"""What happened longer ago than this is history when it comes in.

Phones that were offline, queues that stood still and a night's batch job are late by hours, over a weekend by two
days: what they bring is news. Archives and other systems' exports are late by months, and a rep who is told of a demo
request of last spring, or a lead that gets its first mail because of one, would think that we are mad.
"""


def is_history(occurred_at: datetime, now: datetime) -> bool:
    """Whether what happened then is history where it is told `now`."""
    return now - occurred_at > LONG_AGO


def told(
    done: Sequence[EventFact],
    now: datetime,
    *,
    arrived: bool,
    profile_changed: bool,
    heard_now: bool,
    as_history: bool = False,
) -> Happening | None:
    """What has happened to a lead of which something was told; None where nothing has.

    What is history counts, and what is of now decides with it counted. Where all is history, nothing is decided.

    Args:
        done: what it did, as far as this was not known: human events, in order of time.
        now: when it is told.
        arrived: nobody knew the lead.
        profile_changed: who it is has changed.
        heard_now: something that told of it (who it is, say) is of now, whatever becomes of it.
        as_history: all of it is history, whenever it happened: somebody imports an archive.
    """
    recent = tuple(event for event in done if not is_history(event.occurred_at, now))
    if as_history or not (heard_now or recent):
        return Remembered(tuple(done)) if done or arrived or profile_changed else None
    remembered = tuple(event for event in done if is_history(event.occurred_at, now))
    if arrived:
        return Arrived(recent, remembered)
    if done:
        return Did(recent, profile_changed, remembered)
    return ProfileChanged() if profile_changed else None
