"""Requests, answers, and what a provider must say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from nurture.mailers.verdicts import HELD, REFUSED, UNKNOWN, UNUSABLE, Verdict
from nurture.messages import Mail

_ABOUT_THE_REQUEST = frozenset({400, 413, 422})
_NOT_NOW = frozenset({408, 425, 429, 503})


class NotUnderstood(Exception):
    """A good answer says nothing that can be understood: what became of the mails is unknown."""


class Unfit(Exception):
    """One of the mails can never be sent this way; nothing has left."""

    def __init__(self, mail: Mail, why: str) -> None:
        """Name the mail, and why in words for a person."""
        super().__init__(why)
        self.mail, self.why = mail, why


@dataclass(frozen=True, slots=True)
class Request:
    """One POST.

    Attributes:
        path: Behind the API's address, beginning with `/`.
        content: The body.
        headers: Beside those that all requests have (`User-Agent`); the login among them.
        repeatable: The provider sends the mails once however often it gets this very request (an idempotency key among
            the headers), so a lost answer may be asked for again.
    """

    path: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of `headers` are lower case; `whole` is False where the body broke off or had no end."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool = True

    @property
    def is_good(self) -> bool:
        """Taken, as far as the status says."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Read the body.

        Raises:
            NotUnderstood: It is not whole, or no JSON.
        """
        if not self.whole:
            raise NotUnderstood("the answer broke off")
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise NotUnderstood("the answer is no JSON") from None

    def json_or_none(self) -> Any:
        """Read the body of an answer whose status has said enough; None where it cannot be read."""
        try:
            return self.json()
        except NotUnderstood:
            return None


class Provider(Protocol):
    """What a provider's file says. It is given mails and answers; it opens no connection."""

    @property
    def name(self) -> str:
        """Its name as people write it: `Postmark`."""

    @property
    def most(self) -> int:
        """How many mails one request takes."""

    @property
    def most_octets(self) -> int:
        """How much they may come to, counted by their `data`."""

    def request(self, mails: Sequence[Mail]) -> Request:
        """Make the request that sends these mails, each with its own header fields; the same bytes for the same mails.

        Raises:
            Unfit: One of them can never go this way.
        """

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """Read what a good answer (2xx) says of each mail, in their order: the verdict, and the provider's words.

        Raises:
            NotUnderstood: It does not say.
        """

    def verdict(self, answer: Answer) -> Verdict | None:
        """Judge an answer that is not good, for all mails of the request; None: `ordinary` does.

        `refused` is about the mails: where there were several, each half of them is tried again by itself, until it
        is known which one is meant. What is about the account, the sender or the key is `held`.
        """

    def words(self, answer: Answer) -> str:
        """Give the provider's own words in an answer that is not good, with its code; empty where it has none."""


def ordinary(status: int) -> Verdict:
    """Judge by the status alone (RFC 9110 §15).

    401, 403 and whatever else says that we do not know how to talk to this API: nothing was taken, and nothing will be
    until somebody mends it. 408, 425, 429 and 503 say that nothing was taken now. Any other 5xx leaves open how far the
    request came: the mails may have been sent.
    """
    if status in _ABOUT_THE_REQUEST:
        return REFUSED
    if status in _NOT_NOW:
        return HELD
    return UNKNOWN if status >= 500 else UNUSABLE
