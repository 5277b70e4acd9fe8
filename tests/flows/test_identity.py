"""How a visitor becomes a lead, whose a browser is when, and whom an event is about."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.app import App
from nurture.flows.identify import MOST_MERGES
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.flows.take_in import take_in
from nurture.mail.links import visitor_token
from nurture.reports.lead import lead_report
from nurture.segment.visitor import VISITOR
from nurture.sheets.people import Person
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.rules.examples import NOW

JO, AL = "jo@buyer.example", "al@buyer.example"
MINUTE = timedelta(minutes=1)


def at(minute: int):
    return NOW + minute * MINUTE


def visit(path: str, minute: int, browser: str = "b1", **more):
    return page(path, at(minute), anonymous_id=browser, **more)


def signs_in(who: str, minute: int, browser: str = "b1", **more):
    return incoming("identify", at(minute), anonymous_id=browser, email=who, **more)


def tagged(app: App, lead_id: int, minute: int, browser: str = "b1", path: str = "/pricing"):
    url = f"https://acme.example{path}?{VISITOR}={visitor_token(app.settings.secret_key, lead_id)}"
    return incoming("page", at(minute), anonymous_id=browser, path=path, url=url)


def whose(app: App) -> dict[str, str | None]:
    """The lead's address of each page, by path."""
    query = "SELECT e.path, l.email FROM event e LEFT JOIN lead l ON l.id = e.lead_id WHERE e.kind = 'page'"
    return {row.path: row.email for row in rows(app, query)}


def counted(app: App) -> dict[str, int]:
    """How much each lead's signals count, by address."""
    query = "SELECT l.email, sum(count) AS n FROM signal_day JOIN lead l ON l.id = lead_id GROUP BY l.email"
    return {row.email: row.n for row in rows(app, query)}


@pytest.fixture
def jo(app: App) -> int:
    return add_lead(app)


@pytest.fixture
def al(app: App) -> int:
    return add_lead(app, AL)


def test_a_page_of_yesterday_that_comes_in_after_the_browser_moved_is_of_whose_it_was(
    app: App, jo: int, al: int
) -> None:
    ingest(app, [signs_in(JO, 0), visit("/a", 1)], at(1))
    ingest(app, [signs_in(AL, 10), visit("/c", 11)], at(11))
    ingest(app, [visit("/b", 5)], at(12))
    assert whose(app) == {"/a": JO, "/b": JO, "/c": AL}


def test_a_sign_in_that_comes_in_late_takes_what_was_done_after_it(app: App, jo: int, al: int) -> None:
    ingest(app, [signs_in(JO, 0), visit("/pricing", 1), visit("/pricing", 6)], at(6))
    assert counted(app) == {JO: 2}
    ingest(app, [signs_in(AL, 3)], at(7))
    ingest(app, [visit("/pricing", 8)], at(8))
    assert counted(app) == {JO: 1, AL: 2}
    assert one(app, "SELECT micro FROM lead_score WHERE lead_id = :id", id=jo) == 20_000_000


def test_a_sign_in_that_comes_in_late_and_was_first_is_whose_the_browser_was_before(app: App, jo: int, al: int) -> None:
    ingest(app, [visit("/a", 0), visit("/b", 4)], at(4))
    ingest(app, [signs_in(AL, 8), visit("/c", 9)], at(9))
    assert whose(app) == {"/a": AL, "/b": AL, "/c": AL}
    ingest(app, [signs_in(JO, 2)], at(10))
    assert whose(app) == {"/a": JO, "/b": JO, "/c": AL}


def test_in_one_batch_the_time_decides_and_not_the_order(app: App, jo: int, al: int) -> None:
    batch = [visit("/c", 11), signs_in(AL, 10), visit("/a", 1), signs_in(JO, 3), visit("/b", 5)]
    ingest(app, batch, at(12))
    assert whose(app) == {"/a": JO, "/b": JO, "/c": AL}


def test_after_reset_the_new_anonymous_id_is_nobodys(app: App, jo: int, al: int) -> None:
    ingest(app, [signs_in(JO, 0), visit("/a", 1), visit("/between", 2, "b2")], at(2))
    assert whose(app) == {"/a": JO, "/between": None}
    ingest(app, [signs_in(AL, 3, "b3"), visit("/c", 4, "b3")], at(4))
    assert whose(app) == {"/a": JO, "/between": None, "/c": AL}


def test_two_browsers_of_one_lead_count_together(app: App, jo: int) -> None:
    ingest(app, [signs_in(JO, 0, "laptop"), signs_in(JO, 1, "phone")], at(1))
    ingest(app, [visit("/pricing", 2, "laptop"), visit("/pricing", 3, "phone")], at(3))
    assert counted(app) == {JO: 2}


def test_one_browser_behind_two_write_keys_is_one_browser(app: App, jo: int) -> None:
    ingest(app, [visit("/pricing", 0, source="website"), visit("/pricing", 1, source="app")], at(1))
    ingest(app, [signs_in(JO, 2, source="app")], at(2))
    assert counted(app) == {JO: 2}


def test_a_form_ties_a_browser_and_a_forwarded_mail_never_moves_one(app: App, jo: int, al: int) -> None:
    ingest(app, [track("Form Sent", at(0), anonymous_id="b1", email=AL)], at(0))
    ingest(app, [tagged(app, jo, 1, path="/forwarded"), visit("/later", 2)], at(2))
    assert whose(app) == {"/forwarded": AL, "/later": AL}


def test_a_tracked_link_that_comes_in_before_an_earlier_sign_in_gives_way_to_it(app: App, jo: int, al: int) -> None:
    ingest(app, [tagged(app, jo, 5, path="/link"), visit("/later", 6)], at(6))
    assert whose(app) == {"/link": JO, "/later": JO}
    ingest(app, [signs_in(AL, 1)], at(7))
    assert whose(app) == {"/link": AL, "/later": AL}


def test_the_token_of_a_lead_that_was_merged_ties_to_the_one_that_lives(app: App, jo: int, al: int) -> None:
    ingest(app, [incoming("alias", at(0), user_id=JO, email=JO, properties={"previousId": AL})], at(0))
    ingest(app, [tagged(app, al, 1), visit("/later", 2), tagged(app, jo, 3, "b2")], at(3))
    assert set(whose(app).values()) == {JO}


def test_what_a_user_did_before_anybody_knew_the_user_is_the_leads(app: App, jo: int) -> None:
    ingest(app, [track("Webinar Attended", at(0), user_id="u-7", properties={"minutes": 45})], at(0))
    assert counted(app) == {}
    ingest(app, [incoming("identify", at(1), user_id="u-7", email=JO)], at(1))
    assert counted(app) == {JO: 1}


def test_a_user_who_becomes_known_takes_from_the_browsers_owner_what_is_his(app: App, jo: int, al: int) -> None:
    ingest(app, [signs_in(JO, 0), visit("/pricing", 2, user_id="u-al"), visit("/pricing", 3)], at(3))
    assert counted(app) == {JO: 2}
    ingest(app, [incoming("identify", at(4), user_id="u-al", email=AL)], at(4))
    assert counted(app) == {JO: 1, AL: 1}


def test_a_sign_in_without_an_address_moves_the_browser_once_the_user_is_known(app: App, jo: int, al: int) -> None:
    ingest(app, [signs_in(JO, 0), incoming("identify", at(2), anonymous_id="b1", user_id="u-al")], at(2))
    ingest(app, [visit("/pricing", 3)], at(3))
    assert whose(app) == {"/pricing": JO}
    ingest(app, [incoming("identify", at(9), user_id="u-al", email=AL)], at(9))
    assert whose(app) == {"/pricing": AL}


def test_placeholders_make_one_person_of_nobody(app: App, jo: int, al: int) -> None:
    ingest(app, [signs_in(JO, 0, "null", user_id="undefined"), signs_in(AL, 1, "null", user_id="undefined")], at(1))
    ingest(app, [visit("/pricing", 2, "null", user_id="undefined")], at(2))
    assert whose(app) == {"/pricing": None}
    assert one(app, "SELECT count(*) FROM identity") == 0


def test_an_alias_ties_what_was_done_anonymously(app: App, jo: int) -> None:
    ingest(app, [visit("/pricing", 0, "old"), incoming("identify", at(1), user_id="u1", email=JO)], at(1))
    alias = incoming("alias", at(2), user_id="u1", anonymous_id="old", properties={"previousId": "old"})
    ingest(app, [alias], at(2))
    assert whose(app) == {"/pricing": JO}


def test_an_alias_to_a_user_whom_nobody_knows_ties_once_the_user_is_known(app: App, jo: int) -> None:
    alias = incoming("alias", at(1), user_id="u1", anonymous_id="old", properties={"previousId": "old"})
    ingest(app, [visit("/pricing", 0, "old"), alias], at(1))
    ingest(app, [incoming("identify", at(2), user_id="u1", email=JO)], at(2))
    assert whose(app) == {"/pricing": JO}


@pytest.mark.parametrize("previous", [AL, "u-al"])
def test_an_alias_between_two_leads_merges_them(app: App, jo: int, al: int, previous: str) -> None:
    ingest(app, [incoming("identify", at(0), user_id="u-al", email=AL), page("/pricing", at(1), email=AL)], at(1))
    ingest(app, [incoming("identify", at(1), user_id="u-jo", email=JO), page("/pricing", at(1), email=JO)], at(1))
    alias = incoming("alias", at(2), user_id="u-jo", anonymous_id=previous, properties={"previousId": previous})
    ingest(app, [alias], at(2))
    assert counted(app) == {JO: 2}
    assert [row.value for row in rows(app, "SELECT value FROM identity ORDER BY value")] == [AL, "u-al", "u-jo"]


def test_an_identify_with_the_user_id_of_one_and_the_address_of_another_merges_them(app: App, jo: int, al: int) -> None:
    ingest(app, [incoming("identify", at(0), user_id="u1", email=JO)], at(0))
    ingest(app, [incoming("identify", at(1), user_id="u1", email=AL), page("/pricing", at(2), email=AL)], at(2))
    assert whose(app) == {"/pricing": JO}
    assert rows(app, "SELECT lost_id, kept_id FROM merged_lead") == [(al, jo)]


def test_two_accounts_are_two_people_until_somebody_says_so(app: App, jo: int, al: int) -> None:
    ingest(app, [incoming("identify", at(0), user_id="u1", email=JO)], at(0))
    ingest(app, [incoming("identify", at(0), user_id="u2", email=AL)], at(0))
    ingest(app, [incoming("identify", at(1), user_id="u1", email=AL), page("/pricing", at(2), email=AL)], at(2))
    assert whose(app) == {"/pricing": AL}
    assert rows(app, "SELECT lead_id, other_id FROM identity_conflict") == [(jo, al)]
    assert one(app, "SELECT count(*) FROM merged_lead") == 0


def test_a_new_address_of_a_known_user_is_another_address_and_mail_goes_where_it_went(app: App, jo: int) -> None:
    ingest(app, [incoming("identify", at(0), user_id="u1", email=JO)], at(0))
    ingest(app, [incoming("identify", at(1), user_id="u1", email="new@buyer.example")], at(1))
    ingest(app, [page("/pricing", at(2), email="new@buyer.example")], at(2))
    assert rows(app, "SELECT email FROM lead") == [(JO,)]
    assert whose(app) == {"/pricing": JO}


def test_who_was_mailed_is_kept_whoever_is_older(app: App) -> None:
    """So no event of a public write key sends the mails of a lead to another address."""
    add_lead(app, "thief@evil.example", at(-60))
    victim = add_lead(app, JO, at(-30))
    now = "now()"
    with app.engine.begin() as db:
        db.exec_driver_sql(
            "INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until,"
            f" local_on, zone, queued_at) SELECT {victim}, id, campaign, 'one', 1, 't', 'sent', {now}, {now},"
            f" current_date, 'UTC', {now} FROM enrollment WHERE lead_id = {victim}"
        )
    ingest(app, [incoming("alias", at(0), user_id="thief@evil.example", properties={"previousId": JO})], at(0))
    assert rows(app, "SELECT email FROM lead") == [(JO,)]


def test_attributed_visits_qualify_at_once_if_they_are_recent(app: App, jo: int) -> None:
    recent = [visit("/pricing", 0), visit("/pricing", 1), track("Whitepaper Downloaded", at(2), anonymous_id="b1")]
    ingest(app, recent, at(2))
    assert ingest(app, [signs_in(JO, 3)], at(3)).offered == 1


def test_attributed_visits_count_on_the_day_and_in_the_cycle_in_which_they_happened(app: App, jo: int) -> None:
    ingest(app, [visit("/pricing", 0)], at(0))
    with app.engine.begin() as db:
        db.exec_driver_sql(f"UPDATE cycle SET n = 2, started_at = '{at(30)}', reason = 'not_ready' WHERE n = 1")
        db.exec_driver_sql(f"INSERT INTO cycle (lead_id, n, started_at) VALUES ({jo}, 1, '{at(-30)}')")
        db.exec_driver_sql(f"UPDATE lead SET cycle = 2, refused = true, cycle_started_at = '{at(30)}'")
    ingest(app, [signs_in(JO, 60 * 24)], at(60 * 24))
    assert rows(app, "SELECT cycle, day, count FROM signal_day") == [(1, at(0).date(), 1)]


def test_a_hand_raised_long_ago_by_a_visitor_is_not_raised_now(app: App, jo: int) -> None:
    ingest(app, [track("Demo Requested", at(0), anonymous_id="b1")], at(0))
    late = 60 * 24 * 30
    assert ingest(app, [signs_in(JO, late)], at(late)).offered == 0
    assert one(app, "SELECT count(*) FROM event WHERE lead_id = :id AND kind = 'track'", id=jo) == 1


def test_people_seen_again_and_again_do_not_fill_the_table(app: App, jo: int) -> None:
    day = 24 * 60
    for n in range(3):
        ingest(app, [signs_in(JO, n * 200 + m) for m in range(200)], at(n * 200 + 200))
    ingest(app, [signs_in(JO, 9 * day + m) for m in range(200)], at(9 * day + 200))
    assert one(app, "SELECT count(*) FROM browser_claim WHERE at < :before", before=at(day)) <= 2


def test_what_a_stranger_says_of_himself_at_somebodys_browser_is_not_of_that_one(app: App, jo: int) -> None:
    ingest(app, [signs_in(JO, 0)], at(0))
    ingest(app, [incoming("identify", at(1), anonymous_id="b1", user_id="u-al", traits={"firstName": "Al"})], at(1))
    assert one(app, "SELECT first_name FROM lead") is None
    ingest(app, [incoming("identify", at(2), anonymous_id="b1", traits={"firstName": "Jo"})], at(2))
    assert one(app, "SELECT first_name FROM lead") == "Jo"


def test_two_leads_that_history_makes_one_are_not_handed_over(app: App, jo: int, al: int) -> None:
    ingest(app, [page("/pricing"), page("/pricing", email=AL), track("Whitepaper Downloaded", email=AL)], at(0))
    alias = incoming("alias", at(0), user_id=JO, properties={"previousId": AL})
    assert ingest(app, [alias], at(60 * 24 * 5)).offered == 0
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM handoff") == 0


def test_a_key_that_may_not_say_so_makes_no_two_ids_one_person(app: App, jo: int, al: int) -> None:
    settings = replace(app.settings, write_key="site:k1,app:k2", identity_keys=frozenset({"app"}))
    careful = replace(app, settings=settings)
    said = [
        incoming("identify", at(0), user_id="u1", email=JO, source="app"),
        incoming("identify", at(1), user_id="u1", email=AL, source="site", anonymous_id="b1"),
        incoming("identify", at(1), user_id="u1", email="new@buyer.example", source="site"),
        incoming("alias", at(2), user_id=JO, properties={"previousId": AL}, source="site"),
    ]
    ingest(careful, [*said, visit("/whose", 3, source="site")], at(3))
    assert one(app, "SELECT count(*) FROM lead") == 3
    assert whose(app) == {"/whose": AL}
    assert {row.value for row in rows(app, "SELECT value FROM identity WHERE kind <> 'anonymous'")} == {"u1"}
    ingest(careful, [incoming("alias", at(4), user_id=JO, properties={"previousId": AL}, source="app")], at(4))
    assert one(app, "SELECT count(*) FROM lead") == 2


def public(kind: str, minute: int = 0, **more):
    """An event with the write key that stands in the web page."""
    return incoming(kind, at(minute), source="segment", **more)


def test_with_a_public_key_nobody_makes_all_leads_one(app: App) -> None:
    victims = [f"lead{n}@corp{n}.example" for n in range(5)]
    for email in (*victims, "evil@evil.example"):
        add_lead(app, email)
    ingest(app, [public("identify", email=email, user_id="evil") for email in ("evil@evil.example", *victims)], at(0))
    minted = [public("identify", email=email, user_id=f"e{n}") for n, email in enumerate(victims)]
    ingest(app, minted, at(1))
    aliases = [public("alias", user_id="evil", properties={"previousId": f"e{n}"}) for n in range(len(victims))]
    aliases += [public("alias", user_id="evil", properties={"previousId": email}) for email in victims]
    aliases += [public("alias", user_id="evil@evil.example", properties={"previousId": email}) for email in victims]
    ingest(app, aliases, at(2))
    assert one(app, "SELECT count(*) FROM lead") == 6
    assert one(app, "SELECT count(*) FROM merged_lead") == 0
    assert one(app, "SELECT count(*) FROM identity_conflict") == 5


def test_with_a_public_key_nobody_gets_the_mail_of_an_address_that_nobody_knew(app: App) -> None:
    evil = add_lead(app, "evil@evil.example")
    said = [
        public("identify", email="evil@evil.example", user_id="evil"),
        public("identify", email="ceo@corp.example", user_id="evil", anonymous_id="b1"),
        public("alias", user_id="evil", properties={"previousId": "cfo@corp.example"}),
    ]
    ingest(app, [*said, public("page", 1, path="/x", anonymous_id="b1")], at(1))
    take_in(app, {email: Person(email) for email in ("ceo@corp.example", "cfo@corp.example")}, at(2))
    assert one(app, "SELECT count(*) FROM lead") == 3
    assert one(app, "SELECT count(*) FROM identity WHERE kind = 'email'") == 0
    assert whose(app) == {"/x": "ceo@corp.example"}
    (noted,) = lead_report(app, "ceo@corp.example", at(2))["may_be"]
    assert (noted["email"], noted["source"]) == ("evil@evil.example", "segment")
    merge_leads(app, "ceo@corp.example", "evil@evil.example", by="Ann", now=at(3))
    assert one(app, "SELECT count(*) FROM lead WHERE id = :id", id=evil) == 0


def test_signing_up_and_in_works_with_a_public_key(app: App, jo: int) -> None:
    ingest(app, [public("identify", email=JO, user_id="u1"), public("identify", email=AL, user_id="u2")], at(0))
    ingest(app, [public("page", 1, path="/jo", user_id="u1"), public("page", 1, path="/al", user_id="u2")], at(1))
    ingest(app, [public("alias", 2, user_id="u3", properties={"previousId": "u2"})], at(2))
    ingest(app, [public("page", 3, path="/again", user_id="u3")], at(3))
    assert whose(app) == {"/jo": JO, "/al": AL, "/again": AL}


def test_who_names_all_keys_believes_them(app: App, jo: int, al: int) -> None:
    trusting = replace(app, settings=replace(app.settings, identity_keys=frozenset({"*"})))
    ingest(trusting, [public("identify", email=email, user_id="u1") for email in (JO, AL)], at(0))
    assert one(app, "SELECT count(*) FROM lead") == 1


def test_a_request_merges_no_more_than_others_can_wait_for_and_the_next_one_goes_on(app: App) -> None:
    emails = [f"lead{n}@corp{n}.example" for n in range(MOST_MERGES + 3)]
    for email in emails:
        add_lead(app, email)

    def say_so() -> None:
        ingest(app, [incoming("identify", at(0), email=email, user_id="u1") for email in emails], at(1))

    say_so()
    assert one(app, "SELECT count(*) FROM lead") == 3
    assert one(app, "SELECT count(*) FROM identity_conflict") == 2
    say_so()
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM identity_conflict") == 0


def test_an_import_of_history_merges_as_many_as_it_tells_of(app: App) -> None:
    emails = [f"lead{n}@corp{n}.example" for n in range(MOST_MERGES + 3)]
    for email in emails:
        add_lead(app, email)
    said = [incoming("identify", at(0), email=email, user_id="u1") for email in emails]
    ingest(app, said, at(1), as_history=True)
    assert one(app, "SELECT count(*) FROM lead") == 1
