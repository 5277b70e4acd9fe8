"""The environment's words on CRMs."""

import pytest

from nurture.crm_settings import HUBSPOT, CrmSettings, read_crm_settings
from nurture.errors import SettingsError

SALESFORCE = {
    "SALESFORCE_URL": "https://acme.my.salesforce.com/",
    "SALESFORCE_CLIENT_ID": "3MVG9consumer",
    "SALESFORCE_CLIENT_SECRET": "swordfish-1",
}


def test_nothing_said_connects_nothing() -> None:
    assert read_crm_settings({}) == CrmSettings()
    assert CrmSettings().channels == ()


def test_what_is_set_is_connected() -> None:
    said = read_crm_settings({**SALESFORCE, "HUBSPOT_TOKEN": "pat-na1-swordfish"})
    assert said.channels == ("hubspot", "salesforce")
    assert (said.hubspot_url, said.salesforce_url) == (HUBSPOT, "https://acme.my.salesforce.com")
    assert "swordfish" not in repr(said)


@pytest.mark.parametrize("missing", SALESFORCE)
def test_salesforce_needs_all_three(missing: str) -> None:
    given = {name: value for name, value in SALESFORCE.items() if name != missing}
    with pytest.raises(SettingsError, match=f"^{missing} is not set, but .* needs all three"):
        read_crm_settings(given)


@pytest.mark.parametrize(
    "url", ["http://acme.my.salesforce.com", "acme.my.salesforce.com", "https://", "https://a@b.example", "https://a.example/x",
            "https://a.example:port", "ftp://a.example", "http://127.0.0.1.evil.example", "http://10.0.0.1"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["HUBSPOT_URL", "SALESFORCE_URL"])
def test_a_key_goes_nowhere_but_by_https_or_to_this_machine(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        read_crm_settings({**SALESFORCE, name: url})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080", "https://stub.example"]
)
def test_a_stub_may_be_on_this_machine(url: str) -> None:
    assert read_crm_settings({"HUBSPOT_URL": url}).hubspot_url == url


@pytest.mark.parametrize("token", ["short", "with a space in it", "línea-nueva"])
def test_a_key_that_can_be_none_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(SettingsError, match=r"^HUBSPOT_TOKEN is no key") as refused:
        read_crm_settings({"HUBSPOT_TOKEN": token})
    assert token not in str(refused.value)
