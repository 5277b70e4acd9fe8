"""Our own tokens in a mail that came in: the address it was sent from, and the Message-ID it was sent with."""

import re
from collections.abc import Iterable
from email.message import Message
from itertools import islice

from nurture.inbound.message import leaves, text_of
from nurture.inbound.values import Marks

_MOST = 20
_MESSAGE_ID = re.compile(r"<\s?(d\.[A-Za-z0-9_-]{8,160}@[A-Za-z0-9][A-Za-z0-9.-]{0,250})\s?>")
_TOKEN = re.compile(r"\+[br]\.[a-z2-7]{8,62}@[a-z0-9][a-z0-9.-]{0,250}", re.IGNORECASE)
_LOCAL_BACKWARDS = re.compile(r"[A-Za-z0-9._%-]{1,64}")


def marks_of(raw: bytes, message: Message) -> Marks:
    """Give the tokens that stand anywhere: in the headers, the report, the mail it quotes, encoded or not."""
    texts = [raw.decode("latin-1")]
    texts += [text_of(part) for part in leaves(message, within_originals=True) if _is_encoded(part)]
    return Marks(
        message_ids=_first(f"<{found[1]}>" for text in texts for found in _MESSAGE_ID.finditer(text)),
        addresses=_first(address for text in texts for address in _addresses(text)),
    )


def _is_encoded(part: Message) -> bool:
    return str(part.get("content-transfer-encoding", "")).strip().lower() in ("base64", "quoted-printable")


def _addresses(text: str) -> list[str]:
    found = []
    for token in _TOKEN.finditer(text):
        local = _LOCAL_BACKWARDS.match(text[max(0, token.start() - 64) : token.start()][::-1])
        if local:
            found.append((local[0][::-1] + token[0]).rstrip(".-"))
    return found


def _first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(found), _MOST))
