"""Resend's batch call: a lost answer is asked for again, with the same key, and nothing is sent twice."""

from itertools import cycle

import pytest

from nurture.mailers.http import connection as http_connection
from nurture.mailers.http import wire
from nurture.mailers.resend.tags import tag_of, token_of
from tests.mailers.letters import UNSUBSCRIBE, a_letter
from tests.mailers.stub_api import Asked, Told, stub_api
from tests.mailers.test_http import TOKEN, outcomes, send


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "REPEATS", (0.01, 0.01, 0.01))


def taken(asked: Asked) -> Told:
    return Told(200, {"data": [{"id": str(number)} for number in range(len(asked.json))]})


def test_each_mail_has_its_own_header_fields_and_our_token() -> None:
    with stub_api(taken) as stub:
        send(f"resend://{TOKEN}?api={stub.url}", [a_letter(1), a_letter(2)])
    (asked,) = stub.asked
    assert (asked.path, asked.headers["authorization"]) == ("/emails/batch", f"Bearer {TOKEN}")
    assert asked.headers["user-agent"].startswith("nurture/")
    assert asked.headers["x-batch-validation"] == "permissive"
    first, _ = asked.json
    assert first["from"] == '"Ada, at Acmé" <ada@news.acme.example>'
    assert first["to"] == ["jo1@buyer.example"]
    assert first["reply_to"] == "in+r.abc@news.acme.example"
    assert first["headers"]["List-Unsubscribe"] == UNSUBSCRIBE
    assert first["headers"]["References"] == "<d.tok-en_1@news.acme.example>"
    assert first["tags"] == [{"name": "nurture", "value": "d-tok-en_1"}]
    assert token_of(tag_of("d.tok-en_1")) == "d.tok-en_1"


@pytest.mark.parametrize("lost", [Told(500, {}), Told(502, b"<html>"), Told(504, b""), Told(drop=True)])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(lost: Told) -> None:
    replies = iter([lost, lost])
    with stub_api(lambda asked: next(replies, None) or taken(asked)) as stub:
        ((receipt,),) = send(f"resend://{TOKEN}?api={stub.url}", [a_letter()])
    assert receipt.outcome == "sent"
    assert len(stub.asked) == 3
    assert len({asked.headers["idempotency-key"] for asked in stub.asked}) == 1
    assert len({asked.body for asked in stub.asked}) == 1


def test_another_request_has_another_key() -> None:
    with stub_api(taken) as stub:
        url = f"resend://{TOKEN}?api={stub.url}"
        send(url, [a_letter(1)], [a_letter(2)], [a_letter(1), a_letter(2)], [a_letter(1, subject="Other")])
        send(url, [a_letter(1)])
    keys = [asked.headers["idempotency-key"] for asked in stub.asked]
    assert keys[0] == keys[4]
    assert len(set(keys)) == 4
    assert max(map(len, keys)) <= 256


def test_an_answer_that_never_comes_leaves_the_mails_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ", 0.05)
    receipts = outcomes(lambda _: Told(after=0.5, drop=True), [a_letter(1), a_letter(2)], "resend")
    assert [receipt.outcome for receipt in receipts] == ["unknown", "unknown"]


def test_a_time_out_and_then_a_refused_key_still_may_have_sent_it() -> None:
    replies = cycle([Told(drop=True), Told(401, {"name": "invalid_api_key"})])
    (receipt,) = outcomes(lambda _: next(replies), [a_letter()], "resend")
    assert receipt.outcome == "unknown"


def test_a_request_that_is_still_worked_on_is_waited_for() -> None:
    replies = iter([Told(drop=True), Told(409, {"name": "concurrent_idempotent_requests"})])
    (receipt,) = outcomes(lambda asked: next(replies, None) or taken(asked), [a_letter()], "resend")
    assert receipt.outcome == "sent"


def test_one_bad_mail_of_a_batch_is_refused_and_the_others_go() -> None:
    def permissive(asked: Asked) -> Told:
        errors = [{"index": 1, "message": "Invalid `to` field."}]
        return Told(200, {"data": [{"id": "a"}, {"id": "c"}], "errors": errors})

    receipts = outcomes(permissive, [a_letter(number) for number in (1, 2, 3)], "resend")
    assert [receipt.outcome for receipt in receipts] == ["sent", "refused", "sent"]
    assert receipts[1].reply == "Invalid `to` field."


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"data": [{"id": "a"}], "errors": [{"index": 9, "message": "x"}]},
        {"data": [{"id": "a"}], "errors": [{"message": "x"}]},
        {"data": "yes"},
    ],
)
def test_an_answer_that_does_not_fit_leaves_the_mails_unknown(body: object) -> None:
    (first, second) = outcomes(lambda _: Told(200, body), [a_letter(1), a_letter(2)], "resend")
    assert (first.outcome, second.outcome) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (401, "missing_api_key", "held"),
        (403, "validation_error", "held"),
        (422, "invalid_from_address", "held"),
        (422, "missing_required_field", "refused"),
        (429, "daily_quota_exceeded", "held"),
        (409, "invalid_idempotent_request", "held"),
        (451, "security_error", "held"),
    ],
)
def test_what_an_error_makes_of_a_mail(status: int, name: str, expected: str) -> None:
    (receipt,) = outcomes(lambda _: Told(status, {"name": name, "message": "words"}), [a_letter()], "resend")
    assert receipt.outcome == expected
    assert receipt.reply == f"Resend answered {status}: {name} words"
