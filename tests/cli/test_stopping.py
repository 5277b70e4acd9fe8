"""How commands that run on are stopped."""

import os
import signal

import pytest

from nurture.cli.stopping import needs_local, until_stopped
from nurture.errors import UsageError


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_block_and_cleans_up(number: signal.Signals) -> None:
    done = []
    before = signal.getsignal(number)
    with until_stopped():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            os.kill(os.getpid(), number)  # a second one changes nothing
            done.append("cleaned up")
    assert done == ["cleaned up"]
    assert signal.getsignal(number) is before


def test_what_is_not_installed_is_named() -> None:
    with pytest.raises(UsageError, match=r"aiosmtpd is missing: pip install 'nurture\[local\]'"), needs_local():
        raise ModuleNotFoundError("No module named 'aiosmtpd'", name="aiosmtpd")


def test_a_part_of_nurture_that_is_missing_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError), needs_local():
        raise ModuleNotFoundError("No module named 'nurture.gone'", name="nurture.gone")
