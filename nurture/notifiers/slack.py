"""A Slack incoming webhook: one Block Kit message a notice.

`text` carries who, why and the link as well, for notifications and for the Slack-compatible servers that show no
blocks. Limits are those of Block Kit; what a lead controls is escaped, kept on one line, and can mention nobody: `<`
never survives, and `verbatim` keeps Slack from turning bare names into mentions.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import orjson

from nurture.agreement import Agreement
from nurture.errors import NotifierError
from nurture.messages import Notice
from nurture.notifiers import wording
from nurture.notifiers.packet import Packet, read_packet
from nurture.notifiers.post import TIMEOUT, Answer, checked_url, post
from nurture.settings import Settings

HEADER_LIMIT, SECTION_LIMIT, FIELD_LIMIT, BUTTON_URL_LIMIT, BLOCKS_LIMIT = 150, 3000, 2000, 3000, 50
_LINES = 8

Block = dict[str, object]


class SlackNotifier:
    """Posts each notice to one incoming webhook."""

    def __init__(
        self,
        url: str,
        *,
        zone: ZoneInfo,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """`zone` is where sales works, for readers that do not render Slack's own dates."""
        self._url = checked_url("SLACK_WEBHOOK_URL", url)
        self._zone, self._transport, self._timeout = zone, transport, timeout

    def notify(self, notice: Notice) -> None:
        """Post the message.

        Raises:
            NotifierError: Permanent where the webhook is gone or will never take it (4xx but 408, 425 and 429, or a
                redirect); otherwise to be tried again, with the seconds Slack asked for.
        """
        content = orjson.dumps(message(notice.kind, read_packet(notice.data), self._zone))
        answer = post(self._url, content, {}, transport=self._transport, timeout=self._timeout)
        if not 200 <= answer.status < 300:
            raise _refusal(answer)


def build(settings: Settings, agreement: Agreement, _: object) -> SlackNotifier | None:
    """The channel, where `SLACK_WEBHOOK_URL` is set."""
    url = settings.slack_webhook_url
    return SlackNotifier(url, zone=ZoneInfo(agreement.sla.hours.timezone)) if url else None


def message(kind: str, packet: Packet, zone: ZoneInfo) -> dict[str, object]:
    """The JSON of one message."""
    headline, because = wording.headline(kind, packet), wording.why_now(packet)
    link = f"\n{packet.url}" if packet.url else ""
    return {
        "text": escaped(f"{headline}. {because}", 1000) + link,
        "blocks": [*_top(headline, because, packet), *_evidence(packet, zone), *_bottom(packet, zone)][:BLOCKS_LIMIT],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int) -> str:
    """`text` with `&`, `<` and `>` as Slack wants them, at most `limit` characters long in that form."""
    parts: list[str] = []
    room = limit - 1
    for character in text:
        part = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        room -= len(part.encode("utf-16-le")) // 2
        if room < 0:
            return "".join(parts) + "…"
        parts.append(part)
    return "".join(parts)


def _top(headline: str, because: str, packet: Packet) -> list[Block]:
    position = wording.position_of(packet.lead)
    who = " · ".join(part for part in (position, wording.one_line(packet.lead.email, 100)) if part)
    return [
        {"type": "header", "text": {"type": "plain_text", "text": escaped(headline, HEADER_LIMIT), "emoji": False}},
        _section([escaped(who, 400), f"*Why now:* {escaped(because, 1000)}"]),
        {"type": "section", "fields": [_text(f"*{name}*\n{value}", FIELD_LIMIT) for name, value in _fields(packet)]},
    ]


def _fields(packet: Packet) -> list[tuple[str, str]]:
    """At most ten pairs, escaped."""
    lead = packet.lead
    criteria = ", ".join(wording.criterion(line) for line in wording.held(packet))
    pairs = [
        ("Grade", f"{packet.grade}: {criteria}" if criteria else packet.grade),
        ("Score", wording.number(packet.score)),
        ("Country", lead.country),
        ("Industry", lead.industry),
        ("Employees", lead.employees),
        ("Source", lead.source),
        ("Owner", packet.owner),
        ("Cycle", packet.handoff.cycle),
    ]
    return [(name, escaped(wording.one_line(value, 400), 800)) for name, value in pairs if value not in (None, "")]


def _evidence(packet: Packet, zone: ZoneInfo) -> list[Block]:
    score = [
        f"{escaped(wording.row(term), 200)}: *{wording.number(term.worth)}*" for term in packet.rows[:_LINES]
    ]  # fmt: skip
    did = [f"{_date(what.at, zone)} {escaped(wording.did(what), 250)}" for what in packet.timeline[:_LINES]]
    answers = [escaped(wording.answer(answer), 300) for answer in packet.answers[:_LINES]]
    mails = [escaped(wording.mail(sent, zone), 300) for sent in packet.mails[:_LINES]]
    before = [escaped(wording.earlier(round_), 300) for round_ in packet.earlier[:_LINES]]
    lists = (
        ("What the score is made of", score),
        ("What they did", did),
        ("What they answered", answers),
        ("Mails they received", mails),
        ("Before", before),
    )
    return [_section([f"*{title}*", *(f"• {line}" for line in lines)]) for title, lines in lists if lines]


def _bottom(packet: Packet, zone: ZoneInfo) -> list[Block]:
    blocks: list[Block] = []
    if packet.url and len(packet.url) <= BUTTON_URL_LIMIT:
        text = {"type": "plain_text", "text": "See why and answer", "emoji": False}
        blocks.append(
            {"type": "actions", "elements": [{"type": "button", "text": text, "url": packet.url, "style": "primary"}]}
        )
    if packet.handoff.accept_due_at and packet.handoff.state == "offered":
        due = f"Please answer by {_date(packet.handoff.accept_due_at, zone)}"
        blocks.append({"type": "context", "elements": [_text(due, SECTION_LIMIT)]})
    return blocks


def _date(at: datetime, zone: ZoneInfo) -> str:
    """Slack shows it in the reader's own zone; other readers see it in that of sales."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}, {{time}}|{wording.moment(at, zone)}>"


def _section(lines: Sequence[str]) -> Block:
    """A section of whole lines, as many as fit."""
    kept: list[str] = []
    room = SECTION_LIMIT
    for line in lines:
        room -= len(line.encode("utf-16-le")) // 2 + 1
        if room < 0:
            break
        kept.append(line)
    return {"type": "section", "text": _text("\n".join(kept), SECTION_LIMIT)}


def _text(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": text[:limit], "verbatim": True}


def _refusal(answer: Answer) -> NotifierError:
    passing = answer.status >= 500 or answer.status in {408, 425, 429}
    words = f": {answer.text}" if answer.text else ""
    return NotifierError(
        wording.one_line(f"Slack answered {answer.status}{words}", 300),
        permanent=not passing,
        retry_after=answer.retry_after,
    )
