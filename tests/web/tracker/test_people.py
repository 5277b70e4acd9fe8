"""What the tracker tells of people: tracked links, forms, clicks, and those who do not want it. In real Chromium."""

import pytest

from nurture.mail.links import visitor_token
from tests.web.people import SECRET, add_lead, add_mail, click_path, rows

MARIA = "maria.rossi@acme.example"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true, configurable: true })"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1', configurable: true })"

FORM = """
    <form action="/thanks" method="post"
            data-nurture="Demo Requested" data-nurture-topic="robots" data-nurture-team-size="5">
        <input name="email" type="email" value="jo@buyer.example" required>
        <input name="FirstName" value="Jo"> <input name="x1" autocomplete="family-name" value="Ek">
        <input name="company" value="Buyer Ltd"> <input name="job-title" value="VP Operations">
        <input name="phone" value="555-1234"> <textarea name="message">for your eyes only</textarea>
        <input name="password" type="password" value="hunter2"> <input name="pin" type="password" data-nurture-field>
        <input name="name" type="hidden" value="csrf-1"> <input name="title" autocomplete="cc-name" value="J EK">
        <input name="new_password" data-nurture-field="title" value="hunter3">
        <input name="plan" type="hidden" value="team" data-nurture-field>
        <input name="q7" value="800" data-nurture-field="employees">
        <input name="news" type="checkbox" data-nurture-field checked>
        <input name="spam" type="checkbox" data-nurture-field>
        <input name="when" type="radio" value="now" data-nurture-field>
        <input name="when" type="radio" value="later" data-nurture-field checked>
        <select name="use" data-nurture-field="use_case"><option>weld<option selected>pack</select>
        <button>Send</button>
    </form>
"""
SECRETS = ("555-1234", "your eyes", "hunter", "csrf-1", "J EK")


def kept_in(page):
    """All that the browser remembers for the site."""
    return page.evaluate("[document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)].flat().join()")


def test_a_click_in_a_mail_says_who_looks_and_leaves_no_trace_of_it(visit, company, app, faults):
    lead_id = add_lead(app.engine)
    link = click_path(add_mail(app.engine, lead_id), lead_id, company.url("/roi?a=1#top"))
    company.pages["/roi"] = '<a id="next" href="/pricing">Prices</a>'
    one = visit()
    page = one.context.new_page()
    page.goto(company.nurture + link)
    page.wait_for_url(company.url("/roi?a=1#top"))
    one.wait_for(1)
    page.click("#next")
    events = one.wait_for(2)
    assert [(event["path"], event["lead"]) for event in events] == [("/roi", MARIA), ("/pricing", MARIA)]
    assert events[0]["properties"]["url"] == company.url("/roi?a=1#top")
    assert events[1]["properties"]["referrer"] == company.url("/roi?a=1")
    token = visitor_token(SECRET, lead_id)
    assert token not in str(rows(app.engine, "SELECT * FROM event"))
    assert [token in str(event) for event in faults.sent()][0:2] == [True, False]
    assert token not in page.evaluate("[document.referrer, JSON.stringify(performance.getEntries())].join()")


def test_what_a_visitor_did_before_the_click_counts_for_the_lead_and_only_once(visit, company, app):
    lead_id = add_lead(app.engine)
    one = visit()
    page = one.open("/pricing")
    one.wait_for(1)
    one.open(f"/roi?nurture_visitor={visitor_token(SECRET, lead_id)}", page=page)
    events = one.wait_for(2)
    assert {event["lead"] for event in events} == {MARIA}
    assert rows(app.engine, "SELECT count, lead_id FROM signal_day") == [{"count": 1, "lead_id": lead_id}]


def test_a_forwarded_mail_does_not_make_its_reader_somebody_else(visit, app):
    lead_id = add_lead(app.engine)
    one = visit()
    page = one.open("/a")
    page.evaluate("nurture.identify('u-9', { email: 'al@buyer.example' })")
    one.wait_for(2)
    one.open(f"/roi?nurture_visitor={visitor_token(SECRET, lead_id)}", page=page)
    assert {event["lead"] for event in one.wait_for(3)} == {"al@buyer.example"}


def test_a_form_says_who_somebody_is_and_not_what_it_was_not_asked_to(visit, company, app, faults):
    company.pages["/demo"] = FORM
    one = visit()
    page = one.open("/demo")
    page.click("button")
    page.wait_for_url("**/thanks")
    one.wait_for(4)
    assert {event["lead"] for event in one.events()} == {"jo@buyer.example"}
    assert [event["path"] for event in one.events("page")] == ["/demo", "/thanks"]
    [track] = one.events("track")
    assert (track["name"], track["lead"]) == ("Demo Requested", "jo@buyer.example")
    assert track["properties"] == {
        "topic": "robots", "team_size": "5", "plan": "team", "employees": "800", "news": "on", "when": "later",
        "use_case": "pack",
    }  # fmt: skip
    [lead] = rows(app.engine, "SELECT * FROM lead")
    assert (lead["first_name"], lead["last_name"], lead["title"]) == ("Jo", "Ek", "VP Operations")
    assert (lead["company"], lead["employees"], lead["attributes"]["use_case"]) == ("Buyer Ltd", 800, "pack")
    assert rows(app.engine, "SELECT state FROM handoff") == [{"state": "offered"}]
    assert not [secret for secret in SECRETS if secret in str(faults.asked)]


def test_a_form_that_the_page_handles_itself_counts_as_well(visit, company):
    company.pages["/demo"] = (
        FORM
        + """<script>
        document.forms[0].addEventListener('submit', (event) => {
            event.preventDefault()
            event.stopPropagation()
            event.target.reset()
            event.target.remove()
        })
    </script>"""
    )
    one = visit()
    page = one.open("/demo")
    page.click("button")
    events = one.wait_for(3)
    assert [(event["kind"], event["lead"]) for event in events] == [
        ("page", "jo@buyer.example"), ("identify", "jo@buyer.example"), ("track", "jo@buyer.example")
    ]  # fmt: skip
    assert page.url == one.url("/demo")


def test_a_form_that_is_not_marked_or_not_complete_is_nobodys_business(visit, company):
    unmarked = FORM.replace('data-nurture="Demo Requested"', 'id="other"')
    company.pages["/demo"] = unmarked.replace("<button>", '<button id="other-send">') + FORM.replace(
        'value="jo@buyer.example"', ""
    )
    one = visit()
    page = one.open("/demo")
    page.click("text=Send >> nth=1")
    page.click("#other-send")
    page.wait_for_url("**/thanks")
    assert [event["kind"] for event in one.wait_for(2)] == ["page", "page"]


@pytest.mark.soak
def test_a_form_without_an_address_is_the_visitors_own(visit, company):
    company.pages["/poll"] = '<form data-nurture="Poll Answered"><input name="a" value="b" data-nurture-field><button>'
    one = visit()
    page = one.open("/poll")
    page.click("button")
    [track] = one.wait_for(1, "track")
    assert (track["properties"], track["lead"], track["anonymous_id"]) == ({"a": "b"}, None, one.id(page))


def test_downloads_and_clicks_count_where_they_are_marked(visit, company):
    company.pages["/guides"] = """
        <a id="guide" data-nurture="Whitepaper Downloaded" data-nurture-paper="roi" href="/roi.pdf?v=2"><b>Get</b></a>
        <button id="plan" data-nurture="Plan Chosen" data-nurture-plan-name="team"><svg width="9" height="9"/></button>
        <a id="plain" href="#x">Nothing</a>
    """
    one = visit()
    page = one.open("/guides")
    with page.expect_download():
        page.click("#guide b")
    page.click("#plan svg")
    page.click("#plain")
    page.click("#guide", button="right")
    tracks = one.wait_for(2, "track")
    assert [(track["name"], track["properties"]) for track in tracks] == [
        ("Whitepaper Downloaded", {"paper": "roi", "href": one.url("/roi.pdf?v=2")}),
        ("Plan Chosen", {"plan_name": "team"}),
    ]
    page.click("#guide", button="middle")
    assert len(one.wait_for(3, "track")) == 3


def test_a_link_that_leads_away_at_once_counts(visit, company):
    company.pages["/guides"] = '<a data-nurture="Partner Visited" href="/elsewhere">Go</a>'
    one = visit()
    page = one.open("/guides")
    page.click("a")
    page.wait_for_url("**/elsewhere")
    [track] = one.wait_for(1, "track")
    assert track["properties"] == {"href": one.url("/elsewhere")}


@pytest.mark.parametrize("script", [GPC, DNT], ids=["global privacy control", "do not track"])
def test_who_does_not_want_it_is_not_watched(visit, company, app, faults, script):
    lead_id = add_lead(app.engine)
    company.pages["/demo"] = FORM.replace("<form", '<form target="_blank"') + '<a data-nurture="Clicked" href="#">x</a>'
    one = visit(script=script)
    page = one.open(f"/demo?nurture_visitor={visitor_token(SECRET, lead_id)}&b=1")
    assert page.url == one.url("/demo?b=1")
    page.evaluate("nurture.identify('u-1', { email: 'jo@buyer.example' }); nurture.track('X'); nurture.consent(true)")
    page.evaluate("nurture.reset(); nurture.page()")
    page.click("a")
    page.click("button")
    page.wait_for_timeout(200)
    page.close()
    assert faults.asked == []
    other = one.open("/other")
    assert one.id(other) is None
    assert "nurture_id" not in kept_in(other)
    assert "nurture:" not in kept_in(other)
    assert one.events() == []


def test_who_objects_later_is_forgotten(visit):
    one = visit()
    page = one.open("/a")
    one.wait_for(1)
    assert "nurture_id" in kept_in(page)
    one.context.add_init_script(GPC)
    one.open("/b", page=page)
    page.wait_for_timeout(150)
    assert kept_in(page) == ""
    assert len(one.events()) == 1


@pytest.mark.soak
def test_a_site_may_decide_otherwise(visit, company):
    company.attributes = 'data-respect-dnt="false"'
    one = visit(script=GPC + ";" + DNT)
    one.open("/a")
    assert len(one.wait_for(1)) == 1


def test_a_site_that_asks_first_stores_and_sends_nothing_until_the_answer(visit, company, app, faults):
    lead_id = add_lead(app.engine)
    company.attributes = 'data-consent="wait"'
    one = visit()
    page = one.open(f"/a?nurture_visitor={visitor_token(SECRET, lead_id)}")
    page.evaluate("nurture.track('Plan Chosen', { plan: 'team' })")
    page.wait_for_timeout(200)
    assert (faults.asked, kept_in(page), one.id(page)) == ([], "", None)
    page.evaluate("nurture.consent(true)")
    events = one.wait_for(2)
    assert [(event["kind"], event["lead"]) for event in events] == [("page", MARIA), ("track", MARIA)]
    one.open("/b", page=page)
    assert one.wait_for(3)[2]["path"] == "/b"


def test_a_no_is_remembered_and_wipes_what_was_kept(visit, company, faults):
    company.attributes = 'data-consent="wait"'
    one = visit()
    page = one.open("/a")
    page.evaluate("nurture.consent(false)")
    one.open("/b", page=page)
    page.evaluate("nurture.track('X')")
    page.wait_for_timeout(150)
    assert (faults.asked, kept_in(page)) == ([], "nurture_consent=no")
    page.evaluate("nurture.consent(true); nurture.track('Y')")
    assert [event["name"] for event in one.wait_for(1)] == ["Y"]
    page.evaluate("nurture.consent(false); nurture.track('Z')")
    assert kept_in(page) == "nurture_consent=no"
    page.wait_for_timeout(150)
    assert len(one.events()) == 1


@pytest.mark.soak
def test_leaving_before_the_answer_is_none(visit, company, faults):
    company.attributes = 'data-consent="wait"'
    one = visit()
    page = one.open("/a")
    one.open("/b", page=page)
    page.close()
    other = one.open("/c")
    other.wait_for_timeout(150)
    assert (faults.asked, kept_in(other)) == ([], "")
