"""How people behave in a simulation: what becomes of a mail, what its lead does then, what sales does with a handoff.

A behaviour is asked once for each mail and each handoff, in the order in which one lead's life brings them; leads come
in any order. What it answers must follow from its arguments alone, so that a lead lives the same life whoever else is
in the file.
"""

from collections.abc import Iterable
from typing import Literal, Protocol

from nurture.facts import LeadState
from nurture.lab.acts import Act
from nurture.lab.records import Delivery, Handoff

Outcome = Literal["sent", "refused", "dead", "put_off"]
"""What the mail server says: it took the mail, it never will, there is no such mailbox, not now."""


class Behaviour(Protocol):
    """People, as a simulation asks them."""

    def outcome(self, lead: LeadState, mail: Delivery) -> Outcome:
        """What the mail server says of this mail; a mail that is put off is asked about again the next time."""

    def on_mail(self, lead: LeadState, mail: Delivery) -> Iterable[Act]:
        """What the lead does because of a mail that was taken; no act lies before `mail.at`."""

    def on_handoff(self, lead: LeadState, handoff: Handoff) -> Iterable[Act]:
        """What sales does with a handoff; no act lies before `handoff.at`."""


class Nobody:
    """Every mail arrives, nobody does anything with it, and sales never answers."""

    def outcome(self, lead: LeadState, mail: Delivery) -> Outcome:
        """Every mail is taken."""
        return "sent"

    def on_mail(self, lead: LeadState, mail: Delivery) -> Iterable[Act]:
        """Nothing."""
        return ()

    def on_handoff(self, lead: LeadState, handoff: Handoff) -> Iterable[Act]:
        """Nothing."""
        return ()
