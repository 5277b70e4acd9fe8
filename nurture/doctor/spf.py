"""SPF (RFC 7208): may somebody send for this domain?"""

import re
from collections.abc import Iterator

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning
from nurture.doctor.names import Names

MOST_LOOKUPS = 10
"""Terms that make a receiver ask the DNS; one more, and the record counts as broken (section 4.6.4)."""

_ASKS = re.compile(r"^[+?~-]?(include|a|mx|ptr|exists)(?=[:/]|$)|^(redirect)=", re.IGNORECASE)
_ELSEWHERE = re.compile(r"^[+?~-]?include:(\S+)|^redirect=(\S+)", re.IGNORECASE)
_ALL = re.compile(r"^([+?~-]?)all$", re.IGNORECASE)


def spf(case: Case) -> Iterator[Finding]:
    """Look at the record of the domain that bounces go to: the one that receivers ask."""
    if not case.sends_by_smtp:
        yield skipped("spf", "the provider's own domain stands on the envelope; DKIM is what counts here")
        return
    domain = case.envelope_domain
    if domain is None:
        return
    records = records_of(case.names, domain)
    if not records:
        yield problem(
            "spf",
            f"{domain} has no SPF record",
            f'add TXT "v=spf1 include:… ~all" to {domain}, as your mail server says',
        )
    elif len(records) > 1:
        yield problem("spf", f"{domain} has {len(records)} SPF records", "join them into one: two count as none")
    else:
        yield _judged(case.names, domain, records[0])


def records_of(names: Names, domain: str) -> list[str]:
    """Give the SPF records of a domain: those TXT records that begin with `v=spf1` (section 4.5)."""
    return [text for text in names.texts(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


def _judged(names: Names, domain: str, record: str) -> Finding:
    terms = record.split()[1:]
    asked = lookups(names, domain)
    ends = [match[1] or "+" for term in terms if (match := _ALL.match(term))]
    redirects = any(term.lower().startswith("redirect=") for term in terms)
    if asked > MOST_LOOKUPS:
        return problem(
            "spf", f"the record of {domain} asks for more than 10 look-ups", "drop an include: it counts as broken"
        )
    if ends == ["+"]:
        return problem("spf", f"the record of {domain} lets everybody send (+all)", "end it with ~all or -all")
    if not ends and not redirects:
        return warning("spf", f"the record of {domain} does not end with all", "end it with ~all or -all")
    if ends == ["?"]:
        return warning("spf", f"the record of {domain} says nothing of others (?all)", "end it with ~all or -all")
    return ok("spf", f"{domain}: one record, {asked} of {MOST_LOOKUPS} look-ups")


def lookups(names: Names, domain: str) -> int:
    """Count the look-ups that a domain's record asks for, those of included records too; at most one over the limit."""
    count = 0
    waiting = [domain.lower()]
    while waiting and count <= MOST_LOOKUPS:
        for record in records_of(names, waiting.pop())[:1]:
            for term in record.split()[1:]:
                count += _ASKS.match(term) is not None
                elsewhere = _ELSEWHERE.match(term)
                if elsewhere and "%" not in term:
                    waiting.append((elsewhere[1] or elsewhere[2]).lower())
    return min(count, MOST_LOOKUPS + 1)
