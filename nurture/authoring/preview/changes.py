"""Tells open pages that there is something new, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from nurture.authoring.preview.desk import Desk

TICK = 0.1
"""Seconds between two looks at whether there is something to tell."""
STILL_HERE = 15.0
"""Seconds after which a silent connection is tried, so that a closed one is noticed."""


async def changes(desk: Desk) -> AsyncIterator[str]:
    """The number of the edition, now and whenever there is a newer one, until the desk is closed."""
    told, silent = -1, 0.0
    while not desk.closing.is_set():
        number = desk.edition.number
        if number != told:
            told, silent = number, 0.0
            yield f"data: {number}\n\n"
        elif silent >= STILL_HERE:
            silent = 0.0
            yield ": still here\n\n"
        silent += TICK
        await asyncio.sleep(TICK)
