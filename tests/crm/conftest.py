"""CRMs on loopback, and an app that is connected to one of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from nurture.agreement import HubSpotTerms
from nurture.app import App
from nurture.crm.hubspot import HubSpot
from tests.crm.hubspot_stub import TOKEN, HubSpotStub
from tests.flows.conftest import app, app_with

__all__ = ["app", "app_with"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on this machine is asked directly."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def hubspot() -> Iterator[HubSpotStub]:
    with HubSpotStub() as stub:
        yield stub


def hubspot_of(stub: HubSpotStub, terms: HubSpotTerms | None = None, token: str = TOKEN) -> HubSpot:
    """A connector to the stub that waits for nothing."""
    return HubSpot(stub.url, token, terms or HubSpotTerms(), pause=lambda _: None)


@pytest.fixture
def sold(app_with: Callable[..., App], hubspot: HubSpotStub) -> Iterator[App]:
    """An app whose sales works in HubSpot."""
    app = app_with()
    connector = hubspot_of(hubspot, app.agreement.crm.hubspot)
    yield replace(app, crm={"hubspot": connector})
    connector.close()
