"""Python's collector of reference cycles, in processes that live long: it looks where it never finds any."""

import gc

YOUNG = 50_000
"""Objects that may be made before the collector looks for cycles among them. By default it looks after 700, and every
now and then among all that was ever imported, which takes a tenth of a second and a third of the time of deciding."""


def spare_what_is_loaded() -> None:
    """Look for cycles more rarely, and never again among what is loaded by now: call it once all of that is.

    What a batch of leads is made of has no cycles, so it goes when the batch does, as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
