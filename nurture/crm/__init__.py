"""How CRMs are spoken to: one CRM a file, one line a CRM in `CONNECTORS`."""

from collections.abc import Callable, Mapping

from nurture.agreement import Crm, CrmTerms
from nurture.crm import hubspot, salesforce
from nurture.crm.protocol import Connector
from nurture.settings import Settings

CONNECTORS: Mapping[str, Callable[[Settings, Crm], Connector | None]] = {
    "hubspot": lambda settings, crm: hubspot.build(settings, crm.hubspot),
    "salesforce": lambda settings, crm: salesforce.build(settings, crm.salesforce),
}


def build_connectors(settings: Settings, crm: Crm) -> dict[str, Connector]:
    """The CRMs that the environment connects, by name. None of them is asked anything yet."""
    built = {channel: build(settings, crm) for channel, build in CONNECTORS.items()}
    return {channel: connector for channel, connector in built.items() if connector is not None}


def terms_of(crm: Crm, channel: str) -> CrmTerms:
    """What the agreement says of a CRM."""
    terms: CrmTerms = getattr(crm, channel)
    return terms
