"""One place that mails leave by as HTTP requests, and the account of what became of each."""

import asyncio
import logging
from collections.abc import Sequence
from typing import cast

import httpx

from nurture.mailers.http.answers import Answer, NotUnderstood, Provider, Request, Unfit, ordinary
from nurture.mailers.http.patience import Patience, retry_after
from nurture.mailers.http.wire import Lost, post
from nurture.mailers.verdicts import HELD, REFUSED, UNKNOWN, Verdict, one_line
from nurture.messages import Mail, Receipt

WORTH_WAITING = 5.0
"""Seconds that are waited here; for more, whoever sends has better things to do."""
REPEATS = (0.5, 2.0, 5.0)
"""Seconds before a repeatable request whose answer was lost is sent again, each time."""

log = logging.getLogger(__name__)


class HttpConnection:
    """See `mailers.protocol.Connection`; one request is under way at a time."""

    def __init__(
        self, provider: Provider, client: httpx.AsyncClient, patience: Patience, batch: int, secrets: Sequence[str]
    ) -> None:
        """Share the client and the patience with the mailer's other connections."""
        self._provider, self._client, self._patience = provider, client, patience
        self._batch, self._secrets = batch, secrets
        self._busy = False
        self._asking: asyncio.Task[Answer | Lost] | None = None
        self._is_over = False

    @property
    def trouble(self) -> str:
        """Why the provider cannot be used at the moment."""
        return self._patience.trouble

    @property
    def wait(self) -> float:
        """Seconds until the next request is welcome."""
        return self._patience.wait

    @property
    def unusable(self) -> bool:
        """Whether a person has to mend something first."""
        return self._patience.unusable

    @property
    def most(self) -> int:
        """How many mails the next request takes; one while there is trouble."""
        return 1 if self._patience.failures else self._batch

    @property
    def most_octets(self) -> int:
        """How much they may come to."""
        return self._provider.most_octets

    async def ready(self) -> bool:
        """Wait, if that is short. There is nothing else to try without a mail: no API has a call for it."""
        if self.wait > WORTH_WAITING:
            return False
        await asyncio.sleep(self.wait)
        return True

    async def send_many(self, mails: Sequence[Mail]) -> Sequence[Receipt]:
        """Send them as one request, or several where one is refused as a whole because of some mail in it."""
        if self._busy:
            raise RuntimeError("this connection is sending already")
        self._busy = True
        try:
            if not await self.ready():
                return [HELD.receipt(mail, f"not tried yet: {self.trouble}") for mail in mails]
            receipts = {receipt.delivery_id: receipt for receipt in await self._send(mails)}
            return [receipts[mail.delivery_id] for mail in mails]
        finally:
            self._busy = False

    def hang_up(self) -> None:
        """Break off the request that is under way, and begin no other."""
        self._is_over = True
        if self._asking is not None:
            self._asking.cancel()

    async def _send(self, mails: Sequence[Mail]) -> Sequence[Receipt]:
        if not mails:
            return []
        try:
            request = self._provider.request(mails)
        except Unfit as unfit:
            rest = [mail for mail in mails if mail is not unfit.mail]
            return [REFUSED.receipt(unfit.mail, unfit.why), *await self._send(rest)]
        verdict, words, answer = await self._ask(request)
        if verdict is None:
            return self._read(mails, cast(Answer, answer))
        if verdict.outcome == "refused" and len(mails) > 1:
            half = len(mails) // 2
            return [*await self._send(mails[:half]), *await self._send(mails[half:])]
        self._note(verdict, words, answer)
        return [verdict.receipt(mail, words) for mail in mails]

    async def _ask(self, request: Request) -> tuple[Verdict | None, str, Answer | None]:
        """Post it, again where that is safe and the answer was lost. No verdict: the answer is good, and says more."""
        verdict, words, answer = await self._ask_once(request)
        for seconds in REPEATS if request.repeatable else ():
            if verdict is None or verdict.outcome != "unknown":
                break
            await asyncio.sleep(seconds)
            again = await self._ask_once(request)
            if again[0] is None or again[0].outcome != "held":
                verdict, words, answer = again
        return verdict, words, answer

    async def _ask_once(self, request: Request) -> tuple[Verdict | None, str, Answer | None]:
        got = await self._post(request)
        if isinstance(got, Lost):
            words = self._clean(f"{self._provider.name} {got.why}")
            return (UNKNOWN if got.may_have_left else HELD), words, None
        if got.is_good:
            return None, "", got
        words = self._provider.words(got) or "no reason given"
        words = self._clean(f"{self._provider.name} answered {got.status}: {words}")
        return self._provider.verdict(got) or ordinary(got.status), words, got

    async def _post(self, request: Request) -> Answer | Lost:
        if self._is_over:
            return Lost("was not asked, for this process ends", may_have_left=False)
        self._asking = asyncio.ensure_future(post(self._client, request))
        try:
            return await self._asking
        except asyncio.CancelledError:
            if not self._is_over:
                raise
            return Lost("had not answered when this process had to end", may_have_left=True)
        finally:
            self._asking = None

    def _read(self, mails: Sequence[Mail], answer: Answer) -> Sequence[Receipt]:
        try:
            found = self._provider.each(mails, answer)
            if len(found) != len(mails):
                raise NotUnderstood("the answer does not fit the mails")
        except NotUnderstood as error:
            words = f"{self._provider.name} answered {answer.status}, but {error}"
            self._note(UNKNOWN, words, answer)
            return [UNKNOWN.receipt(mail, words) for mail in mails]
        cleaned = [(verdict, self._clean(words)) for verdict, words in found]
        held, words = next((one for one in cleaned if one[0].outcome == "held"), (None, ""))
        self._note(held, words, answer)
        return [verdict.receipt(mail, words) for mail, (verdict, words) in zip(mails, cleaned, strict=True)]

    def _note(self, verdict: Verdict | None, words: str, answer: Answer | None) -> None:
        """Remember how it went: what was answered for the mails' sake is no trouble."""
        if verdict is not None and verdict.outcome in ("held", "unknown"):
            asked = retry_after(answer.headers) if answer else None
            self._patience.failed(words, retry_after=asked, unusable=verdict.unusable)
        else:
            self._patience.went_well()

    def _clean(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return one_line(words)
