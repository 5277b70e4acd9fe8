"""Houses, one a test; Prism and moto, one of each a worker."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.mailers.contract import gates
from tests.mailers.contract.houses import House, opened
from tests.mailers.contract.prism import NO_PRISM, Prism, prism
from tests.mailers.contract.stub import Asked

Gate = Callable[[Asked], list[str]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on this machine is asked directly."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def house(name: str) -> Iterator[House]:
    """The house of this test's name."""
    with opened(name) as found:
        yield found


@pytest.fixture(scope="session")
def prism_of_resend() -> Iterator[Prism]:
    """Prism with Resend's API."""
    if NO_PRISM:
        pytest.skip(NO_PRISM)
    with prism("resend.yaml") as running:
        yield running


@pytest.fixture(scope="session")
def prism_of_sendgrid() -> Iterator[Prism]:
    """Prism with SendGrid's API."""
    if NO_PRISM:
        pytest.skip(NO_PRISM)
    with prism("sendgrid.json") as running:
        yield running


@pytest.fixture
def gate(name: str, request: pytest.FixtureRequest) -> Gate:
    """All that this provider has against a request; nothing, if it is well-formed."""
    found: Any = getattr(gates, name, None)
    if name in ("resend", "sendgrid"):
        found = partial(found, request.getfixturevalue(f"prism_of_{name}"))
    return partial(gates.refusals, found)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """AWS as moto plays it. It writes each request to the terminal, unless told not to."""
    from moto.server import ThreadedMotoServer  # takes more than a second, and few tests ask

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def amazon() -> Iterator[Any]:
    """What moto's SES knows and has sent."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    backend = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    backend.reset()
    yield backend
    backend.reset()
