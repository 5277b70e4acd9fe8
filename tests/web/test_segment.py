import base64
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.segment.event import IncomingEvent
from nurture.segment.message import NO_TIME
from nurture.web.keys import WriteKeys
from nurture.web.segment import BATCH_LIMIT, CALLS, EVENT_LIMIT, EVENTS_LIMIT, Decoded, Refusal, decode

KEY = "wk_test"
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def basic(user: str, password: str = "") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def read(call: str, body: object, headers: dict[str, str] | None = None, key: str = KEY) -> Decoded | Refusal:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(
        call, basic(KEY) if headers is None else headers, raw, WriteKeys({key: "segment"} if key else {}), NOW
    )


def one(call: str, body: object, headers: dict[str, str] | None = None) -> IncomingEvent:
    decoded = read(call, body, headers)
    assert isinstance(decoded, Decoded), decoded
    assert decoded.unusable == ()
    [event] = decoded.events
    return event


def batch(*messages: object, **rest: object) -> Decoded:
    decoded = read("batch", {"batch": list(messages), **rest})
    assert isinstance(decoded, Decoded), decoded
    return decoded


def reason(message: object) -> str:
    """Why one message of a batch cannot be used; the good one beside it is kept."""
    decoded = batch(message, PAGE)
    assert len(decoded.events) == 1
    [unusable] = decoded.unusable
    assert unusable.source == "segment"
    assert unusable.message == message
    return unusable.reason


DEEP = json.loads('{"x":' * 40 + "1" + "}" * 40)
PAGE = {"type": "page", "messageId": "m1", "userId": "u1", "properties": {"path": "/pricing"}}


def test_a_page_view_of_the_browsers_client():
    event = one(
        "page",
        {
            "timestamp": "2026-03-03T11:59:00.000Z",
            "sentAt": "2026-03-03T11:59:30.000Z",
            "messageId": "ajs-next-1",
            "anonymousId": "a-1",
            "userId": None,
            "name": "Pricing",
            "category": None,
            "properties": {"path": "/pricing", "url": "https://acme.example/pricing?x=1", "title": "Pricing"},
            "context": {"userAgent": CHROME, "page": {"path": "/other"}, "campaign": {"source": "nurture"}},
            "integrations": {"Segment.io": True},
            "writeKey": KEY,
            "type": "whatever",
        },
        headers={"content-type": "text/plain", "user-agent": CHROME},
    )
    assert (event.kind, event.message_id, event.anonymous_id, event.user_id) == ("page", "ajs-next-1", "a-1", None)
    assert (event.name, event.path, event.url) == ("Pricing", "/pricing", "https://acme.example/pricing?x=1")
    assert event.occurred_at == NOW - timedelta(seconds=30)
    assert event.client_at == datetime(2026, 3, 3, 11, 59, tzinfo=UTC)
    assert event.received_at == NOW
    assert event.agent == CHROME
    assert event.source == "segment"


def test_a_batch_of_the_python_client():
    decoded = batch(
        {"type": "track", "event": "Whitepaper Downloaded", "userId": 42, "messageId": "m1",
         "timestamp": "2026-03-03T10:00:00+00:00", "anonymousId": None},
        {"type": "identify", "userId": "u2", "messageId": "m2", "traits": {"email": " Maria@Acme.Example "},
         "context": {"traits": {"email": "other@acme.example", "plan": "pro"}}},
        writeKey=KEY, sentAt="2026-03-03T12:00:00+00:00",
        context={"library": {"name": "analytics-python"}, "userAgent": CHROME},
    )  # fmt: skip
    track, identify = decoded.events
    assert (track.kind, track.name, track.user_id, track.path) == ("track", "Whitepaper Downloaded", "42", None)
    assert track.occurred_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert track.agent == CHROME
    assert (identify.kind, identify.email) == ("identify", "maria@acme.example")
    assert identify.traits == {"email": " Maria@Acme.Example ", "plan": "pro"}
    assert identify.occurred_at == NOW
    assert identify.client_at is None


def test_rudderstack_puts_traits_in_the_context_and_sends_its_own_time():
    decoded = batch(
        {"type": "identify", "userId": "u1", "messageId": "m", "originalTimestamp": "2026-03-03T17:59:00Z",
         "sentAt": "2026-03-03T18:00:00Z", "context": {"traits": {"email": "maria@acme.example"}}}
    )  # fmt: skip
    [event] = decoded.events
    assert event.email == "maria@acme.example"
    assert event.occurred_at == NOW - timedelta(minutes=1)


def test_gzip_is_told_by_its_bytes_not_by_its_label():
    packed = gzip.compress(json.dumps({"batch": [PAGE]}).encode())
    for headers in ({}, {"content-encoding": "gzip"}, {"content-type": "application/x-www-form-urlencoded"}):
        decoded = read("batch", packed, {**basic(KEY), **headers})
        assert isinstance(decoded, Decoded)
        assert len(decoded.events) == 1
    plain = read("batch", {"batch": [PAGE]}, {**basic(KEY), "content-encoding": "gzip"})
    assert isinstance(plain, Decoded)


def test_what_a_batchs_context_says_stands_under_each_messages_own():
    decoded = batch(
        {**PAGE, "properties": {}, "context": {"page": {"path": "/own"}, "userAgent": None}},
        {**PAGE, "properties": {}},
        context={"page": {"path": "/all", "url": "https://acme.example/all"}, "userAgent": CHROME},
    )
    assert [(event.path, event.url, event.agent) for event in decoded.events] == [
        ("/own", "https://acme.example/all", CHROME),
        ("/all", "https://acme.example/all", CHROME),
    ]


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"url": "https://acme.example/pricing?utm_source=x#top"}, "/pricing"),
        ({"url": "https://acme.example"}, "/"),
        ({"url": "http://[bad"}, None),
        ({"path": 7}, None),
        ({}, None),
    ],
)
def test_a_path_is_taken_off_the_url_where_it_is_not_said(properties, path):
    assert one("page", {**PAGE, "properties": properties}).path == path


@pytest.mark.parametrize(
    "headers",
    [
        basic(KEY),
        basic(KEY, "ignored"),
        {"authorization": f"Bearer {KEY}"},
        {"authorization": "basic  " + basic(KEY)["authorization"].removeprefix("Basic ")},
    ],
)
def test_the_write_key_is_taken_from_the_header(headers):
    assert isinstance(read("page", PAGE, headers), Decoded)


def test_the_write_key_is_taken_from_the_body_also_beside_a_foreign_token():
    assert isinstance(read("page", {**PAGE, "writeKey": KEY}, {}), Decoded)
    assert isinstance(read("page", {**PAGE, "writeKey": KEY}, {"authorization": "Bearer oauth"}), Decoded)
    assert isinstance(read("batch", {"batch": [PAGE], "writeKey": KEY}, {}), Decoded)


@pytest.mark.parametrize(
    "headers",
    [{}, basic("wrong"), basic(""), {"authorization": "Bearer wk_tes"}, {"authorization": "Basic %%%"},
     {"authorization": "Basic"}, {"authorization": "Basic /w=="}],
)  # fmt: skip
def test_without_the_write_key_nothing_is_taken(headers):
    refused = read("page", PAGE, headers)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (401, "bad_write_key")


def test_a_server_without_a_write_key_takes_nothing():
    refused = read("page", {**PAGE, "writeKey": ""}, basic(""), key="")
    assert isinstance(refused, Refusal)
    assert refused.status == 401


@pytest.mark.parametrize(
    ("message", "email"),
    [
        ({"traits": {"email": "a@x.example"}, "userId": "b@x.example"}, "a@x.example"),
        ({"traits": {"email": "no address"}, "userId": "B@X.example"}, "b@x.example"),
        ({"userId": "u1", "properties": {"email": "friend@x.example"}}, None),
        ({"properties": {"email": "c@x.example"}}, "c@x.example"),
        ({"userId": "u1", "traits": {"email": 5}}, None),
    ],
)
def test_an_address_is_found_where_clients_put_it(message, email):
    event = one("track", {"event": "Demo Requested", "messageId": "m", **message})
    assert event.email == email


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("text", "it is no object"),
        (None, "it is no object"),
        ([], "it is no object"),
        ({"type": "merge", "userId": "u"}, "its type is none of"),
        ({"userId": "u"}, "its type is none of"),
        ({"type": ["page"], "userId": "u"}, "its type is none of"),
        ({"type": "page"}, "no userId"),
        ({"type": "page", "userId": None, "anonymousId": ""}, "no userId"),
        ({"type": "page", "userId": {"$oid": "1"}}, "no userId"),
        ({"type": "page", "userId": True}, "no userId"),
        ({"type": "page", "userId": "x" * 256}, "more than 255 characters"),
        ({"type": "track", "userId": "u"}, "needs the name"),
        ({"type": "track", "userId": "u", "event": 5}, "needs the name"),
        ({"type": "alias", "userId": "u"}, "previousId"),
        ({"type": "page", "userId": "u", "properties": {"x": "y" * EVENT_LIMIT}}, "larger than 32 KB"),
        ({"type": "page", "userId": "u", "properties": DEEP}, "nested more than 32 deep"),
    ],
)  # fmt: skip
def test_an_event_nothing_can_be_made_of_does_not_spoil_the_others(message, why):
    assert why in reason(message)


def test_an_alias_says_who_the_user_was():
    event = one("alias", {"previousId": "anon-7", "userId": "u1", "messageId": "m"})
    assert (event.kind, event.anonymous_id, event.user_id) == ("alias", "anon-7", "u1")
    assert event.properties == {"previousId": "anon-7"}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"name": "Home"}, "/screen/home"),
        ({"name": "Detail Menu_Page  Item!"}, "/screen/detail-menu-page-item"),
        ({"name": "Über uns"}, "/screen/über-uns"),
        ({"name": "***"}, "/screen/"),
        ({"name": "Home", "properties": {"path": "/app/home"}}, "/app/home"),
        ({"name": "Home", "properties": {"url": "app://acme/home"}}, "/home"),
        ({}, None),
    ],
)
def test_a_screen_is_a_page_that_its_name_names(said, path):
    event = one("screen", {"userId": "u1", "messageId": "m", **said})
    assert (event.kind, event.name, event.path) == ("page", said.get("name"), path)


def test_a_group_says_which_company_somebody_is_with():
    company = {"name": "Initech", "industry": "Technology", "employees": 329, "email": "office@initech.example"}
    event = one("group", {"userId": "u1", "groupId": 17, "traits": company, "context": {"traits": {"title": "VP"}}})
    assert (event.kind, event.name, event.email) == ("identify", None, None)
    assert event.properties == {"groupId": "17"}
    assert event.traits == {"title": "VP", "company": company}


def test_an_event_is_from_whoever_holds_the_key():
    keys = WriteKeys({"k1": "website", "k2": "app"})
    sent = {
        "website": [{"authorization": "Basic " + base64.b64encode(b"k1:").decode()}, {"authorization": "Bearer k1"}],
        "app": [{"x-write-key": "k2"}, {"authorization": "Bearer of.something.else", "x-write-key": "k2"}],
    }
    for source, several in sent.items():
        for headers in several:
            decoded = decode("page", headers, json.dumps({**PAGE, "writeKey": "k3"}).encode(), keys, NOW)
            assert isinstance(decoded, Decoded)
            assert decoded.source == decoded.events[0].source == source
    decoded = decode("batch", {}, json.dumps({"batch": [PAGE, {"type": "x"}], "writeKey": "k2"}).encode(), keys, NOW)
    assert isinstance(decoded, Decoded)
    assert decoded.events[0].source == decoded.unusable[0].source == "app"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("m", "m"), (17, "17"), (1e3, "1000"), ("x" * 255, "x" * 255), ("x" * 256, None), ("", None), (None, None)],
)
def test_a_message_id_is_kept_unless_it_is_too_long(given, kept):
    said = [one("page", {**PAGE, "messageId": given}).message_id for _ in range(2)]
    assert said[0] == said[1] or given in ("", None)
    assert len(said[0]) <= 255
    assert kept is None or said[0] == kept


def test_message_ids_that_differ_only_at_their_end_are_two():
    ids = {one("page", {**PAGE, "messageId": "x" * 5000 + end}).message_id for end in ("a", "b")}
    assert len(ids) == 2


@pytest.mark.parametrize("given", [1e3, 1000, "1000", " 1000 "])
def test_an_id_that_is_a_number_is_an_id(given):
    assert one("page", {**PAGE, "userId": given}).user_id == "1000"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
def test_another_encoding_is_refused_and_named(encoding):
    refused = read("page", zlib.compress(json.dumps(PAGE).encode()), {**basic(KEY), "content-encoding": encoding})
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (415, "bad_encoding")


def test_a_wrong_word_on_the_encoding_is_no_trouble():
    headers = {**basic(KEY), "content-encoding": "br"}
    assert isinstance(read("page", json.dumps(PAGE).encode(), headers), Decoded)
    assert isinstance(read("page", gzip.compress(json.dumps(PAGE).encode()), headers), Decoded)


def test_an_archive_has_the_corrected_time_beside_the_clients_own():
    said = {"originalTimestamp": "2026-03-03T10:00:00Z", "sentAt": "2026-03-03T10:00:05Z"}
    live = one("page", {**PAGE, **said, "timestamp": "2026-03-03T09:00:00Z"})
    assert live.client_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    archived = {**said, "timestamp": "2026-03-03T11:59:55Z", "receivedAt": "2026-03-03T12:00:00Z"}
    assert one("page", {**PAGE, **archived}).occurred_at == NOW - timedelta(seconds=5)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[]", "bad_json"),
        (b"5", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[" * 100000, "bad_json"),
        (b'{"x":' * 5000, "bad_json"),
        (b'{"a":' + b"9" * 5000 + b"}", "bad_batch"),
        (b"\x1f\x8bnot gzip", "bad_gzip"),
        (gzip.compress(b"{}")[:-9], "bad_gzip"),
        (gzip.compress(b"{}") + b"tail", "bad_gzip"),
        (gzip.compress(b"") * 100, "bad_gzip"),
        (b'{"batch": 5}', "bad_batch"),
        (b'{"no": "batch"}', "bad_batch"),
        (b'{"batch": [], "context": ' + b'{"x":' * 40 + b"1" + b"}" * 41, "too_deep"),
        (json.dumps({"batch": [{}] * (EVENTS_LIMIT + 1)}).encode(), "too_many"),
        (b'{"batch": []' + b" " * BATCH_LIMIT + b"}", "too_large"),
        (gzip.compress(b'{"batch": []' + b" " * BATCH_LIMIT + b"}"), "too_large"),
        (gzip.compress(b" " * 50_000_000), "too_large"),
        (gzip.compress(b" " * BATCH_LIMIT) * 20, "too_large"),
    ],
    ids=range(20),
)  # fmt: skip
def test_a_request_that_cannot_be_read_is_refused_with_a_code_and_a_message(body, code):
    refused = read("batch", body)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (400, code)
    assert refused.message.endswith(".")


def test_a_single_event_has_the_smaller_limit():
    refused = read("track", {"event": "E", "userId": "u", "properties": {"x": "y" * EVENT_LIMIT}})
    assert isinstance(refused, Refusal)
    assert refused.code == "too_large"


def test_what_postgresql_cannot_store_is_taken_out():
    properties = (
        b'{"title": "cut \\ud83d", "n\\u0000": 1e400, "big": 99999999999999999999999, '
        b'"fine": "\xf0\x9f\x98\x80 \xe2\x82\xac"}'
    )
    body = (
        b'\xef\xbb\xbf{"event": "E\\u0000vent", "userId": "u\\u0000", "messageId": "m", "properties": '
        + properties
        + b"}"
    )
    event = one("track", body)
    assert event.name == "Event"
    assert event.user_id == "u"
    kept = dict(event.properties)
    assert kept["title"] == "cut ?"
    assert kept["n"] is None
    assert kept["big"] in {"99999999999999999999999", 1e23}
    assert kept["fine"] == "😀 €"
    assert b"\\u0000" not in orjson.dumps(kept)


def test_a_server_side_library_is_not_the_visitors_browser():
    assert one("page", PAGE, {**basic(KEY), "user-agent": "python-requests/2.32"}).agent is None
    assert one("page", PAGE, {**basic(KEY), "user-agent": CHROME}).agent == CHROME
    spoken = {**PAGE, "context": {"userAgent": "Googlebot"}}
    assert one("page", spoken, {**basic(KEY), "user-agent": "python-requests/2.32"}).agent == "Googlebot"


def test_without_a_message_id_the_same_event_sent_again_is_known_again():
    message = {"event": "E", "userId": "u", "timestamp": "2026-03-03T11:00:00Z"}
    first, again = one("track", message), one("track", {**message, "sentAt": "2026-03-03T12:00:00Z"})
    other = one("track", {**message, "timestamp": "2026-03-03T11:00:01Z"})
    assert first.message_id == again.message_id
    assert first.message_id != other.message_id


def test_without_a_message_id_and_a_time_two_events_are_two():
    untimed = {"type": "page", "userId": "u"}
    decoded = batch(untimed, untimed)
    assert len({event.message_id for event in decoded.events}) == 2


def test_every_route_has_a_call():
    assert set("itpsgab") <= CALLS.keys()
    assert {"identify", "track", "page", "screen", "group", "alias", "batch", "import"} <= CALLS.keys()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["type", "event", "name", "userId", "anonymousId", "messageId", "previousId", "timestamp", "sentAt", "context",
          "originalTimestamp", "properties", "traits"]  # fmt: skip
message = st.dictionaries(st.sampled_from(FIELDS), anything) | anything
typed = st.builds(lambda message, kind: {**message, "type": kind}, st.dictionaries(st.sampled_from(FIELDS), anything),
                  st.sampled_from(["identify", "track", "page", "alias", "screen", "group"]))  # fmt: skip


@pytest.mark.parametrize(
    ("times", "doubted"),
    [
        ({"timestamp": "yesterday"}, True),
        ({"timestamp": {"seconds": 1}}, True),
        ({"timestamp": "yesterday", "originalTimestamp": "2026-03-01T10:00:00Z"}, False),
        ({"timestamp": "2026-03-01T10:00:00Z"}, False),
        ({"timestamp": None}, False),
        ({"timestamp": ""}, False),
        ({}, False),
    ],
)
def test_a_time_that_cannot_be_read_is_listed_and_its_event_is_kept(times, doubted):
    decoded = read("batch", {"batch": [{**PAGE, **times}]})
    assert len(decoded.events) == 1
    assert decoded.unusable == ()
    assert [one.reason for one in decoded.doubtful] == doubted * [NO_TIME]
    assert not doubted or decoded.events[0].occurred_at == NOW


@given(st.lists(typed | message, max_size=5), anything, anything)
@settings(max_examples=16, deadline=None)
def test_whatever_comes_is_read_or_refused_and_the_good_event_is_kept(messages, context, sent):
    decoded = read("batch", {"batch": [*messages, PAGE], "context": context, "sentAt": sent})
    assert isinstance(decoded, Decoded)
    assert len(decoded.events) + len(decoded.unusable) == len(messages) + 1
    assert decoded.events[-1].path == "/pricing"
    for event in decoded.events:
        kept = orjson.dumps([event.properties, event.traits, event.name, event.user_id, event.url, event.path])
        assert b"\\u0000" not in kept
        assert event.occurred_at <= NOW


@given(st.binary(max_size=300), st.sampled_from(sorted(set(CALLS.values()))))
@settings(max_examples=40, deadline=None)
def test_any_octets_are_read_or_refused(body, call):
    assert isinstance(read(call, body), Decoded | Refusal)


@pytest.mark.parametrize("deep", [30, 31, 60])
@pytest.mark.parametrize("hide", ['"', '"[[[[", ', '"]]]]", '])
def test_brackets_in_texts_say_nothing_of_depth(deep, hide):
    """Whatever texts say: 32 in each other are fine (the message and its properties are two), and more are not."""
    texts = hide if hide.endswith(", ") else ""
    nested = f"[{texts}" * deep + "1" + "]" * deep
    decoded = read("batch", b'{"batch": [%s, {"type": "page", "userId": "u", "properties": {"x": %s}}]}'
                   % (json.dumps(PAGE).encode(), nested.encode()))  # fmt: skip
    assert isinstance(decoded, Decoded)
    assert len(decoded.events) == (2 if deep + 2 <= 32 else 1)


@pytest.mark.parametrize("number", ["9223372036854775807", "-9223372036854775808", "0.1234567890123456789"])
def test_numbers_that_fit_stay_numbers(number):
    body = b'{"userId": "u", "event": "E", "properties": {"n": %s}}' % number.encode()
    assert one("track", body).properties["n"] == json.loads(number)
