"""Made-up leads that a mail is made for, to see how it comes out."""

from collections.abc import Iterable, Mapping

from nurture.agreement import Company
from nurture.facts import Profile
from nurture.grammar.addresses import Mailbox
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.names import LEAD_FIELDS

LIFE: Mapping[str, object] = {"stage": "nurture", "cycle": 1, "grade": "B"}
EMAIL = "alexandra.marchetti@weatherstone.example"
TYPICAL: Mapping[str, object] = {
    "first_name": "Alexandra", "last_name": "Marchetti", "title": "Head of Operations", "company": "Weatherstone Ltd",
    "country": "GB", "timezone": "Europe/London", "locale": "en-GB", "industry": "manufacturing", "employees": 480,
    "source": "website", "owner": "rep@acme.example",
}  # fmt: skip
LONG: Mapping[str, object] = {
    **TYPICAL,
    "first_name": "Maximiliana-Alexandrina",
    "last_name": "von Hohenstein-Waldburg zu Leuchtenberg",
    "title": "Deputy Executive Vice President, Global Manufacturing Operations and Supply Chain Transformation",
    "company": "Weatherstone, Fennimore & Brightwater International Manufacturing Holdings (Europe) GmbH & Co. KG",
    "industry": "manufacturing of special-purpose machinery and equipment for warehouses",
    "employees": 1_250_000,
}
OWN_FIELD = "https://weatherstone.example/what-a-field-of-your-own-may-well-hold-for-some-lead-or-other"
"""What stands in fields that we know nothing of: a text that may also be a link."""


def own_fields(names: Iterable[str]) -> list[str]:
    """Give the leads' own fields among a template's names."""
    fields = (name.removeprefix("lead.") for name in names if name.startswith("lead."))
    return [field for field in fields if field not in LEAD_FIELDS]


def letterhead(company: Company | None) -> Letterhead:
    """Give the sender's side, made up where it is not known."""
    return Letterhead(
        company=company.name if company else "Acme Robotics",
        address=company.address if company else "1 Main Street, Springfield, IL 62701, USA",
        sender=company.sender if company else Mailbox("Ada at Acme", "ada@news.acme.example"),
        reply_to=company.reply_to if company else "ada@acme.example",
        base_url="https://go.acme.example",
        secret="made up",  # noqa: S106
    )


def sample(fields: Mapping[str, object], own: Mapping[str, object], company: Company | None) -> MailContext:
    """Give one delivery to a lead with these fields."""
    lead = Profile(key="sample", email=EMAIL, attributes=own, **fields)  # type: ignore[arg-type]
    names = ("not-ready", "Not ready yet", "questions")
    return MailContext(letterhead(company), 123456, 654321, lead, *names, life=LIFE)
