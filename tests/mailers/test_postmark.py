"""Postmark's batch call: what stands in it, and what its codes mean."""

import pytest

from nurture.mailers import build_mailer
from nurture.messages import Receipt
from tests.mailers.letters import UNSUBSCRIBE, a_letter
from tests.mailers.stub_api import Asked, Told, stub_api
from tests.mailers.test_http import TOKEN, outcomes, postmark, send


def code(number: int, message: str = "words") -> Receipt:
    (receipt,) = outcomes(lambda _: Told(200, [{"ErrorCode": number, "Message": message}]), [a_letter()])
    return receipt


def test_each_mail_has_its_own_header_fields_and_our_token_and_is_not_tracked_twice() -> None:
    with stub_api(postmark) as stub:
        send(f"postmark://{TOKEN}?stream=news&api={stub.url}", [a_letter(1), a_letter(2)])
    (asked,) = stub.asked
    assert (asked.path, asked.headers["x-postmark-server-token"]) == ("/email/batch", TOKEN)
    assert asked.headers["user-agent"].startswith("nurture/")
    first, second = asked.json
    assert {key: value for key, value in first.items() if key not in ("TextBody", "HtmlBody", "Headers")} == {
        "From": '"Ada, at Acmé" <ada@news.acme.example>',
        "To": "jo1@buyer.example",
        "ReplyTo": "in+r.abc@news.acme.example",
        "Subject": "Grüße an Jo — eine Frage, die länger ist",
        "Metadata": {"nurture": "d.tok-en_1"},
        "MessageStream": "news",
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    fields = {field["Name"]: field["Value"] for field in first["Headers"]}
    assert fields["List-Unsubscribe"] == UNSUBSCRIBE
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (fields["Message-ID"], fields["X-PM-KeepID"]) == ("<d.tok-en_1@news.acme.example>", "true")
    assert second["Metadata"] == {"nurture": "d.tok-en_2"}


def test_a_200_says_of_each_mail_what_became_of_it() -> None:
    def mixed(asked: Asked) -> Told:
        codes = [0, 406, 300, 429, 0]
        return Told(200, [{"ErrorCode": number, "Message": f"code {number}"} for number in codes])

    receipts = outcomes(mixed, [a_letter(number) for number in range(1, 6)])
    assert [(receipt.outcome, receipt.dead_address) for receipt in receipts] == [
        ("sent", False),
        ("refused", True),
        ("refused", False),
        ("held", False),
        ("sent", False),
    ]
    assert receipts[1].reply == "406 code 406"


@pytest.mark.parametrize("number", [10, 400, 401, 405, 412, 413, 1235, 1236])
def test_what_is_wrong_with_the_account_fails_no_mail(number: int) -> None:
    assert code(number).outcome == "held"


def test_a_sender_that_is_not_confirmed_is_no_fault_of_the_mail() -> None:
    assert code(300, "Invalid 'From' address: 'a@b.example' is not a verified sender signature").outcome == "held"


def test_a_code_that_is_not_known_puts_the_mail_off() -> None:
    assert code(7777).outcome == "put_off"


def test_an_item_without_a_code_is_unknown() -> None:
    (receipt,) = outcomes(lambda _: Told(200, [{"Message": "well"}]), [a_letter()])
    assert receipt.outcome == "unknown"


def test_the_stream_is_broadcast_unless_the_url_says_another() -> None:
    with stub_api(postmark) as stub:
        send(f"postmark://{TOKEN}?api={stub.url}", [a_letter()])
        assert stub.asked[0].json[0]["MessageStream"] == "broadcast"
    assert build_mailer(f"postmark://{TOKEN}").connections[0].most == 100
    assert build_mailer(f"postmark://{TOKEN}?batch=500").connections[0].most == 500
