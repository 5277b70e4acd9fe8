"""What the environment says of CRMs: where they are, and how we are let in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from nurture.errors import SettingsError

CRM_SECRETS = ("HUBSPOT_TOKEN", "SALESFORCE_CLIENT_SECRET")
HUBSPOT = "https://api.hubapi.com"

_TOKEN = re.compile(r"[\x21-\x7e]{8,}")
_SALESFORCE = ("SALESFORCE_URL", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class CrmSettings:
    """The environment's words on CRMs. `repr` shows no secret.

    Attributes:
        hubspot_token: The access token of a private app; without it HubSpot is not connected.
        hubspot_url: Where HubSpot's API is.
        salesforce_url: My Domain, such as `https://acme.my.salesforce.com`; without it Salesforce is not connected.
        salesforce_client_id: The consumer key of a connected app.
        salesforce_client_secret: Its consumer secret.
    """

    hubspot_token: str | None = field(default=None, repr=False)
    hubspot_url: str = HUBSPOT
    salesforce_url: str | None = None
    salesforce_client_id: str | None = field(default=None, repr=False)
    salesforce_client_secret: str | None = field(default=None, repr=False)

    @property
    def channels(self) -> tuple[str, ...]:
        """The CRMs that are connected."""
        given = {"hubspot": self.hubspot_token, "salesforce": self.salesforce_url}
        return tuple(name for name, value in given.items() if value)


def read_crm_settings(given: Mapping[str, str]) -> CrmSettings:
    """Read and check them.

    Raises:
        SettingsError: One is missing or malformed; the message begins with its name and shows no secret.
    """
    if any(name in given for name in _SALESFORCE):
        for name in _SALESFORCE:
            if name not in given:
                others = " and ".join(other for other in _SALESFORCE if other in given)
                raise SettingsError(f"{name} is not set, but {others}: Salesforce needs all three of them, or none")
    return CrmSettings(
        hubspot_token=_token(given, "HUBSPOT_TOKEN"),
        hubspot_url=_address(given, "HUBSPOT_URL", HUBSPOT) or HUBSPOT,
        salesforce_url=_address(given, "SALESFORCE_URL", "https://acme.my.salesforce.com"),
        salesforce_client_id=_token(given, "SALESFORCE_CLIENT_ID"),
        salesforce_client_secret=_token(given, "SALESFORCE_CLIENT_SECRET"),
    )


def _token(given: Mapping[str, str], name: str) -> str | None:
    text = given.get(name)
    if text is not None and not _TOKEN.fullmatch(text):
        raise SettingsError(f"{name} is no key: say at least 8 letters, digits and signs, without a space")
    return text


def _address(given: Mapping[str, str], name: str, example: str) -> str | None:
    """An address whose path is empty. A token goes there, so it has to be HTTPS, or this machine."""
    text = given.get(name)
    if text is None:
        return None
    try:
        address = urlsplit(text)
        _ = address.port  # is checked only when asked for
    except ValueError:
        raise SettingsError(f"{name}: is malformed; say {example}") from None
    host = address.hostname or ""
    if address.scheme != "https" and not (address.scheme == "http" and _is_here(host)):
        raise SettingsError(f"{name}: must begin with https://, for a key is sent there; say {example}")
    if not host or address.username or address.path.strip("/") or address.query or address.fragment:
        raise SettingsError(f"{name}: must be https:// and a host, and nothing else; say {example}")
    return text.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
