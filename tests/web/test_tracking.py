from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from nurture.mail.links import read_visitor
from nurture.segment.visitor import VISITOR
from nurture.web import noting
from nurture.web.tracking import with_visitor
from tests.web.people import SECRET, add_lead, add_mail, click_path, everything, open_path, rows


@pytest.fixture
def mail(app):
    lead_id = add_lead(app.engine)
    return add_mail(app.engine, lead_id), lead_id


def events(app):
    return rows(app.engine, "SELECT kind, name, lead_id, delivery_id, link, verdict, agent, hit FROM event")


def test_a_click_goes_where_the_link_leads_and_says_whose_it_is(client, app, mail):
    delivery_id, lead_id = mail
    response = client.get(click_path(*mail, "https://acme.example/roi?a=1#top", 3), headers={"user-agent": "Firefox"})
    assert response.status_code == 302
    there = urlsplit(response.headers["location"])
    assert (there.netloc, there.path, there.fragment) == ("acme.example", "/roi", "top")
    query = parse_qs(there.query)
    assert query["a"] == ["1"]
    assert read_visitor(SECRET, query[VISITOR][0]) == lead_id
    assert events(app) == [
        {"kind": "click", "name": "https://acme.example/roi?a=1#top", "lead_id": lead_id, "delivery_id": delivery_id,
         "link": 3, "verdict": "pending", "agent": "Firefox",
         "hit": {"method": "GET", "prefetch": False, "inside": True}}
    ]  # fmt: skip
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_a_scanners_head_goes_there_too_and_is_noted_as_one(client, app, mail):
    response = client.head(click_path(*mail), headers={"sec-purpose": "prefetch;anonymous-client-ip"})
    assert response.status_code == 302
    [event] = events(app)
    assert event["hit"] == {"method": "HEAD", "prefetch": True, "inside": True}


@pytest.mark.parametrize("header", ["Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"])
def test_a_browser_that_fetches_ahead_says_so(client, app, mail, header):
    client.get(click_path(*mail), headers={header: "Prefetch"})
    assert events(app)[0]["hit"]["prefetch"] is True


def test_a_link_can_only_lead_where_we_signed(client, app, mail):
    path = click_path(*mail)
    for bad in (path[:-1], path + "A", path + "?url=https://evil.example", "/c/x", "/c/" + path[3:].swapcase()):
        response = client.get(bad)
        if "?" in bad:
            assert response.headers["location"].startswith("https://acme.example/roi?")
        else:
            assert response.status_code == 404
            assert "location" not in response.headers


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "mailto:x@y.example", ""])
def test_only_web_pages_are_redirected_to(client, mail, url):
    assert client.get(click_path(*mail, url)).status_code == 404


def test_a_line_break_in_a_url_stays_in_the_url(client, mail):
    response = client.get(click_path(*mail, "https://acme.example/\r\nset-cookie: a=b"))
    assert response.status_code == 302
    assert "set-cookie" not in response.headers


def test_a_click_on_a_mail_that_was_erased_still_arrives(client, app):
    response = client.get(click_path(99, 99))
    assert response.headers["location"] == "https://acme.example/roi"
    assert events(app) == []


def test_a_click_arrives_even_where_nothing_can_be_recorded(client, app, mail, monkeypatch):
    def broken(*_, **__):
        raise ConnectionError("no database")

    monkeypatch.setattr(noting, "record_hit", broken)
    response = client.get(click_path(*mail))
    assert response.headers["location"] == "https://acme.example/roi"
    assert client.get(open_path(*mail)).status_code == 200


def test_the_pixel_is_an_image_that_is_never_kept(client, app, mail):
    response = client.get(open_path(*mail))
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/gif"
    assert response.content.startswith(b"GIF89a")
    assert response.headers["cache-control"] == "no-store"
    [event] = events(app)
    assert (event["kind"], event["delivery_id"], event["link"]) == ("open", mail[0], None)


def test_a_head_on_the_pixel_has_no_body_and_is_noted(client, app, mail):
    response = client.head(open_path(*mail))
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "image/gif"
    assert [(event["kind"], event["hit"]["method"]) for event in events(app)] == [("open", "HEAD")]


def test_a_pixel_that_was_not_signed_is_noted_nowhere(client, app, mail):
    assert client.get("/o/x.gif").status_code == 404
    assert client.get(open_path(*mail).replace("/o/", "/c/").removesuffix(".gif")).status_code == 404
    assert events(app) == []


def test_a_hit_keeps_no_network_address(client, app, mail):
    client.get(click_path(*mail))
    with app.engine.begin() as db:
        hash_ = db.execute(text("SELECT address_hash FROM event")).scalar_one()
    assert len(hash_) == 16
    assert "127.0.0.1" not in str(everything(app.engine))


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://a.example", "https://a.example?nurture_visitor=t"),
        ("https://a.example/x", "https://a.example/x?nurture_visitor=t"),
        ("https://a.example/x?", "https://a.example/x?nurture_visitor=t"),
        ("https://a.example/x?b=%20c", "https://a.example/x?b=%20c&nurture_visitor=t"),
        ("https://a.example/x?b&", "https://a.example/x?b&nurture_visitor=t"),
        ("https://a.example/#/route?x=1", "https://a.example/?nurture_visitor=t#/route?x=1"),
    ],
)
def test_the_visitor_is_added_to_the_query_and_nothing_else_changes(url, there):
    assert with_visitor(url, "t") == there
    assert with_visitor(url, None) == url
