"""The examination: everything that is looked at, in the order in which it is told."""

import logging
from collections.abc import Callable, Iterator
from typing import Literal

from nurture.doctor import (
    addresses,
    api_keys,
    channels,
    courier,
    crm,
    database,
    dkim,
    dmarc,
    incoming,
    outgoing,
    spf,
    traffic,
)
from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, skipped, warning
from nurture.doctor.names import Unanswered

Needs = Literal["nothing", "database", "internet"]
Check = Callable[[Case], Iterator[Finding]]

CHECKS: tuple[tuple[str, Needs, Check], ...] = (
    ("database", "nothing", database.database),
    ("clone guard", "database", database.home),
    ("redis", "nothing", courier.courier),
    ("clock", "database", traffic.clock),
    ("workers", "database", traffic.workers),
    ("sending", "database", traffic.breaker),
    ("overdue", "database", traffic.overdue),
    ("unknown mails", "database", traffic.unknown),
    ("suppressed", "database", traffic.suppressed),
    ("workspace", "nothing", addresses.company),
    ("base url", "nothing", addresses.base_url),
    ("api keys", "database", api_keys.keys),
    ("mail", "internet", outgoing.outgoing),
    ("spf", "internet", spf.spf),
    ("dkim", "internet", dkim.dkim),
    ("dmarc", "internet", dmarc.dmarc),
    ("inbound", "nothing", incoming.inbound),
    ("inbound mx", "internet", incoming.inbound_names),
    ("inbox", "internet", incoming.inbox),
    ("webhook", "nothing", incoming.webhook),
    ("notices", "database", channels.notices),
    ("crm", "database", crm.crms),
)

log = logging.getLogger(__name__)


def examine(case: Case, *, offline: bool = False) -> list[Finding]:
    """Look at everything. What one thing's failure hides is skipped, and nothing raises.

    Args:
        case: What there is to look at.
        offline: Leave out what has to ask machines of others: mail servers, providers, the DNS.
    """
    found: list[Finding] = []
    ready = database.is_ready(case)
    for name, needs, check in CHECKS:
        if needs == "database" and not ready:
            found.append(skipped(name, "the database has to be ready first"))
        elif needs == "internet" and (offline or _mail_stays_here(case)):
            found.append(skipped(name, "not asked: --offline" if offline else "mail stays on this machine"))
        else:
            found += _findings(name, check, case)
    return found


def _mail_stays_here(case: Case) -> bool:
    """Tell whether mails go into the mailbox of `nurture up`, so that nobody outside ever sees them."""
    return case.is_embedded and (case.mail_url is None or case.mail_url.hostname in ("localhost", "127.0.0.1", "::1"))


def _findings(name: str, check: Check, case: Case) -> list[Finding]:
    try:
        return list(check(case))
    except Unanswered as error:
        return [warning(name, f"the DNS gives no answer ({error})", "try again, or ask another server: --nameserver")]
    except Exception as error:
        log.exception("the doctor could not look at one thing", extra={"check": name})
        return [warning(name, f"it could not be looked at ({type(error).__name__})", "run it again; the log has more")]
