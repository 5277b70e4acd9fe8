"""What makes a mail that came in the same mail as another, whichever ways the two came by."""

import hashlib
from email.message import Message

from nurture.inbound.addresses import address_in
from nurture.inbound.message import header, leaves, text_of

_MOST = 100_000


def digest_of(raw: bytes, message: Message) -> bytes:
    """Give 32 octets that are the same for the same mail.

    A mail that comes by IMAP and by a provider's call differs in its trace headers, perhaps in its encoding; it has the
    same `Message-ID`, sender and date. One without a `Message-ID` is known by its words.
    """
    sender = address_in(header(message, "From")) or ""
    same = [header(message, "Message-ID").strip("<> "), sender, header(message, "Date")]
    if not same[0]:
        words = " ".join(" ".join(text_of(part) for part in leaves(message)).split())
        same += [header(message, "Subject"), words[:_MOST] or raw[:_MOST].decode("latin-1")]
    return hashlib.sha256("\x00".join(same).encode("utf-8", "replace")).digest()
