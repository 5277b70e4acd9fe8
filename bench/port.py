"""Ports for servers that are started a moment later, or again and again."""

import socket
from random import SystemRandom

from nurture.local.server import LOOPBACK

LOWEST, HIGHEST = 20_000, 32_000
"""Below those from which the system takes ports for connections (32768 on Linux), one of which may come in between."""
TRIES = 100


def own_port() -> int:
    """A port of the loopback that nobody has, and that nobody will be given by chance.

    Raises:
        OSError: All that were tried are taken.
    """
    dice = SystemRandom()
    for _ in range(TRIES):
        if _is_free(port := dice.randint(LOWEST, HIGHEST)):
            return port
    raise OSError(f"no port between {LOWEST} and {HIGHEST} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
