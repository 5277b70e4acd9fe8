"""Of two SIGTERMs one is heeded, however soon the second follows."""

import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from workers import stopping
from workers.stopping import heeded_once


@pytest.fixture(autouse=True)
def _unstopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "stopping", threading.Event())
    monkeypatch.setattr(stopping, "leave_in_time", lambda _seconds: None)


def test_a_signal_amid_the_first_one_is_an_echo_at_whatever_step_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python lets a handler run between any two steps of another, as it does here."""
    step, steps = 0, 1
    while step < steps:
        monkeypatch.setattr(stopping, "stopping", threading.Event())
        heeded: list[int] = []
        once = heeded_once(lambda number, _frame, heeded=heeded: heeded.append(number))
        steps = _interrupted(once, step)
        assert heeded == [signal.SIGTERM], f"at step {step}"
        assert stopping.stopping.is_set()
        step += 1
    assert steps > 5


def _interrupted(once: stopping.Handler, at: int) -> int:
    """Call it, and once more after so many of its steps; gives how many it has."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == at + 1:
                once(signal.SIGTERM, None)
        return trace

    usual = sys.gettrace()
    sys.settrace(trace)
    try:
        once(signal.SIGTERM, None)
    finally:
        sys.settrace(usual)
    return count
