"""What all HTTP providers share: every accident sorted into what it means for the mails."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from nurture.errors import SettingsError
from nurture.mailers import build_mailer, send_one
from nurture.mailers.composed import composed
from nurture.mailers.http import connection as http_connection
from nurture.mailers.http import wire
from nurture.mailers.http.patience import WAITS, retry_after
from nurture.messages import Mail, Receipt
from tests.mailers.letters import UNSUBSCRIBE, a_letter
from tests.mailers.stub_api import Asked, Told, stub_api

TOKEN = "a-secret-token-of-36-characters-long"


def postmark(asked: Asked) -> Told:
    return Told(200, [{"ErrorCode": 0, "Message": "OK", "MessageID": str(n)} for n in range(len(asked.json))])


def send(url: str, *batches: Sequence[Mail]) -> list[list[Receipt]]:
    async def run() -> list[list[Receipt]]:
        async with build_mailer(url) as mailer:
            return [list(await mailer.connections[0].send_many(batch)) for batch in batches]

    return asyncio.run(run())


def outcomes(reply: Callable[[Asked], Told], mails: Sequence[Mail], scheme: str = "postmark") -> list[Receipt]:
    with stub_api(reply) as stub:
        return send(f"{scheme}://{TOKEN}?api={stub.url}", mails)[0]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "REPEATS", (0.01, 0.01))
    monkeypatch.setattr("nurture.mailers.http.patience.WAITS", tuple(wait / 50 for wait in WAITS))


MEANINGS = {
    "a wrong key": (Told(401, {"ErrorCode": 10, "Message": "no"}), "held"),
    "forbidden": (Told(403, {}), "held"),
    "payment required": (Told(402, {}), "held"),
    "no such path": (Told(404, b"not found"), "held"),
    "moved": (Told(302, b"", {"location": "https://elsewhere.example/"}), "held"),
    "too many": (Told(429, {"ErrorCode": 429}, {"retry-after": "1"}), "held"),
    "an outage": (Told(503, b"down"), "held"),
    "a mistake of the server": (Told(500, b"oops"), "unknown"),
    "a gateway that lost it": (Told(502, b"<html>"), "unknown"),
    "a gateway that waited": (Told(504, b"<html>"), "unknown"),
    "good, and no JSON": (Told(200, b"<html>thanks</html>"), "unknown"),
    "good, and another shape": (Told(200, {"thanks": True}), "unknown"),
    "good, and too few": (Told(200, []), "unknown"),
    "good, and broken off": (Told(200, [{"ErrorCode": 0, "Message": "OK" * 50}], cut=20), "unknown"),
    "gone before an answer": (Told(drop=True), "unknown"),
    "a refusal broken off": (Told(422, {"ErrorCode": 300, "Message": "no" * 50}, cut=3), "refused"),
}


@pytest.mark.parametrize(("told", "expected"), MEANINGS.values(), ids=MEANINGS.keys())
def test_what_an_answer_makes_of_a_mail(told: Told, expected: str) -> None:
    (receipt,) = outcomes(lambda _: told, [a_letter()])
    assert receipt.outcome == expected
    assert receipt.reply
    assert TOKEN not in receipt.reply
    assert "\n" not in receipt.reply


def test_a_server_that_is_not_there_has_no_mail() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    (receipt,) = send(f"postmark://{TOKEN}?api=http://127.0.0.1:{port}", [a_letter()])[0]
    assert receipt.outcome == "held"
    assert "cannot be reached" in receipt.reply


def test_a_name_that_does_not_exist_and_a_server_without_tls_have_no_mail() -> None:
    with stub_api(postmark) as stub:
        port = stub.url.rpartition(":")[2]
        urls = ["https://no-such-name.invalid", f"https://127.0.0.1:{port}"]
        receipts = [send(f"postmark://{TOKEN}?api={url}", [a_letter()])[0][0] for url in urls]
    assert [receipt.outcome for receipt in receipts] == ["held", "held"]


def test_an_answer_that_does_not_come_leaves_the_mail_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ", 0.2)
    (receipt,) = outcomes(lambda _: Told(after=1.0, drop=True), [a_letter()])
    assert receipt.outcome == "unknown"


def test_an_answer_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "IN_ALL", 0.3)
    (receipt,) = outcomes(lambda _: Told(after=1.0, drop=True), [a_letter()])
    assert receipt.outcome == "unknown"


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_OCTETS", 1000)
    (receipt,) = outcomes(lambda asked: Told(200, [{"ErrorCode": 0, "Message": "x" * 2000}]), [a_letter()])
    assert receipt.outcome == "unknown"


def test_a_redirect_is_not_followed() -> None:
    with (
        stub_api(postmark) as other,
        stub_api(lambda _: Told(307, b"", {"location": other.url + "/email/batch"})) as stub,
    ):
        (receipt,) = send(f"postmark://{TOKEN}?api={stub.url}", [a_letter()])[0]
        assert other.asked == []
    assert receipt.outcome == "held"


def test_a_batch_refused_for_one_mail_is_cut_up_until_that_one_is_found() -> None:
    def picky(asked: Asked) -> Told:
        if any(item["To"] == "jo5@buyer.example" for item in asked.json):
            return Told(422, {"ErrorCode": 300, "Message": "Invalid 'To' address"})
        return postmark(asked)

    receipts = outcomes(picky, [a_letter(number) for number in range(1, 9)])
    assert [receipt.delivery_id for receipt in receipts] == list(range(1, 9))
    assert [receipt.outcome for receipt in receipts] == ["refused" if n == 5 else "sent" for n in range(1, 9)]


def test_while_there_is_trouble_one_mail_goes_at_a_time_and_then_all_again() -> None:
    async def run(url: str) -> list[int]:
        async with build_mailer(url) as mailer:
            connection = mailer.connections[0]
            sizes = [connection.most]
            for _ in range(2):
                await connection.send_many([a_letter()])
                sizes.append(connection.most)
            return sizes

    replies = iter([Told(503, b""), Told(200, [{"ErrorCode": 0}])])
    with stub_api(lambda _: next(replies)) as stub:
        assert asyncio.run(run(f"postmark://{TOKEN}?api={stub.url}&batch=70")) == [70, 1, 70]


def test_retry_after_is_obeyed_and_the_others_are_not_even_tried() -> None:
    async def run(url: str) -> tuple[list[Receipt], float, bool]:
        async with build_mailer(url, connections=2) as mailer:
            one, other = mailer.connections
            receipts = [*await one.send_many([a_letter(1)]), *await other.send_many([a_letter(2)])]
            return receipts, other.wait, await other.ready()

    with stub_api(lambda _: Told(429, {}, {"retry-after": "120"})) as stub:
        receipts, wait, ready = asyncio.run(run(f"postmark://{TOKEN}?api={stub.url}"))
        assert len(stub.asked) == 1
    assert [receipt.outcome for receipt in receipts] == ["held", "held"]
    assert 118 < wait <= 120
    assert not ready


RESET_IN_30 = {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": "1795341630",
    "date": "Sun, 22 Nov 2026 10:00:00 GMT",
}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        (
            {"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            30.0,
        ),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
        ({"retry-after": "Sun Nov 22 10:00:30 2026", "date": "Sun, 22 Nov 2026 10:00:00 -0000"}, 30.0),
        ({"x-ratelimit-reset": "1795341630"}, None),
        (RESET_IN_30, 30.0),
        ({**RESET_IN_30, "x-ratelimit-reset": "1795341630000"}, 30.0),
        ({**RESET_IN_30, "x-ratelimit-reset": "9" * 400}, None),
        ({**RESET_IN_30, "retry-after": "7"}, 7.0),
    ],
)
def test_how_long_an_answer_asks_us_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_key_never_stands_in_what_is_kept_or_shown() -> None:
    said = Told(401, {"ErrorCode": 10, "Message": f"the token {TOKEN} is not known"})
    (receipt,) = outcomes(lambda _: said, [a_letter()])
    assert TOKEN not in receipt.reply
    assert "not known" in receipt.reply


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postmark://", "token"),
        ("resend://", "key"),
        (f"postmark://{TOKEN}?steam=x", "did you mean `stream`"),
        (f"postmark://{TOKEN}?batch=501", "1 to 500"),
        (f"postmark://{TOKEN}?connections=0", "1 to 64"),
        (f"postmark://{TOKEN}?api=http://api.example.com", "TLS"),
        (f"postmark://{TOKEN}?api=nonsense", "no address"),
        (f"postmark://{TOKEN}/path", "percent-encoded"),
        (f"postmark://{TOKEN}:x:y", "cannot be read"),
    ],
)
def test_a_malformed_url_is_one_clear_line_without_the_key(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        build_mailer(url)
    assert TOKEN not in str(raised.value)


def test_capitals_of_a_key_stay() -> None:
    with stub_api(postmark) as stub:
        assert send_one(f"postmark://AbCdEf123?api={stub.url}", a_letter()).outcome == "sent"
        assert stub.asked[0].headers["x-postmark-server-token"] == "AbCdEf123"


def test_a_mail_is_taken_apart_without_loss() -> None:
    pieces = composed(a_letter())
    assert pieces.subject == "Grüße an Jo — eine Frage, die länger ist"
    assert (pieces.sender_name, pieces.sender_address) == ("Ada, at Acmé", "ada@news.acme.example")
    assert pieces.sender == '"Ada, at Acmé" <ada@news.acme.example>'
    assert pieces.recipient == "jo1@buyer.example"
    assert pieces.reply_to == "in+r.abc@news.acme.example"
    assert pieces.headers == (
        ("List-Unsubscribe", UNSUBSCRIBE),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "Acme <not-ready.acme.example>"),
    )
    assert pieces.token == "d.tok-en_1"
    assert pieces.text == "Guten Tag, Jörg.\nZweite Zeile.\n"
    assert pieces.html == "<p>Guten Tag, <b>Jörg</b>.</p>" * 20 + "\n"
