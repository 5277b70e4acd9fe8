"""What an answer makes of a mail, before it is known whose mail it is."""

import re
from dataclasses import dataclass

from nurture.messages import Mail, Outcome, Receipt

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mail; the words are those of `messages.Receipt`.

    Attributes:
        outcome: What became of it.
        dead_address: There is no such mailbox.
        policy: Refused for what the sender is or does.
        unusable: The mailer takes nothing at all until somebody mends it (a wrong key); only with `held`.
    """

    outcome: Outcome
    dead_address: bool = False
    policy: bool = False
    unusable: bool = False

    def receipt(self, mail: Mail, words: str) -> Receipt:
        """Give the receipt of this mail, with the server's words made safe to keep."""
        return Receipt(mail.delivery_id, self.outcome, one_line(words), self.dead_address, self.policy)


SENT = Verdict("sent")
REFUSED = Verdict("refused")
DEAD = Verdict("refused", dead_address=True)
PUT_OFF = Verdict("put_off")
POLICY = Verdict("put_off", policy=True)
HELD = Verdict("held")
UNUSABLE = Verdict("held", unusable=True)
UNKNOWN = Verdict("unknown")


def one_line(words: str) -> str:
    """Make a server's words safe to keep and to show: one line, no control characters, at most 500 characters."""
    if words.isprintable():
        return words.strip()[:_SHOWN]
    return " ".join(_CONTROL.sub(" ", words).split())[:_SHOWN]
