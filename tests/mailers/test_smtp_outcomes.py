"""Whatever a server does, at whatever moment: the receipt tells what became of the mail."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.mailers.smtp.options import Timeouts
from nurture.messages import Receipt
from tests.mailers.scripted import (
    CLOSE,
    FAST,
    GOOD,
    HANG,
    PATIENT,
    PLAIN_EHLO,
    RESET,
    Script,
    a_mail,
    mailer,
    scripted,
)

BIG = b"Subject: big\r\n\r\n" + b"0123456789abcdef" * 4 + b"\r\n"
BIG_MAIL = BIG * 120_000
"""More than the buffers of two sockets hold, so that a server can break off before all of it has left."""


def outcome(script: Script, data: bytes = b"Subject: hi\r\n\r\nhello\r\n", timeouts: Timeouts = PATIENT) -> Receipt:
    async def run() -> Receipt:
        async with scripted(script), mailer(script, timeouts=timeouts) as smtp:
            return await smtp.connections[0].send(a_mail(data))

    return asyncio.run(run())


@pytest.mark.parametrize("ehlo", [GOOD["EHLO"], PLAIN_EHLO], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    ("phase", "told", "expected"),
    [
        ("banner", "421 4.3.2 too busy", "held"),
        ("banner", "554 go away", "held"),
        ("banner", "hello", "held"),
        ("banner", CLOSE, "held"),
        ("banner", RESET, "held"),
        ("banner", HANG, "held"),
        ("EHLO", "421 4.3.2 closing", "held"),
        ("EHLO", CLOSE, "held"),
        ("EHLO", HANG, "held"),
        ("MAIL", "421 4.7.0 closing", "held"),
        ("MAIL", "451 4.3.0 later", "held"),
        ("MAIL", "550 5.7.1 not you", "held"),
        ("MAIL", "553 5.1.8 no such sender", "held"),
        ("MAIL", "552 5.3.4 too big", "refused"),
        ("MAIL", CLOSE, "put_off"),
        ("MAIL", RESET, "put_off"),
        ("MAIL", HANG, "put_off"),
        ("RCPT", "450 4.2.1 greylisted", "put_off"),
        ("RCPT", "421 4.7.0 closing", "held"),
        ("RCPT", "550 5.1.1 no such user", "dead"),
        ("RCPT", "550 no such user", "dead"),
        ("RCPT", "551 not here", "dead"),
        ("RCPT", "553 bad name", "dead"),
        ("RCPT", "501 5.1.3 bad syntax", "dead"),
        ("RCPT", "550 5.7.1 blocked", "policy"),
        ("RCPT", "550 5.2.1 disabled", "refused"),
        ("RCPT", "554 5.7.1 relay denied", "policy"),
        ("RCPT", "552 5.2.2 full", "refused"),
        ("RCPT", "550 5.1.8 bad sender", "held"),
        ("RCPT", "530 5.7.0 log in first", "held"),
        ("RCPT", "503 5.5.1 MAIL first", "held"),
        ("RCPT", CLOSE, "put_off"),
        ("RCPT", RESET, "put_off"),
        ("RCPT", HANG, "put_off"),
        ("RCPT", "550 account suspended", "policy"),
        ("RCPT", "550 5.3.0 administrative prohibition", "policy"),
        ("RCPT", "554 listed by spamhaus", "policy"),
        ("DATA", "451 4.3.0 later", "put_off"),
        ("DATA", "421 4.3.0 closing", "held"),
        ("DATA", "554 5.7.1 no", "policy"),
        ("DATA", "250 what", "put_off"),
        ("DATA", CLOSE, "put_off"),
        ("DATA", RESET, "put_off"),
        ("DATA", HANG, "put_off"),
        ("dot", "250 2.0.0 taken", "sent"),
        ("dot", "250-2.0.0 taken\r\n250 2.0.0 as 123", "sent"),
        ("dot", "451 4.3.0 later", "put_off"),
        ("dot", "421 4.3.2 closing", "held"),
        ("dot", "550 5.7.1 spam", "policy"),
        ("dot", "550 spam", "refused"),
        ("dot", "550 5.1.1 no such user", "dead"),
        ("dot", "554 5.6.0 no", "refused"),
        ("dot", "354 go on", "unknown"),
        ("dot", "hello", "unknown"),
        ("dot", CLOSE, "unknown"),
        ("dot", RESET, "unknown"),
        ("dot", HANG, "unknown"),
    ],
)
def test_each_answer_at_each_moment(phase: str, told: str, expected: str, ehlo: str) -> None:
    replies: dict[str, str | list[str]] = {"EHLO": ehlo, phase: told}
    hangs = FAST if phase != "dot" else replace(PATIENT, taken=0.4)
    receipt = outcome(Script(replies), timeouts=hangs if told == HANG else PATIENT)
    assert receipt.outcome == {"dead": "refused", "policy": "put_off"}.get(expected, expected)
    assert (receipt.dead_address, receipt.policy) == (expected == "dead", expected == "policy")
    assert receipt.delivery_id == 7
    assert receipt.reply
    assert "\n" not in receipt.reply


@pytest.mark.parametrize("act", [CLOSE, RESET, HANG])
def test_a_mail_broken_off_before_its_end_is_put_off(act: str) -> None:
    script = Script(body_bytes=4096, body_act=act)
    assert outcome(script, BIG_MAIL, replace(PATIENT, body=0.4)).outcome == "put_off"
    assert script.connections[0].ended == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [("552 5.3.4 too large", "refused"), ("452 4.3.1 full", "put_off"), ("250 thanks", "put_off")],
)
def test_an_answer_in_mid_mail_counts_and_the_rest_is_not_sent(words: str, expected: str) -> None:
    script = Script(body_bytes=4096, body_act=words)
    assert outcome(script, BIG_MAIL).outcome == expected
    assert script.connections[0].ended == 0


@pytest.mark.parametrize("act", [CLOSE, RESET])
def test_a_mail_that_was_taken_is_sent_whatever_the_server_does_then(act: str) -> None:
    assert outcome(Script(after_reply=act)).outcome == "sent"


def test_with_no_server_at_all_a_mail_is_held() -> None:
    async def run() -> Receipt:
        async with scripted(Script()) as script:
            pass
        async with mailer(script) as smtp:
            return await smtp.connections[0].send(a_mail())

    receipt = asyncio.run(run())
    assert receipt.outcome == "held"
    assert "cannot be reached" in receipt.reply


def test_the_refusal_of_our_own_sender_says_so() -> None:
    assert "our sender" in outcome(Script({"MAIL": "550 5.7.1 not you"})).reply


def test_a_servers_words_are_made_one_safe_line() -> None:
    reply = outcome(Script({"dot": "550-5.7.1 so\tmuch\x1b[31m\r\n550 5.7.1 spam"})).reply
    assert reply == "550 5.7.1 so much [31m 5.7.1 spam"


ACTS = st.sampled_from(
    ["good", "good", "good", "good", "450 4.0.0 later", "550 5.0.0 no", "421 4.0.0 bye", CLOSE, RESET]
)


@given(
    acts=st.fixed_dictionaries(dict.fromkeys(("banner", "EHLO", "MAIL", "RCPT", "DATA", "dot"), ACTS)),
    pipelined=st.booleans(),
    body=st.sampled_from([b"short\r\n", b"\r\n.\r\n..\r\n", b"x" * 70_000 + b"\r\n"]),
    body_bytes=st.none() | st.integers(0, 80_000),
)
@settings(max_examples=48, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_receipt_never_says_more_than_is_known(
    acts: dict[str, str], pipelined: bool, body: bytes, body_bytes: int | None
) -> None:
    replies: dict[str, str | list[str]] = {phase: act for phase, act in acts.items() if act != "good"}
    if not pipelined and acts["EHLO"] == "good":
        replies["EHLO"] = PLAIN_EHLO
    script = Script(replies, body_bytes=body_bytes)
    receipt = outcome(script, body)
    taken, ended = (sum(getattr(seen, what) for seen in script.connections) for what in ("taken", "ended"))
    if receipt.outcome == "sent":
        assert taken == 1
    if receipt.outcome in {"put_off", "held", "refused"}:
        assert taken == 0
    if taken:
        assert receipt.outcome in {"sent", "unknown"}
    if receipt.outcome == "unknown":
        assert acts["dot"] in {CLOSE, RESET} or not ended
