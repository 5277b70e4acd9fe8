"""One batch of mails goes over into the next without a pause, where nothing speaks against it."""

import asyncio
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from nurture.flows import leasing
from nurture.flows.leasing import Supply
from nurture.flows.sending_run import Batch

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
ROWS: Any = (object(), object())


def at_hand(monkeypatch: pytest.MonkeyPatch, coming: Batch | Exception) -> tuple[Batch | None, Batch | Exception]:
    """What is at hand once `coming` has been leased behind a full batch, and what comes next."""

    def lease(_run: object, _most: int) -> Batch:
        if isinstance(coming, Exception):
            raise coming
        return coming

    async def ask() -> tuple[Batch | None, Batch | Exception]:
        supply = Supply(run, len(ROWS))
        supply.order(Batch(ROWS, NOW, 0.0))
        assert supply._coming is not None
        await asyncio.wait([supply._coming])
        found = supply.at_hand()
        try:
            return found, await supply.next() if found is None else Batch((), NOW, 0.0)
        except OSError as error:
            return found, error

    monkeypatch.setattr(leasing, "lease", lease)
    run: Any = SimpleNamespace(app=SimpleNamespace(agreement=SimpleNamespace(sending=SimpleNamespace(per_second=None))))
    return asyncio.run(ask())


def test_a_batch_that_was_leased_meanwhile_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch(ROWS, NOW, 1.0)
    assert at_hand(monkeypatch, batch)[0] is batch


@pytest.mark.parametrize(
    "batch",
    [Batch((), NOW, 1.0), Batch(ROWS, NOW, 1.0, trying=True), Batch(ROWS, NOW, 1.0, day=date(2026, 3, 3))],
    ids=["none is due", "the mailer is tried", "mails are counted"],
)
def test_a_batch_that_has_to_be_sent_by_itself_waits(monkeypatch: pytest.MonkeyPatch, batch: Batch) -> None:
    assert at_hand(monkeypatch, batch) == (None, batch)


def test_what_went_wrong_in_leasing_is_heard_once_all_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError("PostgreSQL is away")
    assert at_hand(monkeypatch, error) == (None, error)
