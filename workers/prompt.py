"""Nudges the workers for somebody who may not know the queue: kinds of work on stdin, one a line, until its end.

Only the demo uses it. It moves the clock itself, so it knows better than any tick when there is something to look at.
"""

import os
import sys

from nurture.settings import read_settings
from workers.broker import make_broker
from workers.nudge import make_nudge


def run() -> None:
    """Pass on every line."""
    nudge = make_nudge(make_broker(read_settings(os.environ)))
    for line in sys.stdin:
        nudge(line.strip())


if __name__ == "__main__":
    run()
