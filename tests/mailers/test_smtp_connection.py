"""Kept connections: reused, checked, reset, opened anew; never two mails at once."""

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mailers import MAILERS, build_mailer
from nurture.mailers.smtp import connection as connection_module
from nurture.mailers.smtp.options import Keeping
from nurture.messages import Receipt
from tests.mailers.scripted import CLOSE, FAST, GOOD, HANG, PLAIN_EHLO, Script, a_mail, mailer, scripted

MAIL = ["MAIL FROM:<ada@news.acme.example> SIZE=22", "RCPT TO:<jo@example.com>", "DATA"]


def send(script: Script, count: int, **options: object) -> list[Receipt]:
    async def run() -> list[Receipt]:
        async with scripted(script), mailer(script, **options) as smtp:  # type: ignore[arg-type]
            return [await smtp.connections[0].send(a_mail(number=number)) for number in range(count)]

    return asyncio.run(run())


@pytest.mark.parametrize("ehlo", [GOOD["EHLO"], PLAIN_EHLO], ids=["pipelined", "one by one"])
def test_one_connection_carries_many_mails(ehlo: str) -> None:
    script = Script({"EHLO": ehlo})
    receipts = send(script, 5)
    assert [(receipt.delivery_id, receipt.outcome) for receipt in receipts] == [(number, "sent") for number in range(5)]
    (seen,) = script.connections
    assert seen.commands[1:] == MAIL * 5 + ["QUIT"]
    assert seen.taken == 5


def test_after_a_refusal_the_session_is_reset_and_goes_on() -> None:
    script = Script({"RCPT": ["550 5.1.1 no such user"], "DATA": ["554 5.5.1 no valid recipients"]})
    first, second = send(script, 2)
    assert (first.outcome, first.dead_address, second.outcome) == ("refused", True, "sent")
    (seen,) = script.connections
    assert seen.commands[1:] == [*MAIL, "RSET", *MAIL, "QUIT"]


def test_a_server_that_waits_for_a_mail_to_nobody_gets_an_empty_one() -> None:
    script = Script({"RCPT": ["550 5.1.1 no such user"], "dot": ["554 5.5.1 no recipients"]})
    first, second = send(script, 2)
    assert (first.outcome, second.outcome) == ("refused", "sent")
    assert script.connections[0].bodies[0].strip() == b""


def test_no_empty_mail_goes_to_somebody_who_was_accepted() -> None:
    script = Script({"MAIL": ["451 4.3.0 later"]})
    first, second = send(script, 2)
    assert (first.outcome, second.outcome) == ("held", "sent")
    assert script.connections[0].ended == 0
    assert len(script.connections) == 2


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("told", ["421 4.3.2 closing", CLOSE])
def test_the_next_mail_goes_over_a_new_connection(phase: str, told: str) -> None:
    script = Script({phase: [told]})
    first, second = send(script, 2)
    assert first.outcome == ("unknown" if (phase, told) == ("dot", CLOSE) else "put_off" if told == CLOSE else "held")
    assert second.outcome == "sent"
    assert len(script.connections) == 2


def test_a_server_that_hung_up_while_nothing_was_to_send_costs_no_mail() -> None:
    async def run() -> tuple[Receipt, Receipt]:
        script = Script(after_reply="421 4.4.2 idle too long")
        async with scripted(script), mailer(script) as smtp:
            (connection,) = smtp.connections
            first = await connection.send(a_mail())
            await asyncio.sleep(0.05)
            script.after_reply = None
            return first, await connection.send(a_mail())

    assert [receipt.outcome for receipt in asyncio.run(run())] == ["sent", "sent"]


def test_a_rested_connection_is_asked_first() -> None:
    script = Script()
    receipts = send(script, 2, keeping=Keeping(check_after=-1))
    assert [receipt.outcome for receipt in receipts] == ["sent", "sent"]
    assert script.connections[0].commands[1:] == ["NOOP", *MAIL, "NOOP", *MAIL, "QUIT"][1:]


def test_a_rested_connection_that_does_not_answer_is_left() -> None:
    script = Script({"NOOP": [CLOSE]})
    receipts = send(script, 2, keeping=Keeping(check_after=-1))
    assert [receipt.outcome for receipt in receipts] == ["sent", "sent"]
    assert len(script.connections) == 2


@pytest.mark.parametrize("keeping", [Keeping(longest=-1), Keeping(most_mails=1), Keeping(close_after=-1)])
def test_an_old_connection_is_closed_with_a_word_and_opened_anew(keeping: Keeping) -> None:
    script = Script()
    receipts = send(script, 2, keeping=keeping)
    assert [receipt.outcome for receipt in receipts] == ["sent", "sent"]
    assert [seen.commands[-1] for seen in script.connections] == ["QUIT", "QUIT"]


def test_ready_connects_before_there_is_a_mail_and_tells_trouble() -> None:
    async def run() -> None:
        script = Script({"banner": ["554 closed today"]})
        async with scripted(script), mailer(script) as smtp:
            (connection,) = smtp.connections
            assert not await connection.ready()
            assert "closed today" in connection.trouble
            assert await connection.ready()
            assert connection.trouble == ""
            assert (await connection.send(a_mail())).outcome == "sent"
            assert len(script.connections) == 2

    asyncio.run(run())


def test_while_the_server_stays_away_mails_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_WAITS", (60.0,))

    async def run() -> None:
        script = Script({"banner": "421 4.3.2 too busy"})
        async with scripted(script), mailer(script) as smtp:
            receipts = [await smtp.connections[0].send(a_mail()) for _ in range(20)]
        assert {receipt.outcome for receipt in receipts} == {"held"}
        assert "too busy" in receipts[-1].reply
        assert len(script.connections) == 1

    asyncio.run(run())


def test_waits_grow_with_failures_and_end_with_success() -> None:
    async def run() -> None:
        script = Script({"banner": ["421 busy"] * 3})
        async with scripted(script), mailer(script) as smtp:
            started = asyncio.get_running_loop().time()
            while not await smtp.connections[0].ready():
                pass
            waited = asyncio.get_running_loop().time() - started
        assert 0.8 * 1.5 <= waited < 1.2 * 1.5 + 2
        assert len(script.connections) == 4

    asyncio.run(run())


def test_a_connection_takes_one_mail_at_a_time() -> None:
    async def run() -> None:
        script = Script({"dot": HANG})
        async with scripted(script), mailer(script, timeouts=FAST) as smtp:
            first = asyncio.create_task(smtp.connections[0].send(a_mail()))
            await asyncio.sleep(0.05)
            with pytest.raises(RuntimeError, match="already"):
                await smtp.connections[0].send(a_mail())
            assert (await first).outcome == "unknown"

    asyncio.run(run())


def test_a_cancelled_mail_leaves_no_connection_that_another_could_be_confused_by() -> None:
    async def run() -> None:
        script = Script({"dot": [HANG]})
        async with scripted(script), mailer(script) as smtp:
            (connection,) = smtp.connections
            task = asyncio.create_task(connection.send(a_mail()))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await connection.send(a_mail(number=8))).outcome == "sent"
            assert len(script.connections) == 2

    asyncio.run(run())


def test_leaving_does_not_wait_for_a_server_that_does_not_answer() -> None:
    script = Script({"QUIT": HANG})
    assert send(script, 1, timeouts=FAST)[0].outcome == "sent"


def test_all_connections_work_at_once() -> None:
    async def run() -> None:
        script = Script()
        async with scripted(script), build_mailer(f"smtp://127.0.0.1:{script.port}?connections=5") as smtp:
            assert smtp.slots == len(smtp.connections) == 5
            receipts = await asyncio.gather(*(one.send(a_mail()) for one in smtp.connections))
        assert [receipt.outcome for receipt in receipts] == ["sent"] * 5
        assert len(script.connections) == 5

    asyncio.run(run())


BODIES = st.lists(
    st.sampled_from(
        [b".", b"..", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"a", b" ", b"=", b"QUIT", b"\xff\x00\x7f", b"x" * 990]
    ),
    max_size=40,
).map(b"".join) | st.binary(max_size=2000).map(lambda body: re.sub(rb"\r\n|\r|\n", b"\r\n", body))


@given(st.lists(BODIES, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_every_byte_arrives(bodies: list[bytes]) -> None:
    async def run() -> list[str]:
        async with scripted(script), mailer(script) as smtp:
            return [(await smtp.connections[0].send(a_mail(body))).outcome for body in bodies]

    script = Script()
    assert asyncio.run(run()) == ["sent"] * len(bodies)
    assert script.connections[0].bodies == [body.removesuffix(b"\r\n") + b"\r\n" for body in bodies]


def test_every_mailer_of_the_table_can_be_built() -> None:
    for scheme in ("smtp", "smtps"):
        assert scheme in MAILERS
        assert len(build_mailer(f"{scheme}://127.0.0.1:2525").connections) == 8
