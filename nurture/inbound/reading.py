"""What a mail that came in is: asked in the order in which the answers are certain."""

from nurture.inbound.amazon import amazon_notification
from nurture.inbound.automatic import automatic_reply, reply
from nurture.inbound.bounces import bounce
from nurture.inbound.complaints import complaint
from nurture.inbound.marks import marks_of
from nurture.inbound.message import parsed
from nurture.inbound.values import Inbound


def read(raw: bytes) -> Inbound:
    """Give what a mail is. Never raises, whatever the octets; time grows with the mail's length and no faster.

    A feedback report (RFC 5965) is a `Complaint`, a report on delivery (RFC 3464, or in prose) a `Bounce`, what a
    program answered (RFC 3834) an `AutoReply`; all else is a `Reply`.
    """
    message = parsed(raw)
    marks = marks_of(raw, message)
    return (
        complaint(message, marks)
        or amazon_notification(message, marks)
        or bounce(message, marks)
        or automatic_reply(message, marks)
        or reply(message, marks)
    )
