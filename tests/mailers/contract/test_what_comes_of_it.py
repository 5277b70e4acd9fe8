"""Whichever way a mail goes: every outcome is what it says, nothing is sent twice, nothing secret is said."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nurture.mailers import build_mailer
from nurture.mailers.http import connection as repeating
from nurture.mailers.http import wire
from tests.mailers.contract.houses import HTTP, NAMES, SECRETS, HttpHouse, send
from tests.mailers.contract.letters import letter
from tests.mailers.contract.stub import Asked, Said


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long here."""
    monkeypatch.setattr(wire, "READ", 0.4)
    monkeypatch.setattr(wire, "CONNECT", 0.4)
    monkeypatch.setattr(repeating, "REPEATS", (0.01, 0.01))


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_that_is_refused_hurts_no_other(house: Any) -> None:
    house.refuse("lead2@example.com", "lead4@example.com")
    receipts = send(house.url, *(letter(number=number) for number in range(1, 6)))
    assert [receipt.outcome for receipt in receipts] == ["sent", "refused", "sent", "refused", "sent"]
    assert [receipt.delivery_id for receipt in receipts] == [1, 2, 3, 4, 5]
    assert all(receipt.reply for receipt in receipts if receipt.outcome == "refused")


@pytest.mark.parametrize("name", NAMES)
def test_too_many_harms_no_mail_and_is_waited_for(house: Any) -> None:
    waits: list[float] = []
    house.be_busy()
    receipts = send(house.url, letter(), look=lambda connection: waits.append(connection.wait))
    assert receipts[0].outcome == house.when_busy
    if isinstance(house, HttpHouse):
        assert 2 < waits[0] <= 3.1


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_answer_leaves_it_open(house: Any, impatient: None) -> None:
    for _ in range(3):
        house.hang_up()
    receipts = send(house.url, letter())
    assert [receipt.outcome for receipt in receipts] == ["unknown"]
    assert len(house.seen()) == (3 if house.name == "resend" else 1)


@pytest.mark.parametrize("name", HTTP)
def test_an_answer_that_does_not_come_leaves_it_open(house: HttpHouse, impatient: None) -> None:
    for _ in range(3):
        house.hang()
    assert [receipt.outcome for receipt in send(house.url, letter())] == ["unknown"]
    house.stub.let_go.set()


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("name", HTTP)
def test_a_server_that_fails_leaves_it_open(house: HttpHouse, status: int, impatient: None) -> None:
    house.next(*[Said(status, b"<html>oops</html>", {"Content-Type": "text/html"})] * 3)
    assert [receipt.outcome for receipt in send(house.url, letter())] == ["unknown"]


@pytest.mark.parametrize("name", HTTP)
def test_a_server_that_is_closed_for_now_has_not_taken_it(house: HttpHouse) -> None:
    house.next(Said(503, b"", {"Retry-After": "2"}))
    assert [receipt.outcome for receipt in send(house.url, letter())] == ["held"]


@pytest.mark.parametrize("name", HTTP)
def test_half_an_answer_to_a_failure_leaves_it_open(house: HttpHouse, impatient: None) -> None:
    for _ in range(3):
        house.break_off()
    assert [receipt.outcome for receipt in send(house.url, letter())] == ["unknown"]


@contextmanager
def listening() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("name", HTTP)
def test_what_never_left_is_not_in_doubt(house: HttpHouse, impatient: None) -> None:
    with listening() as port:
        receipts = send(house.provider.url.format(api=f"https://127.0.0.1:{port}"), letter())
    assert [receipt.outcome for receipt in receipts] == ["held"]


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_is_not_there_has_taken_nothing(house: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        url = house.url.replace(house.url.partition("127.0.0.1:")[2].partition("?")[0], str(port))
        assert [receipt.outcome for receipt in send(url, letter())] == ["held"]


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_key_harms_no_mail_and_is_said_without_showing_it(house: Any, caplog: pytest.LogCaptureFixture) -> None:
    troubles: list[tuple[str, bool]] = []
    house.know_nobody()
    with caplog.at_level(logging.DEBUG):
        receipts = send(
            house.url, letter(), look=lambda connection: troubles.append((connection.trouble, connection.unusable))
        )
    assert [receipt.outcome for receipt in receipts] == ["held"]
    ((trouble, unusable),) = troubles
    assert unusable == isinstance(house, HttpHouse)
    assert trouble
    ours = [record for record in caplog.records if record.name != "mail.log"]  # that is the server
    said = " ".join([receipts[0].reply, trouble, *(str(vars(record)) for record in ours)])
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("name", HTTP)
def test_nothing_of_a_lead_is_logged(house: HttpHouse, impatient: None, caplog: pytest.LogCaptureFixture) -> None:
    house.next(Said(500, b""), Said(500, b""), Said(500, b""), Said(500, b""))
    with caplog.at_level(logging.INFO):
        send(house.url, letter())
    said = " ".join([caplog.text, *(str(vars(record)) for record in caplog.records)])
    assert not [word for word in ("lead1@example.com", "Zoë", "Grüße", *SECRETS) if word in said]


@pytest.mark.parametrize("name", ["resend"])
def test_a_request_that_may_be_repeated_is_the_same_and_is_taken_once(house: HttpHouse, impatient: None) -> None:
    house.hang_up()
    receipts = send(house.url, letter(number=1), letter(number=2))
    first, second = house.stub.asked
    assert [receipt.outcome for receipt in receipts] == ["sent", "sent"]
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    send(house.url, letter(number=3))
    assert house.stub.asked[2].headers["idempotency-key"] != first.headers["idempotency-key"]


@pytest.mark.parametrize("name", sorted(set(HTTP) - {"resend"}))
def test_where_nothing_can_be_repeated_nothing_is(house: HttpHouse, impatient: None) -> None:
    house.hang_up()
    assert [receipt.outcome for receipt in send(house.url, letter())] == ["unknown"]
    assert len(house.stub.asked) == 1


@pytest.mark.parametrize("name", ["sendgrid"])
def test_where_only_the_end_of_a_limit_is_told_it_is_waited_for(house: HttpHouse) -> None:
    waits: list[float] = []
    left = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 30)}
    house.next(Said(429, house.provider.too_many, left))
    receipts = send(house.url, letter(), look=lambda connection: waits.append(connection.wait))
    assert receipts[0].outcome == "held"
    assert 27 < waits[0] <= 31


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "ses"])
def test_several_requests_are_under_way_at_once_over_connections_that_are_kept(house: HttpHouse) -> None:
    at_once, most = 0, 0
    lock = threading.Lock()

    def slowly(asked: Asked) -> Said:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return house.provider.taken(asked)

    async def sending() -> list[str]:
        async with build_mailer(house.url, connections=4) as mailer:
            found: list[str] = []

            async def one_after_the_other(connection: Any, first: int) -> None:
                for number in range(first, first + 3):
                    found.extend(receipt.outcome for receipt in await connection.send_many([letter(number=number)]))

            ways = enumerate(mailer.connections)
            await asyncio.gather(*(one_after_the_other(way, 10 * place) for place, way in ways))
            return found

    house.stub.answer = slowly
    assert asyncio.run(sending()) == ["sent"] * 12
    assert most == 4
    assert house.stub.connections == 4
    assert len({mail.recipient for mail in house.seen()}) == 12
