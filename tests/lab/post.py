"""A mail server in memory, in the place of the one that `smtp://` addresses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from nurture.mailers import MAILERS
from nurture.messages import Mail, Receipt
from tests.lab.scenarios import Outcome


class Post:
    """A mail server in memory, with one connection: itself. What it says to each delivery is told beforehand."""

    trouble = ""
    wait = 0.0
    unusable = False
    most = 1
    most_octets = 10_000_000
    slots = 1

    def __init__(self) -> None:
        self.says: dict[int, Outcome] = {}
        self.connections = (self,)

    async def __aenter__(self) -> "Post":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ready(self) -> bool:
        return True

    async def send_many(self, mails: Sequence[Mail]) -> list[Receipt]:
        return [self._receipt(mail) for mail in mails]

    def _receipt(self, mail: Mail) -> Receipt:
        match self.says[mail.delivery_id]:
            case "sent":
                return Receipt(mail.delivery_id, "sent", "250 taken")
            case "put_off":
                return Receipt(mail.delivery_id, "put_off", "451 not now")
            case "refused":
                return Receipt(mail.delivery_id, "refused", "554 never")
            case "dead":
                return Receipt(mail.delivery_id, "refused", "550 no such mailbox", dead_address=True)


@contextmanager
def post_office() -> Iterator[Post]:
    """While this is open, mails for `smtp://` addresses go to this post."""
    post = Post()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MAILERS, "smtp", lambda *_: post)
        yield post
