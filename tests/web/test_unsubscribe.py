import pytest

from tests.web.people import add_lead, add_mail, everything, rows, unsubscribe_path

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def mail(app):
    lead_id = add_lead(app.engine)
    return add_mail(app.engine, lead_id), lead_id


def suppressed(app):
    return rows(app.engine, "SELECT reason, how FROM suppression")


def test_looking_unsubscribes_nobody(client, app, mail):
    before = everything(app.engine, "event")
    for ask in (client.get, client.head, client.get):
        response = ask(unsubscribe_path(*mail))
        assert response.status_code == 200
    assert '<form method="post">' in response.text
    assert "Acme Robotics" in response.text
    assert "1 Main Street" in response.text
    assert everything(app.engine, "event") == before
    noted = rows(app.engine, "SELECT kind, name, verdict, delivery_id, hit->>'method' AS method FROM event ORDER BY id")
    look = {"kind": "look", "name": "unsubscribe", "verdict": "pending", "delivery_id": mail[0]}
    assert noted == [look | {"method": method} for method in ("GET", "HEAD", "GET")]


def test_the_button_unsubscribes(client, app, mail):
    response = client.post(unsubscribe_path(*mail))
    assert response.status_code == 200
    assert "You are unsubscribed" in response.text
    assert suppressed(app) == [{"reason": "unsubscribed", "how": f"page, delivery {mail[0]}"}]
    assert rows(app.engine, "SELECT left_as FROM enrollment") == [{"left_as": "unsubscribed"}]


@pytest.mark.parametrize(
    "sent",
    [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}],
    ids=["urlencoded", "multipart"],
)
def test_one_click_is_taken_as_rfc_8058_says(client, app, mail, sent):
    """Without cookies or a context, in both encodings, answered without a redirect."""
    response = client.post(unsubscribe_path(*mail), **sent)
    assert response.status_code == 200
    assert not response.history
    assert suppressed(app) == [{"reason": "unsubscribed", "how": f"one click, delivery {mail[0]}"}]


def test_twice_is_as_good_as_once(client, app, mail):
    for _ in range(3):
        assert client.post(unsubscribe_path(*mail), data=ONE_CLICK).status_code == 200
    assert len(suppressed(app)) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"--broken", b"x" * 100_000])
def test_whatever_the_body_is_who_posts_wants_out(client, app, mail, body):
    assert client.post(unsubscribe_path(*mail), content=body).status_code == 200
    assert len(suppressed(app)) == 1


def test_a_link_that_was_not_signed_unsubscribes_nobody(client, app, mail):
    for path in ("/u/x", unsubscribe_path(*mail)[:-1], unsubscribe_path(*mail) + "A"):
        assert client.post(path, data=ONE_CLICK).status_code == 404
        assert client.get(path).status_code == 404
    assert suppressed(app) == []


def test_a_lead_that_was_erased_is_told_the_same(client, app):
    assert client.post(unsubscribe_path(99, 99)).status_code == 200


def test_the_page_is_private(client, mail):
    headers = client.get(unsubscribe_path(*mail)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers
