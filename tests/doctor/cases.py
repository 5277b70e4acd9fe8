"""Cases for the doctor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nurture.app import App
from nurture.doctor import Case, Finding, Names
from tests.doctor.name_server import Records, name_server
from tests.flows.apps import NOW


def case_of(app: App, **mail: Any) -> Case:
    """A case as the operator of this app has it; keywords change what the environment says of mail."""
    settings = replace(app.settings, mail=replace(app.settings.mail, **mail))
    return Case(settings, app.agreement, app.engine, Names.at("127.0.0.1", 1), NOW)


@contextmanager
def with_dns(case: Case, records: Records, silent: frozenset[str] = frozenset()) -> Iterator[Case]:
    """The same case, where the DNS has these records."""
    with name_server(records, silent) as port:
        yield replace(case, names=Names.at("127.0.0.1", port))


def only(check: Callable[[Case], Iterator[Finding]], case: Case) -> Finding:
    """The one finding of a check."""
    (found,) = check(case)
    return found
