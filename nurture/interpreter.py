"""Python itself, in processes that live long and have several threads."""

import gc
import sys

YOUNG = 50_000
"""Objects that may be made before the collector looks for cycles among them. By default it looks after 700, and every
now and then among all that was ever imported, which takes a tenth of a second and a third of the time of deciding."""
TURN = 0.001
"""Seconds that a thread may go on while others wait for their turn. By default it is five milliseconds: a thread that
has its answer from the database would wait so long, with each answer, for one that is working something out, and two
transactions at a time would come to no more than one."""


def settle_in() -> None:
    """Look for cycles more rarely, and never again among what is loaded by now; let threads take turns sooner.

    Call it once all is loaded. What a batch of leads is made of has no cycles, so it goes when the batch does, as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    sys.setswitchinterval(TURN)
