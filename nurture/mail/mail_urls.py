"""The URLs of one mail: its tracked links, its pixel, its unsubscribe, preferences and answer links."""

from collections.abc import Sequence
from functools import lru_cache

from nurture.mail import links
from nurture.mail.context import MailContext
from nurture.mail.links import MailOfLead, SurveyAnswer, TrackedLink
from nurture.mail.quoted_printable import encode_html, encode_text, encode_url
from nurture.mail.slots import HIDDEN_LINK, OPEN_URL
from nurture.mail.urls import OwnPage, web_address
from nurture.mail.utm import all_with_utm, with_utm


class MailUrls:
    """The URLs of one mail: `names` are what authors use, `in_text` and `in_html` fill the slots placed for links."""

    def __init__(self, urls: Sequence[str | None], context: MailContext, *, utm: bool = True) -> None:
        """Take where the links lead, by their numbers (`CompiledTemplate.links`); `utm` is the template's own word."""
        self._context, self._utm = context, utm and context.utm and context.track_clicks
        self._base, self._secret = context.letterhead.base_url, context.letterhead.secret
        mail = MailOfLead(context.delivery_id, context.lead_id)
        self.unsubscribe = OwnPage(f"{self._base}/u/{links.unsubscribe_token(self._secret, mail)}")
        self.names: dict[str, object] = {
            "unsubscribe_url": self.unsubscribe,
            "preferences_url": OwnPage(f"{self._base}/p/{links.preferences_token(self._secret, mail)}"),
            "answer_url": self._answer,
            "_link": self._link,
        }
        leading = all_with_utm(tuple(urls), context.campaign_id, context.step_id) if self._utm else tuple(urls)
        names, targets = _places(leading, urls[0] or self._base)
        if context.track_clicks:
            before, tokens = f"{self._base}/c/", links.link_tokens(self._secret, mail, targets)
            self.in_html = dict(zip(names, [encode_url(before + token) for token in tokens], strict=True))
            self.in_text = self.in_html
        else:
            self.in_html = {name: encode_html(url) for name, (_, url) in zip(names, targets, strict=True)}
            self.in_text = {name: encode_text(url) for name, (_, url) in zip(names, targets, strict=True)}
            self.in_html[HIDDEN_LINK] = ""
        opens = encode_url(f"{self._base}/o/{links.open_token(self._secret, mail)}.gif") if context.track_opens else ""
        self.in_html[OPEN_URL] = opens

    def _tracked(self, number: int, url: str) -> str:
        if self._utm:
            url = with_utm(url, self._context.campaign_id, self._context.step_id)
        if not self._context.track_clicks:
            return url
        link = TrackedLink(self._context.delivery_id, self._context.lead_id, number, url)
        return f"{self._base}/c/{links.link_token(self._secret, link)}"

    def _link(self, number: int, parts: list[object]) -> str:
        """Put a link together that depends on the lead."""
        if len(parts) == 1 and isinstance(parts[0], OwnPage):
            return parts[0]
        if None in parts:
            raise ValueError("a part of this link has no value")
        url = web_address("".join(str(part) for part in parts))
        if url is None:
            raise ValueError("this link is no http:// or https:// address for this lead")
        return self._tracked(number, url)

    def _answer(self, question: object, answer: object) -> str:
        """`answer_url('question', 'answer')`."""
        given = SurveyAnswer(self._context.delivery_id, self._context.lead_id, str(question), str(answer))
        return OwnPage(f"{self._base}/a/{links.answer_token(self._secret, given)}")


@lru_cache(maxsize=1024)
def _places(leading: Sequence[str | None], hidden: str) -> tuple[Sequence[str], Sequence[tuple[int, str]]]:
    """The slots that constant links fill, and of each its number and where it leads: once for all mails of a step."""
    targets = [(number, url) for number, url in enumerate(leading) if url and number]
    targets.append((links.HIDDEN, hidden))
    return tuple([f"_link_{number}" for number, _ in targets]), tuple(targets)
