"""DMARC (RFC 7489): is there a policy, and does what we sign and send from belong to the address that readers see?"""

from collections.abc import Iterator

from nurture.doctor.case import Case
from nurture.doctor.dkim import tags_of
from nurture.doctor.finding import Finding, ok, problem, warning
from nurture.doctor.names import Names

POLICIES = ("none", "quarantine", "reject")


def dmarc(case: Case) -> Iterator[Finding]:
    """Look at the policy of the sender's domain, and at what is aligned with it."""
    domain = case.from_domain
    if domain is None:
        return
    where, records = policy_of(case.names, domain)
    if where is None:
        yield problem(
            "dmarc",
            f"{domain} has no DMARC policy",
            f'add TXT "v=DMARC1; p=none; rua=mailto:…" to _dmarc.{domain}: Gmail and Yahoo want one',
        )
        return
    if len(records) > 1:
        yield problem("dmarc", f"_dmarc.{where} has {len(records)} policies", "keep one: several count as none")
        return
    tags = tags_of(records[0])
    policy = tags.get("p", "").lower()
    if policy not in POLICIES:
        yield problem(
            "dmarc",
            f"the policy at _dmarc.{where} says p={policy or 'nothing'}",
            "say p=none, p=quarantine or p=reject",
        )
        return
    yield ok("dmarc", f"_dmarc.{where} says p={policy}")
    if case.sends_by_smtp:
        yield _alignment(case, domain, where, tags)


def policy_of(names: Names, domain: str) -> tuple[str | None, list[str]]:
    """Give the policy that rules a domain and where it stands: at the domain, or at the next one above that has one."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        above = ".".join(labels[start:])
        found = [
            text for text in names.texts(f"_dmarc.{above}") if text.replace(" ", "").lower().startswith("v=dmarc1")
        ]
        if found:
            return above, found
    return None, []


def _alignment(case: Case, domain: str, where: str, tags: dict[str, str]) -> Finding:
    signing, envelope = case.signing_domain, case.envelope_domain or domain
    by_dkim = signing is not None and aligned(signing, domain, where, strict=tags.get("adkim") == "s")
    by_spf = aligned(envelope, domain, where, strict=tags.get("aspf") == "s")
    if by_dkim and by_spf:
        return ok("alignment", f"signature and envelope belong to {domain}")
    if by_dkim:
        return ok(
            "alignment", f"the signature belongs to {domain}; the envelope ({envelope}) does not, which is enough"
        )
    if by_spf:
        return warning(
            "alignment",
            f"only the envelope ({envelope}) belongs to {domain}: a mail that is forwarded fails DMARC",
            f"sign with a key of {domain} (DKIM_KEY, DKIM_SELECTOR), unless your mail server does",
        )
    return problem(
        "alignment",
        f"neither the signature ({signing or 'none'}) nor the envelope ({envelope}) belongs to {domain}",
        f"set DKIM_DOMAIN, or INBOUND_ADDRESS, to {domain} or a domain below it",
    )


def aligned(domain: str, shown: str, organisation: str, *, strict: bool) -> bool:
    """Tell whether a domain is aligned with the one that readers see (section 3.1).

    Strict: the same. Relaxed: of one organisation. That is where the policy stands, if that is above; else one of the
    two stands below the other.
    """
    domain, shown = domain.lower().rstrip("."), shown.lower().rstrip(".")
    if domain == shown:
        return True
    if strict:
        return False
    below = (f".{shown}", f".{organisation}")
    return domain.endswith(below) or shown.endswith(f".{domain}") or domain == organisation
