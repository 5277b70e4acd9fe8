"""What came back of a mail: the row's next state, what the breaker hears, and what the rules must be told."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nurture.db import is_away, is_deadlock_or_serialization, transaction
from nurture.flows.decide import decide
from nurture.flows.letting_go import without_addresses
from nurture.flows.sending_run import Leased, Run
from nurture.flows.suppress import suppress
from nurture.messages import Receipt
from nurture.rules import breaker
from nurture.store import due
from nurture.store.deliveries import Answer
from nurture.store.merging import lock_living

TRIES = 5
"""So often a mail may be put off before it is given up for this cycle."""
POLICY_TRIES = 2
"""So often where it was refused for what we are or do: had that been all mails' trouble, the mailer would rest."""

log = logging.getLogger(__name__)

BROKE_OFF = "421"
"""How a server's words begin that takes leave amid a mail (RFC 5321 §3.8): for trouble of its own, or of this mail."""
BREAKS = 3
"""So often in one run it may do so at the same mail, while the mailer does not rest; then it is that mail's trouble.

The breaker hears of it once. Else one address at which a server always stumbles would stop all mails.
"""


def note_all(run: Run, receipts: Sequence[Receipt]) -> None:
    """Take down one answer of a mailer, for as many mails as it was about.

    That a request was held is one piece of news however many mails were in it. That many mails are unknown is as many.
    """
    held = 0
    for receipt in receipts:
        is_news = not (held and receipt.outcome == "held")
        held += receipt.outcome == "held"
        if receipt.outcome == "held" and receipt.reply.startswith(BROKE_OFF) and not run.trying:
            run.broken_off[receipt.delivery_id] += 1
            times = run.broken_off[receipt.delivery_id]
            is_news = is_news and times == 1
            if times >= BREAKS:
                receipt = replace(receipt, outcome="put_off")
        _note(run, run.under_way.pop(receipt.delivery_id), receipt, is_news=is_news)


def _note(run: Run, leased: Leased, receipt: Receipt, *, is_news: bool) -> None:
    heard = breaker.mark(receipt)
    run.marks += heard if is_news else ""
    if heard == breaker.BAD:
        run.why = without_addresses(receipt.reply)
    run.left += receipt.outcome in ("sent", "unknown")
    if run.trying and receipt.outcome == "put_off":
        # while it is tried whether the mailer can be used, what it does not take is its fault, not the mail's
        receipt = replace(receipt, outcome="held")
    record(run, leased, receipt)


def record(run: Run, leased: Leased, receipt: Receipt) -> None:
    """Turn an outcome into the row's next state, and remember what the rules must hear of."""
    delivery_id, reply = receipt.delivery_id, receipt.reply[:500]
    match receipt.outcome:
        case "sent":
            run.done.sent += 1
            run.answers.append(Answer(delivery_id, "sent"))
        case "unknown":
            run.done.unknown += 1
            run.answers.append(Answer(delivery_id, "unknown", reply or "the answer was lost"))
        case "refused":
            run.done.failed += 1
            run.answers.append(Answer(delivery_id, "failed", reply, for_good=True))
            run.failures.append((leased, receipt))
        case "put_off":
            run.done.put_off += 1
            run.answers.append(Answer(delivery_id, "failed", reply, for_good=_for_good(leased, receipt)))
            run.failures.append((leased, receipt))
        case "held":
            run.done.held += 1
            run.answers.append(Answer(delivery_id, "queued"))


def tell_failures(run: Run) -> None:
    """Let the rules plan again for leads whose mail was not taken.

    A lead for which that fails comes due at once: as one of those it is tried again, or set aside with the reason.
    """
    failures, run.failures = run.failures, []
    for leased, receipt in failures:
        now = run.now()
        try:
            _tell_failure(run, leased, receipt, now)
        except Exception as error:
            if is_away(error) or is_deadlock_or_serialization(error):
                raise
            log.exception("a lead whose mail failed could not be decided", extra={"lead_id": leased.lead_id})
            with transaction(run.app.engine) as db:
                if (lead_id := lock_living(db, leased.lead_id)) is not None:
                    due.wake(db, [lead_id], [leased.failure.campaign], now)


def _tell_failure(run: Run, leased: Leased, receipt: Receipt, now: datetime) -> None:
    if receipt.dead_address:
        suppress(run.app, lead_id=leased.lead_id, word="bounced", how=f"delivery {receipt.delivery_id}", now=now)
        return
    failed = replace(leased.failure, for_good=_for_good(leased, receipt))
    with transaction(run.app.engine) as db:
        if (lead_id := lock_living(db, leased.lead_id)) is not None:
            decide(db, run.app, {lead_id: failed}, now)


def _for_good(leased: Leased, receipt: Receipt) -> bool:
    return receipt.outcome == "refused" or leased.tries + 1 >= (POLICY_TRIES if receipt.policy else TRIES)
