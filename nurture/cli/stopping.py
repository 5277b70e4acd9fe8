"""Commands that run everything on this machine: what they need, and how they are stopped."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from nurture.errors import UsageError


class _Stopped(BaseException):
    """Somebody asked us to stop."""


@contextlib.contextmanager
def until_stopped() -> Iterator[None]:
    """Leave the block, cleaning up on the way, when SIGTERM or SIGINT comes; a second one changes nothing."""
    asked = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise _Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with contextlib.suppress(_Stopped):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def needs_local() -> Iterator[None]:
    """Say what to install where the extra `local` is missing; production goes without it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "nurture":
            raise
        message = f"this runs servers on your own machine, and {error.name} is missing: pip install 'nurture[local]'"
        raise UsageError(message) from error
