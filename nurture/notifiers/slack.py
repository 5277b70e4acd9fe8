"""A Slack incoming webhook: one Block Kit message a notice.

`text` carries who, why and the link as well, for notifications and for the Slack-compatible servers that show no
blocks. Limits are those of Block Kit. Whatever comes from outside stands in `plain_text`, where nothing is formatted,
and is escaped: `<` never survives, so nobody can be mentioned and no link forged. Marked-up text is ours alone: the
small titles, and the one mention of the rep whose member ID the agreement gives (`reps`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import orjson

from nurture.agreement import Agreement
from nurture.errors import NotifierError
from nurture.messages import Notice
from nurture.notifiers import wording
from nurture.notifiers.evidence_lists import evidence, facts
from nurture.notifiers.news import News, read_news
from nurture.notifiers.post import TIMEOUT, Answer, checked_url, post
from nurture.notifiers.reading import Reader, reader_of
from nurture.settings import Settings

HEADER_LIMIT, SECTION_LIMIT, FIELD_LIMIT, BUTTON_URL_LIMIT, BLOCKS_LIMIT = 150, 3000, 2000, 3000, 50
FIELDS_LIMIT = 10
_LINES = 6
_NOTHING = "\u200b"
"""A space of no width."""
_READ_BY_OTHERS = re.compile(r"(?<![A-Za-z0-9])@(?=\w)|\](?=[(\[])")
"""An `@` that stands in no address, and what makes a link of a text before it."""

Block = dict[str, object]


@dataclass(frozen=True, slots=True)
class Channel:
    """Who reads it, and the member IDs of reps, by address, whom a message may call."""

    reader: Reader
    members: Mapping[str, str] = field(default_factory=dict)


class SlackNotifier:
    """Posts each notice to one incoming webhook."""

    def __init__(
        self,
        url: str,
        *,
        channel: Channel,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """`channel` says who reads it.

        Raises:
            SettingsError: The URL is malformed.
        """
        self._url = checked_url("SLACK_WEBHOOK_URL", url)
        self._channel, self._transport, self._timeout = channel, transport, timeout

    def notify(self, notice: Notice) -> None:
        """Post the message.

        Raises:
            NotifierError: Permanent where the webhook is gone or will never take it (4xx but 408, 425 and 429, or a
                redirect); otherwise to be tried again, with the seconds Slack asked for.
        """
        content = orjson.dumps(message(notice, self._channel))
        answer = post(self._url, content, {}, transport=self._transport, timeout=self._timeout)
        if not 200 <= answer.status < 300:
            raise _refusal(answer)


def build(settings: Settings, agreement: Agreement, _: object) -> SlackNotifier | None:
    """The channel, where `SLACK_WEBHOOK_URL` is set."""
    url = settings.slack_webhook_url
    members = {address: rep.slack for address, rep in agreement.reps.items() if rep.slack}
    return SlackNotifier(url, channel=Channel(reader_of(agreement), members)) if url else None


def message(notice: Notice, channel: Channel) -> dict[str, object]:
    """The JSON of one message: whole for who has not seen the lead yet, else as short as it can be."""
    news = read_news(notice, channel.reader)
    link = f"\n{news.url}" if news.url else ""
    middle = _evidence(news, channel.reader) if news.shows_evidence else []
    return {
        "text": _unread(escaped(f"{news.headline}. {news.text}", 1000)) + link,
        "mrkdwn": False,
        "blocks": [*_top(news, channel), *middle, *_bottom(news, channel)][:BLOCKS_LIMIT],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int) -> str:
    """`text` with `&`, `<` and `>` as Slack wants them, at most `limit` characters long in that form."""
    parts: list[str] = []
    room = limit - 1
    for character in text:
        part = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        room -= _units(part)
        if room < 0:
            return "".join(parts) + "…"
        parts.append(part)
    return "".join(parts)


def _unread(text: str) -> str:
    """`text` with nothing in it that Slack-compatible servers would call people by, or make a link with a false face.

    Slack itself does neither in `text`; others (Mattermost, Rocket.Chat) know bare `@all` and Markdown.
    """
    return _READ_BY_OTHERS.sub(lambda found: f"{found[0]}{_NOTHING}", text)


def _top(news: News, channel: Channel) -> list[Block]:
    position = wording.position_of(news.lead)
    who = " · ".join(part for part in (position, wording.one_line(news.lead.email, 100)) if part)
    blocks: list[Block] = [
        {"type": "header", "text": _plain(news.headline, HEADER_LIMIT)},
        {"type": "section", "text": _plain(f"{news.label}: {news.text}" if news.label else news.text, SECTION_LIMIT)},
        {"type": "context", "elements": [_plain(who, SECTION_LIMIT)]},
    ]
    member = channel.members.get(news.calls or "")
    if member is not None:
        blocks.insert(0, {"type": "section", "text": _marked(f"<@{member}>")})
    return blocks


def _evidence(news: News, reader: Reader) -> list[Block]:
    if news.packet is None:
        return []
    fields = [_plain(f"{name}: {value}", FIELD_LIMIT) for name, value in facts(news.packet, reader)[:FIELDS_LIMIT]]
    blocks: list[Block] = [{"type": "section", "fields": fields}]
    for listed in evidence(news.packet, reader, _LINES):
        more = [f"and {listed.more} more"] if listed.more else []
        blocks += [
            {"type": "context", "elements": [_marked(f"*{listed.title}*")]},
            {"type": "section", "text": _lines([*(f"• {line}" for line in listed.lines), *more])},
        ]
    return blocks


def _bottom(news: News, channel: Channel) -> list[Block]:
    blocks: list[Block] = []
    if news.url and len(news.url) <= BUTTON_URL_LIMIT:
        button = {"type": "button", "text": _plain(news.button, 75), "url": news.url, "style": "primary"}
        blocks.append({"type": "actions", "elements": [button]})
    if news.due:
        due = f"Please answer by <!date^{int(news.due.timestamp())}^{{date_short_pretty}}, {{time}}|"
        blocks.append({"type": "context", "elements": [_marked(f"{due}{channel.reader.moment(news.due)}>")]})
    return blocks


def _lines(lines: Sequence[str]) -> Block:
    """Whole lines, as many as fit."""
    kept: list[str] = []
    room = SECTION_LIMIT
    for line in lines:
        safe = escaped(line, SECTION_LIMIT // 2)
        room -= _units(safe) + 1
        if room < 0:
            break
        kept.append(safe)
    return {"type": "plain_text", "text": "\n".join(kept), "emoji": False}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": escaped(text, limit), "emoji": False}


def _marked(text: str) -> Block:
    """Text of ours, with markup; `verbatim` keeps Slack from making mentions and links of bare names."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _units(text: str) -> int:
    """UTF-16 code units, by which Slack counts."""
    return len(text.encode("utf-16-le")) // 2


def _refusal(answer: Answer) -> NotifierError:
    passing = answer.status >= 500 or answer.status in {408, 425, 429}
    words = f": {answer.text}" if answer.text else ""
    return NotifierError(
        wording.one_line(f"Slack answered {answer.status}{words}", 300),
        permanent=not passing,
        retry_after=answer.retry_after,
    )
