"""Promise 5: looking at anything changes nothing but for an event that awaits its verdict."""

import pytest
from starlette.routing import Mount

from nurture.web.api import make_api
from nurture.web.application import make_web
from tests.web.people import (
    add_address_change,
    add_attempt,
    add_confirmation,
    add_handoff,
    add_lead,
    add_mail,
    address_path,
    answer_path,
    click_path,
    confirm_path,
    everything,
    handoff_path,
    open_path,
    preferences_path,
    rows,
    unsubscribe_path,
)


@pytest.fixture
def paths(app):
    """Every route with good tokens, on leads in nurture and with sales."""
    nurtured = add_lead(app.engine)
    mail = add_mail(app.engine, nurtured), nurtured
    sold = add_lead(app.engine, email="sold@acme.example", key="k2")
    handoff = add_handoff(app.engine, sold)
    worked = add_lead(app.engine, email="worked@acme.example", key="k3")
    accepted = add_handoff(app.engine, worked, state="accepted", answered_by="rep.one@acme.example")
    add_attempt(app.engine, accepted)
    return {
        "/c/{token}": [click_path(*mail)],
        "/o/{token}.gif": [open_path(*mail)],
        "/u/{token}": [unsubscribe_path(*mail)],
        "/p/{token}": [preferences_path(*mail)],
        "/e/{token}": [address_path(add_address_change(app.engine, nurtured))],
        "/y/{token}": [confirm_path(add_confirmation(app.engine, nurtured))],
        "/a/{token}": [answer_path(*mail), answer_path(*mail, "timing", "now")],
        "/h/{token}": [handoff_path(handoff), handoff_path(accepted)],
        "/hooks/{provider}": ["/hooks/postmark"],
        "/healthz": ["/healthz"],
        "/readyz": ["/readyz"],
        "/nurture.js": ["/nurture.js"],
        "/docs": ["/docs"],
        "/": ["/"],
        "/sign-in": ["/sign-in"],
        "/metrics": ["/metrics"],
    }


QUERIES = (
    "",
    "?do=accept&by=mallory",
    "?do=reject&reason=competitor&by=mallory",
    "?List-Unsubscribe=One-Click&do=stop",
    "?saved",
)


RAW = ("/v1/page", "/v1/identify", "/v1/batch", "/v1/nothing", "/v1/projects/wk_test/settings", "/v1/openapi.json")
"""What is answered before any route is looked at."""


API = {
    "/api/leads": "/api/leads",
    "/api/leads/batch": "/api/leads/batch",
    "/api/leads/{email}": "/api/leads/sold@acme.example",
    "/api/leads/{email}/reject": "/api/leads/sold@acme.example/reject",
    "/api/handoffs": "/api/handoffs",
    **{f"/api/handoffs/{{id}}{act}": f"/api/handoffs/{{id}}{act}" for act in (
        "", "/attempts", "/accept", "/reject", "/contacted", "/outcome", "/reassign", "/revoke-links")},
    "/api/reasons": "/api/reasons",
    "/api/reports/{name}": "/api/reports/rejects",
    "/api/openapi.json": "/api/openapi.json",
}  # fmt: skip
"""Every call of the API, on the lead that was handed over."""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_of_the_api_only_posts_act(client, app, paths, method):
    assert API.keys() == make_api(app).openapi()["paths"].keys()
    headers = {"authorization": "Bearer ak_test", "idempotency-key": "k", "content-type": "application/json"}
    [handoff] = rows(app.engine, "SELECT id FROM handoff WHERE state = 'offered'")
    before = everything(app.engine)
    for path in API.values():
        for query in ("", "?by=mallory&reason=competitor"):
            response = client.request(method, path.format(**handoff) + query, headers=headers,
                                      content=b'{"reason": "competitor", "email": "new@acme.example"}')  # fmt: skip
            assert response.status_code < 500
            assert method == "GET" or response.status_code == 405
    assert everything(app.engine) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer ak_test"}], ids=["stranger", "operator"])
def test_no_get_changes_anything_but_events(client, app, paths, method, headers):
    routes = {route.path for route in make_web(app).routes if not isinstance(route, Mount)}
    assert routes == paths.keys()
    client.get("/", headers=headers)  # the first look of all notes which installation this is
    before = everything(app.engine, "event")
    asked = 0
    for path in [*RAW, *(path for some in paths.values() for path in some)]:
        for query in QUERIES:
            assert client.request(method, path + query, headers=headers).status_code < 500
            asked += 1
    assert asked == 5 * (len(RAW) + sum(map(len, paths.values())))
    assert everything(app.engine, "event") == before
    hits = rows(app.engine, "SELECT kind, verdict, count(*) AS n FROM event GROUP BY kind, verdict ORDER BY kind")
    assert hits == [
        {"kind": "click", "verdict": "pending", "n": 5},
        {"kind": "look", "verdict": "pending", "n": 20},
        {"kind": "open", "verdict": "pending", "n": 5},
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_acts(client, app, paths, method):
    before = everything(app.engine)
    for path in [*RAW, *(path for some in paths.values() for path in some)]:
        assert client.request(method, path).status_code < 500
    assert everything(app.engine) == before
