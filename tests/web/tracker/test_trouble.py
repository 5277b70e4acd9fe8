"""What becomes of events when the network, the server or the browser do not play along. In real Chromium."""

from urllib.parse import urlsplit

import pytest
from starlette.responses import JSONResponse

STORED = "Object.keys(localStorage).filter((key) => key.startsWith('nurture:')).length"


def refused(status, **headers):
    said = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After", **headers}
    return JSONResponse({"success": False, "code": "x", "message": "no"}, status, headers=said)


COMMON = ("no storage", "no cookies", "no random ids")


def names(events):
    return sorted(event["name"] or event["path"] for event in events)


def test_a_server_in_trouble_gets_everything_in_the_end_and_once(visit, faults):
    faults.next = [refused(500), refused(429, **{"retry-after": "1"}), refused(503, **{"retry-after": "1"})]
    one = visit()
    page = one.open("/a")
    page.evaluate("for (let n = 0; n < 25; n++) nurture.track('E' + n)")
    events = one.wait_for(26)
    assert names(events) == sorted(["/a", *(f"E{n}" for n in range(25))])
    sent = [event["messageId"] for event in faults.sent()]
    assert len(set(sent)) == 26
    assert max(len(body["batch"]) for _, _, body in faults.asked) == 10
    page.wait_for_function(f"{STORED} === 0")


def test_a_retry_waits_for_as_long_as_it_is_told(visit, faults):
    faults.next = [refused(429, **{"retry-after": "1"})]
    one = visit()
    one.open("/a")
    one.wait_for(1)
    first, second = (float(body["sentAt"][-7:-1]) for _, _, body in faults.asked)
    assert 0.9 < (second - first) % 60 < 5


def test_a_wrong_key_is_told_to_who_looks_and_not_tried_again(visit, company, faults):
    company.key = "wk_wrong"
    one = visit()
    page = one.context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    one.open("/a", page=page)
    page.wait_for_timeout(300)
    assert len(faults.asked) == 1
    assert page.evaluate(STORED) == 0
    assert "nurture.js: refused 401" in said


def test_what_happens_offline_is_sent_when_the_network_is_back(visit):
    one = visit()
    page = one.open("/a")
    one.wait_for(1)
    one.context.set_offline(True)
    page.evaluate("nurture.track('Plan Chosen', { plan: 'team' })")
    page.wait_for_timeout(200)
    assert len(one.events()) == 1
    assert page.evaluate(STORED) == 1
    one.context.set_offline(False)
    assert names(one.wait_for(2)) == ["/a", "Plan Chosen"]
    page.wait_for_function(f"{STORED} === 0")


def test_what_could_not_be_sent_is_sent_by_the_next_page(visit, faults):
    one = visit()
    page = one.open("/a")
    one.wait_for(1)
    one.context.set_offline(True)
    page.evaluate("nurture.identify('u-1', { email: 'jo@buyer.example' }); nurture.track('Plan Chosen')")
    page.close()
    one.context.set_offline(False)
    page = one.open("/b")
    events = one.wait_for(4)
    assert {event["lead"] for event in events} == {"jo@buyer.example"}
    page.wait_for_function(f"{STORED} === 0")
    page.wait_for_timeout(100)
    assert len(one.events()) == 4


def test_leaving_at_once_loses_nothing_and_counts_nothing_twice(visit):
    one = visit()
    page = one.context.new_page()
    for path in ("/a", "/b", "/c"):
        page.goto(one.url(path), wait_until="load")
        page.evaluate(f"nurture.track('Left {path}')")
    page.close()
    wanted = ["/a", "/b", "/c", "Left /a", "Left /b", "Left /c"]
    assert names(one.wait_for(6)) == wanted
    page = one.open("/d")
    page.wait_for_function(f"{STORED} === 0")
    assert names(one.events()) == sorted([*wanted, "/d"])


@pytest.mark.soak
def test_leaving_while_an_answer_is_awaited_loses_nothing(visit, faults):
    one = visit()
    page = one.open("/a")
    one.wait_for(1)
    faults.next = [refused(503), refused(503)]
    page.evaluate("nurture.track('X')")
    page.wait_for_timeout(150)
    page.close()
    one.open("/b")
    assert names(one.wait_for(3)) == ["/a", "/b", "X"]


DENIED = {
    "no storage": """Object.defineProperty(window, 'localStorage', {
        get: () => { throw new DOMException('denied', 'SecurityError') } })""",
    "storage is null": "Object.defineProperty(window, 'localStorage', { value: null })",
    "storage is full": """for (let n = 2 ** 23; n >= 1; n /= 2) {
        try { localStorage['full' + n] = 'x'.repeat(n) } catch (_) {}
    }""",
    "no cookies": """Object.defineProperty(document, 'cookie', {
        get: () => { throw new DOMException('denied', 'SecurityError') },
        set: () => { throw new DOMException('denied', 'SecurityError') } })""",
    "no random ids": "delete Crypto.prototype.randomUUID; delete Crypto.prototype.getRandomValues",
    "no crypto": "Object.defineProperty(window, 'crypto', { value: undefined })",
    "no beacons": "delete Navigator.prototype.sendBeacon",
    "no history": "History.prototype.replaceState = () => { throw new DOMException('denied', 'SecurityError') }",
    "something else is called nurture": "window.nurture = { existing: 1 }",
}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, id=what, marks=() if what in COMMON else pytest.mark.soak)
        for what, script in DENIED.items()
    ],
)
def test_a_browser_that_denies_something_is_still_a_visitor_and_its_page_still_works(visit, script):
    one = visit(script=script)
    page = one.open("/a?nurture_visitor=x")
    assert page.evaluate("nurture.track('X') === undefined && nurture.anonymousId() === nurture.anonymousId()")
    events = one.wait_for(2)
    assert names(events) == ["/a", "X"]
    assert {event["anonymous_id"] for event in events} == {one.id(page)}
    page.evaluate("nurture.reset(); dispatchEvent(new PageTransitionEvent('pagehide')); nurture.consent(false)")


def test_everything_denied_at_once_is_survived(visit):
    script = ";".join(code for what, code in DENIED.items() if what not in ("storage is null", "storage is full"))
    one = visit(script=script + "; delete window.fetch; delete window.matchMedia; delete window.performance")
    page = one.context.new_page()
    page.goto(one.url("/a?nurture_visitor=x"))
    page.wait_for_timeout(200)
    page.evaluate("nurture.track && nurture.track('X')")
    page.close()


def test_what_a_site_calls_wrongly_does_not_stop_it(visit):
    one = visit()
    page = one.open("/a")
    page.evaluate(
        """() => {
            const circle = {}
            circle.circle = circle
            nurture.track('Circle', circle)
            nurture.track('Big', { text: 'x'.repeat(20000) })
            nurture.track('Number', { n: 10n })
            nurture.track()
            nurture.identify()
            nurture.identify(null)
            nurture.identify(7)
            nurture.push()
            nurture.push(['nothing'])
            nurture.push('x')
            nurture.page('text')
            document.dispatchEvent(new Event('click'))
            document.dispatchEvent(new Event('submit'))
            const said = { plan: 'team' }
            nurture.track('Good', said)
            said.plan = 'changed'
        }"""
    )
    [good] = [event for event in one.wait_for(4) if event["name"] == "Good"]
    assert good["properties"] == {"plan": "team"}


def test_a_sites_own_history_still_works(visit):
    one = visit()
    page = one.open("/a")
    page.evaluate("history.pushState({ n: 1 }, '', '/b')")
    assert page.evaluate("[history.state.n, location.pathname]") == [1, "/b"]
    assert page.evaluate(
        "(() => { try { history.pushState({}, '', 'http://x.example') } catch (e) { return e.name } })()"
    ) == ("SecurityError")
    page.evaluate("history.replaceState({ n: 2 }, '')")
    assert page.evaluate("[history.state.n, location.pathname]") == [2, "/b"]
    assert [event["path"] for event in one.wait_for(2)] == ["/a", "/b"]


@pytest.mark.soak
def test_the_state_of_a_page_survives_taking_the_token_off(visit, company):
    company.before = "<script>history.replaceState({ kept: 1 }, '')</script>"
    one = visit()
    page = one.open("/a?nurture_visitor=x")
    assert page.evaluate("[history.state.kept, location.search, history.length]") == [1, "", 2]
    assert urlsplit(page.url).query == ""


def test_a_page_with_a_strict_policy_needs_two_lines_of_it(visit, company):
    """The lines that the docs name, and nothing looser."""
    policy = f"default-src 'none'; script-src {company.nurture}; connect-src {company.nurture}"
    pages = company.answer

    def answer(target):
        status, headers, body = pages(target)
        return status, {**headers, "content-security-policy": policy}, body

    company.answer = answer
    one = visit()
    page = one.open("/a")
    page.evaluate("nurture.track('X')")
    page.close()
    assert names(one.wait_for(2)) == ["/a", "X"]
