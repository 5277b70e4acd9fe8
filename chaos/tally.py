"""What came of all rounds, in figures."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from chaos.audit import Broken


@dataclass
class Tally:
    """Sums over rounds.

    Attributes:
        rounds: That were lived.
        faults: Strikes.
        mails: That receivers took for leads.
        events: That were answered 200, each counted once.
        doubles: Mails, handoffs, news under two ids, and events that are there twice.
        losses: Mails, events, handoffs, news that are nowhere.
        unknown: Mails of which nobody knows whether they were taken, within the bound.
        stuck: Leads, mails, news that nothing would ever move.
        wrong: Anything else that must not be.
        again: News that came again under the same id, as webhooks may.
        by_fault: Strikes by kind.
        failed: Seeds of rounds that did not pass.
        repeated: Seeds of rounds in which too little went through to prove anything, each as often as it was repeated.
        clicks: That were answered with a name for the visitor, so that they have to be there.
        replies: Of reps to handoffs, done or refused.
    """

    rounds: int = 0
    faults: int = 0
    mails: int = 0
    events: int = 0
    doubles: int = 0
    losses: int = 0
    unknown: int = 0
    stuck: int = 0
    wrong: int = 0
    again: int = 0
    by_fault: dict[str, int] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    clicks: int = 0
    replies: int = 0

    def blame(self, broken: list[Broken]) -> None:
        """Count what an audit found."""
        for one in broken:
            setattr(self, one.kind, getattr(self, one.kind) + max(1, len(one.rows)))

    def write(self, path: Path) -> None:
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")
