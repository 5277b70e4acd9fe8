"""What `flufl.bounce` finds in reports that follow no standard: Mailman's experience of two decades."""

import logging
from email import message_from_bytes
from email.message import Message

from flufl.bounce import all_failures

from nurture.inbound.addresses import plain

_MOST_LINES = 2_000
_LONGEST_LINE = 500

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each detector it runs, and the mail's addresses


def found_by_flufl(message: Message) -> list[str]:
    """Give the addresses that it says have failed; none where it raises, as it does over some malformed mails."""
    try:
        lines = message.as_bytes().split(b"\n", _MOST_LINES)[:_MOST_LINES]
        short = message_from_bytes(b"\n".join(line[:_LONGEST_LINE] for line in lines))
        delayed, failed = all_failures(short)
    except Exception:  # what it raises is said nowhere
        return []
    return sorted(plain(address.decode("ascii", "replace")) for address in {*delayed, *failed})
