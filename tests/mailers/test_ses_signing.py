"""Our signature is the one that AWS's own library would have made, for whatever may be asked of it."""

from datetime import UTC, datetime, timedelta, timezone
from unittest import mock

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mailers.ses.signing import Credentials, Request, signed

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
SECRETS = st.text(PRINTABLE.filter(lambda letter: letter != " "), min_size=1, max_size=60)
WORDS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Accept", "X-Amz-Target", "X-Odd_name"]), st.text(PRINTABLE, max_size=30)
)
PATHS = st.text(st.sampled_from("abcXYZ019-_.~ %+=@:/ü"), max_size=20).map(lambda text: f"/v2/{text.strip('/.')}")
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware here


def of_aws(request: Request, credentials: Credentials, region: str, at: datetime) -> dict[str, str]:
    """The headers as botocore would send them."""
    theirs = AWSRequest(request.method, f"https://{request.host}{request.path}", dict(request.headers), request.body)
    keys = BotocoreCredentials(credentials.key_id, credentials.secret, credentials.session_token)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=at.astimezone(UTC)):
        botocore.auth.SigV4Auth(keys, "ses", region).add_auth(theirs)
    return {name.lower(): value for name, value in theirs.headers.items()}


@settings(max_examples=60, deadline=None)
@given(
    key_id=WORDS, secret=SECRETS, token=st.none() | SECRETS, host=WORDS, path=PATHS, headers=HEADERS,
    body=st.binary(max_size=200), region=WORDS, at=MOMENTS, method=st.sampled_from(["POST", "GET", "PUT"]),
)  # fmt: skip
def test_the_signature_is_that_of_aws_own_library(
    key_id: str, secret: str, token: str | None, host: str, path: str, headers: dict[str, str], body: bytes,
    region: str, at: datetime, method: str,
) -> None:  # fmt: skip
    credentials = Credentials(key_id, secret, token)
    request = Request(method, f"email.{host}.amazonaws.com", path.replace("//", "/"), headers, body)
    ours, theirs = signed(request, credentials, region=region, at=at), of_aws(request, credentials, region, at)
    assert ours["authorization"] == theirs["authorization"]
    assert ours["x-amz-date"] == theirs["x-amz-date"]
    assert ours.get("x-amz-security-token") == theirs.get("x-amz-security-token") == token


def test_the_moment_is_told_in_utc_whatever_its_zone() -> None:
    request, credentials = Request("POST", "h", "/", {}, b""), Credentials("k", "s")
    noon = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=9)))
    assert signed(request, credentials, region="r", at=noon) == signed(request, credentials, region="r", at=elsewhere)


@pytest.mark.parametrize("change", ["body", "host", "header", "secret", "region", "moment"])
def test_whatever_is_changed_changes_the_signature(change: str) -> None:
    def signature(**changed: object) -> str:
        request = Request(
            "POST", str(changed.get("host", "h")), "/", {"X": str(changed.get("header", "x"))},
            bytes(str(changed.get("body", "b")), "ascii"),
        )  # fmt: skip
        at = datetime(2026, 1, 2, 12, 0, 1 if "moment" in changed else 0, tzinfo=UTC)
        credentials = Credentials("k", str(changed.get("secret", "s")))
        return signed(request, credentials, region=str(changed.get("region", "r")), at=at)["authorization"]

    assert signature(**{change: "changed"}) != signature()


def test_credentials_do_not_show_themselves() -> None:
    assert "hush" not in repr(Credentials("AKIA", "hush", "hush"))
