"""Take in what came back of mails: deliveries, bounces, complaints. Each once, whatever is sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture.app import App
from nurture.messages import ProviderEvent


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call did: reports that were new, that were known already, addresses suppressed, mails settled."""

    new: int = 0
    known: int = 0
    suppressed: int = 0
    settled: int = 0
    mails: int = 0


def take_reports(app: App, events: Sequence[ProviderEvent], now: datetime) -> Taken:
    """Keep reports and act on them; all is committed when this returns. An event seen before changes nothing.

    Hard bounces and complaints suppress, soft ones count until they do, a delivery resets the count; a mail of which
    nobody knew whether the server took it is settled. Events of type `inbound` go to `flows.take_mail`.

    Args:
        app: the application.
        events: as providers' files or `nurture.inbound` made them, in any order.
        now: when they came.
    """
    raise NotImplementedError
