"""Whatever is done with a test mail acts on nobody, and breaks nothing."""

import pytest

from nurture.mail import links
from nurture.mail.links import TEST, MailOfLead, SurveyAnswer, TrackedLink
from tests.web.people import SECRET, add_lead, add_mail, everything

NOBODY = MailOfLead(TEST, TEST)
PATHS = {
    "click": f"/c/{links.link_token(SECRET, TrackedLink(TEST, TEST, 1, 'https://acme.example/roi'))}",
    "open": f"/o/{links.open_token(SECRET, NOBODY)}.gif",
    "unsubscribe": f"/u/{links.unsubscribe_token(SECRET, NOBODY)}",
    "preferences": f"/p/{links.preferences_token(SECRET, NOBODY)}",
    "answer": f"/a/{links.answer_token(SECRET, SurveyAnswer(TEST, TEST, 'timing', 'now'))}",
}


@pytest.mark.parametrize("what", PATHS)
def test_nothing_follows_from_what_is_done_with_it(client, app, what):
    add_mail(app.engine, add_lead(app.engine))
    before = everything(app.engine)
    for method in ("GET", "HEAD", "POST"):
        response = client.request(method, PATHS[what], data={"List-Unsubscribe": "One-Click", "answer": "now"})
        assert response.status_code < 500, response.text
        if method == "GET" and what in ("click", "open"):
            assert response.status_code == (302 if what == "click" else 200)
    assert everything(app.engine) == before
