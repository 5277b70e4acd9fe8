import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, HeaderBlock, SectionBlock
from slack_sdk.webhook import WebhookClient

from nurture.errors import NotifierError, SettingsError
from nurture.notifiers.packet import read_packet
from nurture.notifiers.slack import SlackNotifier, escaped, message
from tests.notifiers.packets import NASTY, URL, bare_packet, notice, packet, packet_with
from tests.notifiers.receiver import Reply, receiver

CHICAGO = ZoneInfo("America/Chicago")
KINDS = {"header": HeaderBlock, "section": SectionBlock, "actions": ActionsBlock, "context": ContextBlock}


def card(data=None):
    return message("lead.requalified", read_packet(packet() if data is None else data), CHICAGO)


def texts(value):
    """Every text object of a message."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def assert_valid(blocks):
    """Slack's own models check most limits; they leave out the number of blocks and the length of a field."""
    assert 0 < len(blocks) <= 50
    for block in blocks:
        parsed = Block.parse(block)
        assert type(parsed) is KINDS[block["type"]]
        parsed.validate_json()
        for field in block.get("fields", []):
            assert 0 < len(field["text"]) <= 2000
        if block["type"] == "header":
            assert len(block["text"]["text"].encode("utf-16-le")) <= 300
    assert all(0 < len(text["text"]) <= 3000 for text in texts(blocks))


def test_it_says_who_why_and_where_to_answer():
    sent = card()
    assert sent["blocks"][0]["text"]["text"] == "Maria Rossi is ready for sales"
    whole = json.dumps(sent, ensure_ascii=False)
    for said in [
        "VP Operations at Acme Robotics · maria.rossi@acme.example",
        "*Why now:* Came back to the pricing page 3 times today",
        "A: Decision maker +30, Big enough +30",
        "61.5",
        "Pricing page, 3 times on 3 Mar 2026 (2 counted): *40*",
        "Visited /pricing",
        "Timing: This quarter",
        "Proof, sent Wed 25 Feb 2026, 09:00 CST, clicked",
        "10 Jan 2026: Not ready, “Call me in March” (rep.one@acme.example)",
    ]:
        assert said in whole
    [button] = [block["elements"][0] for block in sent["blocks"] if block["type"] == "actions"]
    assert button["url"] == URL
    assert URL in sent["text"]
    assert "Maria Rossi is ready for sales" in sent["text"]


def test_times_are_shown_in_the_readers_zone():
    due = int(datetime(2026, 3, 4, 17, 5, tzinfo=UTC).timestamp())
    assert f"<!date^{due}^{{date_short_pretty}}, {{time}}|Wed 4 Mar 2026, 11:05 CST>" in json.dumps(card())


def test_a_full_and_a_bare_packet_are_valid():
    for data in (packet(), bare_packet()):
        assert_valid(card(data)["blocks"])
    assert "someone@example.com asks to talk to you" in card(bare_packet())["text"]


def assert_harmless(sent):
    """Nothing between angle brackets but our own dates; no entity but the three."""
    for text in [sent["text"], *(text["text"] for text in texts(sent["blocks"]))]:
        own = re.sub(r"<!date\^\d+\^\{date_short_pretty\}, \{time\}\|[^<>|]*>", "", text)
        assert "<" not in own
        assert ">" not in own
        assert not re.search("&(?!amp;|lt;|gt;)", own)
    assert all(text.get("verbatim") for text in texts(sent["blocks"]) if text["type"] == "mrkdwn")
    assert sent["blocks"][0]["text"]["text"].count("\n") == 0


@pytest.mark.parametrize("text", NASTY)
def test_what_a_lead_writes_breaks_no_card_and_pings_nobody(text):
    sent = card(packet_with(text))
    assert_valid(sent["blocks"])
    assert_harmless(sent)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400))
@settings(max_examples=30, deadline=None)
def test_no_text_at_all_breaks_a_card(text):
    sent = card(packet_with(text))
    assert_valid(sent["blocks"])
    assert_harmless(sent)


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 50))
def test_escaping_keeps_whole_entities_within_the_limit(text, limit):
    short = escaped(text, limit)
    assert len(short.encode("utf-16-le")) // 2 <= limit
    assert not re.search("[<>]|&(?!amp;|lt;|gt;)", short)


def test_slacks_own_client_would_post_the_same_shape():
    """The oracle: `slack_sdk` posts our blocks, parsed into its own models, as we do."""
    with receiver() as ours, receiver() as theirs:
        SlackNotifier(ours.url, zone=CHICAGO).notify(notice())
        sent = card()
        client = WebhookClient(theirs.url)
        client.send(
            text=sent["text"], blocks=Block.parse_all(sent["blocks"]), unfurl_links=False, unfurl_media=False
        )  # fmt: skip
    assert json.loads(ours.got[0].body) == json.loads(theirs.got[0].body)
    assert ours.got[0].headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (400, b"invalid_payload", True),
        (403, b"invalid_token", True),
        (404, b"no_service", True),
        (410, b"channel_is_archived", True),
        (302, b"", True),
        (429, b"rate_limited", False),
        (500, b"rollup_error", False),
        (503, b"", False),
    ],
)
def test_what_slack_will_never_take_is_for_good(status, words, permanent):
    with (
        receiver(Reply(status=status, body=words, headers={"Retry-After": "30"})) as hook,
        pytest.raises(NotifierError, match=f"answered {status}.*{words.decode()}") as caught,
    ):
        SlackNotifier(hook.url, zone=CHICAGO).notify(notice())
    assert caught.value.permanent is permanent
    assert caught.value.retry_after == 30
    assert hook.url not in str(caught.value)


def test_no_answer_in_time_is_tried_again():
    with receiver(Reply(wait=0.6)) as hook, pytest.raises(NotifierError) as caught:
        SlackNotifier(hook.url, zone=CHICAGO, timeout=httpx.Timeout(0.1)).notify(notice())
    assert not caught.value.permanent


def test_a_malformed_url_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="SLACK_WEBHOOK_URL"):
        SlackNotifier("hooks.slack.com/services/x", zone=CHICAGO)
