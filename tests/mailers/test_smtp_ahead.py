"""The next mail's envelope leaves behind a mail, before anybody knows whether that next mail may leave."""

import asyncio
from collections.abc import Sequence

import pytest

from nurture.messages import Mail, Receipt
from tests.mailers.scripted import CLOSE, PLAIN_EHLO, Script, a_mail, mailer, scripted

FIRST, SECOND, OTHER = (a_mail(to=f"{name}@example.com", number=n) for n, name in enumerate(("a", "b", "c")))


def send(script: Script, turns: Sequence[tuple[Mail, Mail | None]], *, settled: int = 0) -> list[Receipt]:
    """Send mails, each with what is expected after it; wait until the server has heard so many commands."""
    receipts = []

    async def run() -> None:
        async with scripted(script), mailer(script) as smtp:
            connection = smtp.connections[0]
            for mail, following in turns:
                if following is not None:
                    connection.expect(following)
                receipts.append(await connection.send(mail))
            while len(script.connections[-1].commands) < settled:
                await asyncio.sleep(0.001)

    asyncio.run(run())
    return receipts


def recipients(script: Script) -> list[list[str]]:
    return [[said[9] for said in seen.commands if said.startswith("RCPT")] for seen in script.connections]


def test_the_server_has_the_envelope_before_the_mail_and_nothing_else_of_it() -> None:
    script = Script(hears_ahead=True)
    (receipt,) = send(script, [(FIRST, SECOND)], settled=7)
    assert receipt.outcome == "sent"
    (seen,) = script.connections
    assert recipients(script) == [["a", "b"]]
    assert (seen.ended, seen.taken) == (1, 1)
    assert "QUIT" not in seen.commands


def test_what_was_expected_goes_without_another_envelope() -> None:
    script = Script(hears_ahead=True)
    receipts = send(script, [(FIRST, SECOND), (SECOND, OTHER), (OTHER, None)])
    assert [receipt.outcome for receipt in receipts] == ["sent"] * 3
    assert recipients(script) == [["a", "b", "c"]]
    assert script.connections[0].taken == 3
    assert script.connections[0].commands[-1] == "QUIT"


def test_another_mail_than_the_expected_goes_over_a_new_connection() -> None:
    script = Script(hears_ahead=True)
    receipts = send(script, [(FIRST, SECOND), (OTHER, None)])
    assert [receipt.outcome for receipt in receipts] == ["sent", "sent"]
    assert recipients(script) == [["a", "b"], ["c"]]
    assert [seen.taken for seen in script.connections] == [1, 1]
    assert [seen.ended for seen in script.connections] == [1, 1]


@pytest.mark.parametrize(("phase", "told"), [("RCPT", "550 5.1.1 no such user"), ("DATA", "451 4.3.0 later")])
def test_an_envelope_that_is_refused_ahead_is_that_mails_own_trouble(phase: str, told: str) -> None:
    good = {"RCPT": "250 fine", "DATA": "354 go on"}[phase]
    replies: dict[str, str | list[str]] = {phase: [good, told]}
    if phase == "RCPT":
        replies["DATA"] = ["354 go on", "554 5.5.1 no valid recipients"]
    receipts = send(Script(replies, hears_ahead=True), [(FIRST, SECOND), (SECOND, OTHER), (OTHER, None)])
    outcome = "refused" if phase == "RCPT" else "put_off"
    assert [receipt.outcome for receipt in receipts] == ["sent", outcome, "sent"]


def test_a_mail_that_is_refused_does_not_spoil_the_envelope_behind_it() -> None:
    script = Script({"dot": ["550 5.7.1 we do not like it"]}, hears_ahead=True)
    receipts = send(script, [(FIRST, SECOND), (SECOND, None)])
    assert [receipt.outcome for receipt in receipts] == ["put_off", "sent"]
    assert recipients(script) == [["a", "b"]]


def test_a_server_that_leaves_meanwhile_costs_the_expected_mail_nothing() -> None:
    script = Script({"DATA": ["354 go on", CLOSE]}, hears_ahead=True)
    first, second = send(script, [(FIRST, SECOND), (SECOND, None)])
    assert first.outcome == "sent"
    assert second.outcome in ("sent", "put_off")  # as it comes before or after the mail is begun
    assert sum(seen.ended for seen in script.connections) == 1 + (second.outcome == "sent")


def test_a_server_without_pipelining_hears_nothing_ahead() -> None:
    script = Script({"EHLO": PLAIN_EHLO})
    send(script, [(FIRST, SECOND)])
    assert recipients(script) == [["a"]]
    assert script.connections[0].commands[-1] == "QUIT"
