import json
import re
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, HeaderBlock, SectionBlock
from slack_sdk.webhook import WebhookClient

from nurture.errors import NotifierError, SettingsError
from nurture.notifiers.slack import Channel, SlackNotifier, escaped, message
from tests.notifiers.packets import NASTY, NEWS, READER, REP, URL, bare_packet, news, notice, packet, packet_with
from tests.notifiers.receiver import Reply, receiver

CHANNEL = Channel(READER, {REP: "U012AB3CD"})
KINDS = {"header": HeaderBlock, "section": SectionBlock, "actions": ActionsBlock, "context": ContextBlock}


def card(data=None, **changes):
    return message(notice(data, recipient=None, **changes), CHANNEL)


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


def header(sent):
    return next(block["text"]["text"] for block in sent["blocks"] if block["type"] == "header")


def test_it_says_who_why_and_where_to_answer():
    sent = card()
    assert header(sent) == "Maria Rossi is ready for sales"
    whole = json.dumps(sent, ensure_ascii=False)
    for said in [
        "VP Operations at Acme Robotics · maria.rossi@acme.example",
        "Why now: Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday.",
        "Grade: A: Decision maker +30, Big enough +30; not known: Served country",
        "Score: 61.5",
        "Owner: Ada Reyes",
        "“We may need two of them. Call me?”",
        "Pricing page, 3 times on 3 Mar 2026 (2 counted): 40",
        "Tue 3 Mar 2026, 14:04 CST: Visited /pricing (3 times)",
        "and 12 more",
        "When will you decide? This quarter",
        "“Who else has one”, sent Wed 25 Feb 2026, 09:00 CST, clicked",
        "10 Jan 2026: Not ready to buy, “Call me in March” (rep.one@acme.example)",
    ]:
        assert said in whole
    [button] = [block["elements"][0] for block in sent["blocks"] if block["type"] == "actions"]
    assert button["url"] == URL
    assert URL in sent["text"]
    assert "Maria Rossi is ready for sales" in sent["text"]


def test_each_kind_is_short_but_for_who_has_not_seen_the_lead():
    blocks = {kind: message(news(kind, recipient=None), CHANNEL)["blocks"] for kind in NEWS}
    for kind, said in blocks.items():
        assert_valid(said)
        assert len(said) <= 5 or kind == "lead.requalified", kind
    assert {kind: header({"blocks": said}) for kind, said in blocks.items()} == {
        "lead.requalified": "Maria Rossi is ready for sales",
        "handoff.reminded": "Maria Rossi waits for your answer",
        "handoff.escalated": "Ada Reyes has not tried to reach Maria Rossi",
        "handoff.reassigned": "Maria Rossi goes from rep.two@acme.example to Ada Reyes",
        "handoff.returned": "Maria Rossi went back to nurture",
        "handoff.outcome_asked": "What became of Maria Rossi?",
        "lead.active": "Maria Rossi is active again",
    }


@pytest.mark.parametrize("kind", NEWS)
def test_a_rep_is_called_only_by_the_member_id_that_the_agreement_gives(kind):
    called = json.dumps(message(news(kind, recipient=None), CHANNEL))
    assert ("<@U012AB3CD>" in called) is (kind != "handoff.returned")
    assert "<@" not in json.dumps(message(news(kind, recipient=None), Channel(READER)))


def test_times_are_shown_in_the_readers_zone():
    due = int(datetime(2026, 3, 4, 17, 5, tzinfo=UTC).timestamp())
    assert f"<!date^{due}^{{date_short_pretty}}, {{time}}|Wed 4 Mar 2026, 11:05 CST>" in json.dumps(card())


def test_a_full_and_a_bare_packet_are_valid():
    for data in (packet(), bare_packet()):
        assert_valid(card(data)["blocks"])
    assert "someone@example.com asks to talk to you" in card(bare_packet())["text"]


@pytest.mark.parametrize(
    "name", ["@channel", "Jo @here", "(@all)", "Jo_@everyone", "Jo.@rep", "[pay](http://x.example)"]
)
def test_no_lead_calls_anybody_or_hides_an_address_where_blocks_are_not_read(name):
    """Servers that speak Slack's JSON (Mattermost, Rocket.Chat) call by the bare word, and read Markdown in `text`."""
    said = card(packet(lead={**packet()["lead"], "name": name}))["text"]
    assert not re.search(r"(?<![A-Za-z0-9])@\w", said)
    assert "](" not in said
    assert name in said.replace("\u200b", "")


def test_addresses_stay_what_they_are():
    assert "someone@example.com" in card(bare_packet())["text"]


def assert_harmless(sent):
    """Nothing between angle brackets but our own dates and mentions; no entity but the three; no markup of theirs."""
    for text in [sent["text"], *(text["text"] for text in texts(sent["blocks"]))]:
        own = re.sub(r"<!date\^\d+\^\{date_short_pretty\}, \{time\}\|[^<>|]*>|^<@U012AB3CD>$", "", text)
        assert "<" not in own
        assert ">" not in own
        assert not re.search("&(?!amp;|lt;|gt;)", own)
    assert all(text.get("verbatim") for text in texts(sent["blocks"]) if text["type"] == "mrkdwn")
    marked = {text["text"] for text in texts(sent["blocks"]) if text["type"] == "mrkdwn"}
    assert all(re.fullmatch(r"\*[A-Za-z: ]+\*|<@U012AB3CD>|Please answer by <!date[^<>]*>", text) for text in marked)
    assert all(text.get("emoji") is False for text in texts(sent["blocks"]) if text["type"] == "plain_text")
    assert sent["mrkdwn"] is False
    assert header(sent).count("\n") == 0


@pytest.mark.parametrize("kind", NEWS)
@pytest.mark.parametrize("text", NASTY)
def test_what_a_lead_writes_breaks_no_card_and_pings_nobody(text, kind):
    sent = card(packet_with(text), kind=kind)
    assert_valid(sent["blocks"])
    assert_harmless(sent)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400), st.sampled_from(sorted(NEWS)))
@settings(max_examples=30, deadline=None)
def test_no_text_at_all_breaks_a_card(text, kind):
    sent = card(packet_with(text), kind=kind)
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
        SlackNotifier(ours.url, channel=CHANNEL).notify(notice())
        sent = card()
        client = WebhookClient(theirs.url)
        client.send(
            text=sent["text"], blocks=Block.parse_all(sent["blocks"]), unfurl_links=False, unfurl_media=False
        )  # fmt: skip
    assert json.loads(ours.got[0].body) == json.loads(theirs.got[0].body) | {"mrkdwn": False}
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
        SlackNotifier(hook.url, channel=CHANNEL).notify(notice())
    assert caught.value.permanent is permanent
    assert caught.value.retry_after == 30
    assert hook.url not in str(caught.value)


def test_no_answer_in_time_is_tried_again():
    with receiver(Reply(wait=0.6)) as hook, pytest.raises(NotifierError) as caught:
        SlackNotifier(hook.url, channel=CHANNEL, timeout=httpx.Timeout(0.1)).notify(notice())
    assert not caught.value.permanent


def test_a_malformed_url_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="SLACK_WEBHOOK_URL"):
        SlackNotifier("hooks.slack.com/services/x", channel=CHANNEL)
