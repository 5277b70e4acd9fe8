"""What the tracker tells of pages, and by what it knows a visitor again. In real Chromium."""

import re
from pathlib import Path

import pytest

from nurture.mail.links import visitor_token
from tests.web.people import SECRET, add_lead, rows

DOCS = Path(__file__).parents[3] / "docs" / "tracking.md"
TOUCH = "window.matchMedia = (query) => ({ matches: /coarse/.test(query) })"
HIDE = """
    window.show = (shown) => {
        Object.defineProperty(document, 'hidden', { value: !shown, configurable: true })
        Object.defineProperty(document, 'visibilityState', { value: shown ? 'visible' : 'hidden', configurable: true })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    }
"""


def paths(events):
    return [event["path"] for event in events]


def test_a_page_view_says_where_it_came_from_and_by_which_campaign(visit, company, faults):
    one = visit()
    page = one.context.new_page()
    page.goto(
        company.url("/pricing?utm_source=news%20letter&utm_campaign=spring#top"), referer="https://search.example/"
    )
    [event] = one.wait_for(1)
    page.wait_for_function("!!(window.nurture && nurture.anonymousId)")
    assert (event["kind"], event["path"], event["verdict"]) == ("page", "/pricing", "human")
    assert event["anonymous_id"] == one.id(page)
    assert event["properties"] == {
        "path": "/pricing",
        "url": company.url("/pricing?utm_source=news%20letter&utm_campaign=spring#top"),
        "search": "?utm_source=news%20letter&utm_campaign=spring",
        "title": "About /pricing",
        "referrer": "https://search.example/",
        "utm_source": "news letter",
        "utm_campaign": "spring",
    }
    # In one request: the browser asked for no permission first.
    assert [(asked, headers["content-type"]) for asked, headers, _ in faults.asked] == [
        ("POST /v1/b", "text/plain;charset=UTF-8")
    ]


def test_in_an_application_each_change_of_the_url_is_one_page(visit):
    one = visit()
    page = one.open("/app/home")
    page.wait_for_load_state()
    for change in (
        "history.pushState({}, '', '/app/plans')",
        "history.pushState({}, '', '/app/plans')",
        "history.replaceState({}, '', '/app/plans?filter=small')",
        "history.pushState({}, '', '/app/plans?page=2')",
        "history.replaceState({}, '', '/app/checkout')",
        "location.hash = 'top'",
        "location.hash = '#/terms'",
        "history.go(-2)",
    ):
        page.evaluate(change)
        page.wait_for_timeout(40)  # by the server's clock, too, one is after the other, however long each is on its way
    events = one.wait_for(6)
    assert paths(events) == ["/app/home", "/app/plans", "/app/plans", "/app/checkout", "/terms", "/app/checkout"]
    assert [event["properties"]["referrer"].partition("/app")[2] for event in events] == [
        "", "/home", "/plans", "/plans?page=2", "/checkout", "/checkout#/terms"
    ]  # fmt: skip
    page.wait_for_timeout(200)
    assert len(one.events()) == 6


def test_a_page_that_comes_back_out_of_the_browsers_cache_was_seen_again(visit):
    one = visit()
    page = one.open("/one")
    page.evaluate("window.same = true")
    one.wait_for(1)
    one.open("/two", page=page)
    one.wait_for(2)
    page.go_back(wait_until="commit")
    assert paths(one.wait_for(3)) == ["/one", "/two", "/one"]
    if not page.evaluate("window.same"):
        pytest.skip("this Chromium kept no page")


def test_a_page_that_is_only_loaded_ahead_was_not_seen(visit):
    one = visit(script="Object.defineProperty(document, 'prerendering', { value: true, configurable: true })")
    page = one.context.new_page()
    page.goto(one.url("/pricing"))
    page.wait_for_timeout(200)
    assert one.events() == []
    page.evaluate("delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange'))")
    assert paths(one.wait_for(1)) == ["/pricing"]


def test_time_counts_while_the_page_is_in_sight_and_is_told_once(visit):
    one = visit(script=HIDE)
    page = one.context.new_page()
    page.clock.install()
    one.open("/guide", page=page)
    page.clock.fast_forward(200_000)
    for _ in range(4):
        page.evaluate("show(false)")
        page.clock.fast_forward(6_000)
        page.evaluate("show(true)")
        page.clock.fast_forward(25_000)
    one.wait_for(1)
    assert one.events("read") == []
    one.open("/next", page=page)
    one.times(1)
    page.clock.fast_forward(40_000)
    page.close()
    assert one.times(2) == [("/guide", 300), ("/next", 40)]


def test_a_page_that_is_put_away_for_long_has_been_left(visit):
    one = visit(script=HIDE)
    page = one.context.new_page()
    page.clock.install()
    one.open("/guide", page=page)
    page.clock.fast_forward(200_000)
    page.evaluate("show(false)")
    page.clock.fast_forward(11_000)
    one.times(1)
    page.clock.fast_forward(3_600_000)
    page.evaluate("show(true)")
    page.clock.fast_forward(70_000)
    one.open("/next", page=page)
    assert one.times(2) == [("/guide", 70), ("/guide", 200)]


def test_a_page_opened_in_the_background_was_not_read(visit):
    one = visit(script=HIDE + "if (!window.opened) show(false); window.opened = true")
    page = one.context.new_page()
    page.clock.install()
    one.open("/guide", page=page)
    page.clock.fast_forward(600_000)
    page.evaluate("show(true)")
    page.clock.fast_forward(50_000)
    page.close()
    assert one.times(1) == [("/guide", 50)]


def test_a_phone_tells_it_at_once_for_it_may_never_run_again(visit):
    one = visit(script=HIDE + TOUCH)
    page = one.context.new_page()
    page.clock.install()
    one.open("/guide", page=page)
    page.clock.fast_forward(420_000)
    page.evaluate("show(false)")
    assert one.times(1) == [("/guide", 420)]


def test_in_an_application_each_page_has_its_own_time(visit):
    one = visit()
    page = one.context.new_page()
    page.clock.install()
    one.open("/app", page=page)
    page.clock.fast_forward(30_000)
    page.evaluate("history.pushState({}, '', '/app/plans')")
    page.clock.fast_forward(80_000)
    page.evaluate("history.back()")
    page.wait_for_function("location.pathname === '/app'")
    page.clock.fast_forward(1_000)
    assert one.times(2) == [("/app", 30), ("/app/plans", 80)]


def test_tabs_and_subdomains_know_the_visitor_by_one_id(visit):
    one = visit()
    first = one.open("/a")
    other = one.open("/b", host="shop.acme.test")
    assert one.id(first) == one.id(other)
    assert {event["anonymous_id"] for event in one.wait_for(2)} == {one.id(first)}
    assert visit().id(visit().open("/c")) != one.id(first)


@pytest.mark.parametrize(
    ("attributes", "days"), [('data-days="30"', 30), pytest.param("", 365, marks=pytest.mark.soak)]
)
def test_the_id_is_kept_for_as_long_as_the_site_wants(visit, company, attributes, days):
    company.attributes = attributes
    one = visit()
    page = one.open("/")
    [cookie] = one.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["domain"]) == ("nurture_id", one.id(page), ".acme.test")
    left = cookie["expires"] - page.evaluate("Date.now()") / 1000
    assert days * 86400 - 60 < left <= days * 86400
    assert (cookie["path"], cookie["sameSite"]) == ("/", "Lax")


@pytest.mark.soak
def test_a_site_may_keep_the_id_to_one_subdomain(visit, company):
    company.attributes = 'data-cookie-domain="www.acme.test"'
    one = visit()
    first, other = one.open("/a"), one.open("/b", host="shop.acme.test")
    assert one.id(first) != one.id(other)
    assert one.context.cookies(company.url())[0]["domain"] == ".www.acme.test"


def test_where_cookies_are_refused_storage_keeps_the_id(visit):
    one = visit(script="Object.defineProperty(document, 'cookie', { get: () => '', set: () => {} })")
    first = one.open("/a")
    known = one.id(first)
    assert one.id(one.open("/b")) == one.id(one.open("/c", page=first)) == known


def test_after_a_reset_somebody_else_sits_there_in_all_tabs(visit, app):
    one = visit()
    page, other = one.open("/a"), one.open("/b")
    page.evaluate("nurture.identify('u-1', { email: 'jo@buyer.example' })")
    one.wait_for(1, "identify")
    before = one.id(page)
    page.evaluate("nurture.reset()")
    assert one.id(other) == one.id(page) != before
    other.evaluate("nurture.track('Plan Chosen', { plan: 'team' })")
    [event] = one.wait_for(1, "track")
    assert (event["lead"], event["anonymous_id"]) == (None, one.id(page))
    seen = [(event["path"], event["anonymous_id"], event["lead"]) for event in one.events("page")]
    assert sorted(seen) == [("/a", before, "jo@buyer.example"), ("/b", before, "jo@buyer.example")]
    assert [lead["email"] for lead in rows(app.engine, "SELECT email FROM lead")] == ["jo@buyer.example"]


def test_a_visitor_becomes_known_and_with_it_what_it_did_before(visit, app):
    one = visit()
    page = one.open("/pricing")
    one.wait_for(1)
    page.evaluate("nurture.identify({ email: 'jo@buyer.example', first_name: 'Jo', company: 'Buyer Ltd' })")
    page.evaluate("nurture.track('Webinar Attended', { minutes: 45 })")
    events = one.wait_for(3)
    assert [(event["kind"], event["lead"]) for event in events] == [
        ("page", "jo@buyer.example"), ("identify", "jo@buyer.example"), ("track", "jo@buyer.example")
    ]  # fmt: skip
    assert events[2]["properties"] == {"minutes": 45}
    [lead] = rows(app.engine, "SELECT first_name, company FROM lead")
    assert lead == {"first_name": "Jo", "company": "Buyer Ltd"}
    signals = rows(app.engine, "SELECT count FROM signal_day")
    assert [signal["count"] for signal in signals] == [1, 1]


def snippet():
    """What the docs tell to paste for calls before the script is there."""
    [found] = re.findall(r"<script>\s*(.*?window\.nurture.*?)</script>", DOCS.read_text("utf-8"), re.DOTALL)
    return found


@pytest.mark.parametrize("calls", ["docs", "array"])
def test_calls_before_the_script_is_there_are_not_lost(visit, company, calls):
    if calls == "docs":
        company.before = f"<script>{snippet()}; nurture.identify('u-1', {{ email: 'jo@buyer.example' }}); "
        company.before += "nurture.track('Plan Chosen', { plan: 'team' }); window.early = nurture</script>"
    else:
        company.before = "<script>window.early = window.nurture = window.nurture || [];"
        company.before += "nurture.push(['identify', 'u-1', { email: 'jo@buyer.example' }]);"
        company.before += "nurture.push(['track', 'Plan Chosen', { plan: 'team' }])</script>"
    one = visit()
    page = one.open("/pricing")
    page.evaluate("early.push(['track', 'Late'])")
    page.evaluate(f"() => {{ {snippet()}; nurture.track('Snippet again') }}")
    events = one.wait_for(5)
    assert {event["lead"] for event in events} == {"jo@buyer.example"}
    assert [event["name"] for event in one.events("track")] == ["Plan Chosen", "Late", "Snippet again"]
    assert one.events("track")[0]["properties"] == {"plan": "team"}


def test_the_script_on_a_page_twice_counts_once(visit, company):
    company.pages["/pricing"] = f'<script src="{company.nurture}/nurture.js" data-key="wk_test"></script>'
    one = visit()
    page = one.open("/pricing")
    page.wait_for_timeout(200)
    assert paths(one.wait_for(1)) == ["/pricing"]


@pytest.mark.soak
def test_a_tag_manager_may_insert_it_later(visit, company):
    company.answer = lambda _: (200, {"content-type": "text/html"}, b"<!doctype html><title>T</title>")
    one = visit()
    page = one.context.new_page()
    page.goto(company.url("/pricing"))
    page.evaluate(
        """([src, key]) => {
            const script = document.createElement('script')
            script.src = src
            script.dataset.key = key
            document.head.append(script)
        }""",
        [f"{company.nurture}/nurture.js", "wk_test"],
    )
    assert paths(one.wait_for(1)) == ["/pricing"]


def test_behind_a_proxy_of_the_site_events_go_by_the_proxy(visit, company, client):
    script = client.get("/nurture.js").content
    pages = company.answer

    def answer(target):
        if target == "/n/nurture.js":
            return 200, {"content-type": "text/javascript"}, script
        status, headers, body = pages(target)
        return status, headers, body.replace(company.nurture.encode(), b"/n")

    company.answer = answer
    one = visit()
    page = one.context.new_page()
    with page.expect_request("**/n/v1/b") as request:
        page.goto(one.url("/pricing"))
    assert request.value.url == one.url("/n/v1/b")


@pytest.mark.soak
def test_a_copy_on_the_site_itself_is_told_where_to_send(visit, company, faults, client):
    script = client.get("/nurture.js").content
    pages = company.answer

    def answer(target):
        if target == "/js/n.js":
            return 200, {"content-type": "text/javascript"}, script
        status, headers, body = pages(target)
        return status, headers, body.replace(f"{company.nurture}/nurture.js".encode(), b"/js/n.js")

    company.answer = answer
    company.attributes = f'data-host="{company.nurture}"'
    one = visit()
    one.open("/pricing")
    assert paths(one.wait_for(1)) == ["/pricing"]


def test_a_tracked_link_is_used_up_by_one_event(visit, app, faults):
    lead_id = add_lead(app.engine)
    token = visitor_token(SECRET, lead_id)
    one = visit()
    page = one.open(f"/roi?a=1&nurture_visitor={token}&b=2#top")
    assert page.url == one.url("/roi?a=1&b=2#top")
    page.evaluate("nurture.track('Plan Chosen')")
    one.wait_for(2)
    assert [token in str(event) for event in faults.sent()] == [True, False]
    assert token not in str(one.events())
    assert {event["lead"] for event in one.events()} == {"maria.rossi@acme.example"}
