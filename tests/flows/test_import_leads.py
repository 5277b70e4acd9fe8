"""Files of leads go in by the batch: every row is accounted for, twice is once, and the rules decide what follows."""

import csv
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import InternalError, OperationalError

from nurture.app import App
from nurture.db import make_engine
from nurture.flows.follow_up import reject
from nurture.flows.identify import recognise
from nurture.flows.import_leads import Imported, import_leads
from nurture.flows.ingest import ingest
from nurture.flows.suppress import unsubscribe
from nurture.sheets.people import Person, Terms
from nurture.sheets.readings import Reject, Source
from nurture.sheets.sheet import open_sheet
from nurture.store import incoming as store_incoming
from nurture.store import leads
from tests.databases import empty
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.rules.examples import NOW
from tests.rules.lives import campaign_of

Row = Person | Reject
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def people(*emails: str, **said: object) -> list[Person]:
    """Somebody for each address, who all say the same."""
    return [Person(email, source=Source(n, (email,), ("email",)), **said) for n, email in enumerate(emails, 2)]  # type: ignore[arg-type]


def take(app: App, said: Sequence[Row], now: datetime = NOW, **more: object) -> Imported:
    """Import these rows."""
    done = import_leads(app, said, now, **more)  # type: ignore[arg-type]
    assert done.read == done.created + done.updated + done.rejected == len(said)
    return done


def counts(done: Imported) -> tuple[int, int, int]:
    return done.created, done.updated, done.rejected


def lead(app: App, email: str = "jo@x.example") -> object:
    (row,) = rows(app, "SELECT * FROM lead WHERE email = :email", email=email)
    return row


def everything(app: App) -> list[object]:
    """Every row of every table an import writes to, but for the times of machines."""
    tables = ("lead", "cycle", "enrollment", "stage_change", "lead_change", "suppression", "handoff", "lead_score")
    return [rows(app, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_a_new_lead_arrives_and_is_taken_by_the_campaign_for_unready_ones(app: App) -> None:
    profile = {"title": "VP Operations", "country": "US", "employees": 900, "first_name": "Jo"}
    done = take(app, people("jo@x.example", profile=profile, attributes={"plan": "pro"}))
    assert counts(done) == (1, 0, 0)
    row = lead(app)
    assert (row.first_name, row.employees, row.attributes, row.key) == ("Jo", 900, {"plan": "pro"}, "jo@x.example")
    assert (row.stage, row.grade, row.cycle, row.refused) == ("nurture", "A", 1, False)
    assert rows(app, "SELECT campaign, status FROM enrollment") == [("not-ready", "active")]
    assert rows(app, "SELECT n, started_at FROM cycle") == [(1, NOW)]


def test_a_new_lead_that_was_refused_goes_where_its_reason_says(app_with: Callable[..., App]) -> None:
    refused = campaign_of("again", enroll={"reasons": ["not_ready"]})
    app = app_with(refused)
    at = NOW - timedelta(days=20)
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=at, profile={"title": "Chief"}))
    row = lead(app)
    assert (row.stage, row.cycle, row.refused, row.reason, row.cycle_started_at) == (
        "nurture",
        1,
        True,
        "not_ready",
        at,
    )
    assert row.grade == "C", "who was refused is graded too"
    assert rows(app, "SELECT n, started_at, reason, refused_by FROM cycle ORDER BY n") == [
        (0, at, None, None),
        (1, at, "not_ready", "import"),
    ]
    assert one(app, "SELECT campaign FROM enrollment") == "again"


@pytest.mark.parametrize(
    ("reason", "stage", "suppressed"),
    [("student", "disqualified", 0), ("competitor", "disqualified", 1), ("already_mine", "sal", 0)],
)
def test_a_reason_may_end_it_or_leave_it_with_sales(app: App, reason: str, stage: str, suppressed: int) -> None:
    take(app, people("jo@x.example", reject_reason=reason))
    assert lead(app).stage == stage
    assert one(app, "SELECT count(*) FROM enrollment") == 0
    assert one(app, "SELECT count(*) FROM suppression") == suppressed


def test_a_wait_is_counted_from_the_day_of_the_refusal(app_with: Callable[..., App]) -> None:
    app = app_with(campaign_of("later", enroll={"reasons": ["no_budget"]}))
    at = NOW - timedelta(days=30)
    take(app, people("jo@x.example", reject_reason="no_budget", rejected_at=at))
    assert (lead(app).ask_at, lead(app).mail_from) == (at + timedelta(days=90), at + timedelta(days=90))


@pytest.mark.parametrize("stage", ["mql", "sal", "sql", "disqualified"])
def test_a_new_lead_that_sales_has_or_that_is_over_is_left_alone(app: App, stage: str) -> None:
    take(app, people("jo@x.example", stage=stage))
    assert lead(app).stage == stage
    assert one(app, "SELECT count(*) FROM enrollment") == 0


def test_a_customer_arrives_as_one(app_with: Callable[..., App]) -> None:
    selling = campaign_of("cross-selling", enroll={"unready": True, "stages": ["customer"]})
    app = app_with(selling)
    take(app, people("jo@x.example", stage="customer"))
    assert lead(app).stage == "customer"
    assert one(app, "SELECT campaign FROM enrollment") == "cross-selling"


def test_an_inquiry_that_qualifies_at_once_goes_to_sales(app_with: Callable[..., App]) -> None:
    app = app_with(qualify=[{"grades": ["A"], "score": 0, "signals": 0}])
    profile = {"title": "VP Operations", "country": "US", "employees": 900}
    done = take(app, people("jo@x.example", profile=profile))
    assert done.offered == 1
    assert lead(app).stage == "mql"
    assert one(app, "SELECT count(*) FROM handoff") == 1
    assert app.nudged == ["notices"]  # type: ignore[attr-defined]


def test_a_known_lead_is_updated_and_an_empty_cell_changes_nothing(app: App) -> None:
    add_lead(app, "jo@x.example", first_name="Jo", company="Old")
    done = take(app, people("jo@x.example", profile={"company": "New"}, attributes={"plan": "pro"}))
    assert counts(done) == (0, 1, 0)
    row = lead(app)
    assert (row.first_name, row.company, row.title, row.attributes) == ("Jo", "New", "VP Operations", {"plan": "pro"})
    assert rows(app, "SELECT source, changes FROM lead_change") == [
        ("import", {"company": ["Old", "New"], "plan": [None, "pro"]})
    ]


def test_a_changed_profile_is_decided_again(app: App) -> None:
    add_lead(app, "jo@x.example")
    take(app, people("jo@x.example", profile={"title": "Student"}))
    assert lead(app).grade == "D"


def test_a_known_leads_stage_is_moved_by_what_happens_not_by_a_file(app: App) -> None:
    add_lead(app, "jo@x.example")
    take(app, people("jo@x.example", stage="inquiry"))
    assert lead(app).stage == "nurture"


def test_the_same_file_twice_changes_nothing(app: App) -> None:
    at = NOW - timedelta(days=3)
    file = [
        *people("a@x.example", "b@x.example", profile={"title": "VP"}, attributes={"plan": "pro"}),
        *people("c@x.example", reject_reason="not_ready", rejected_at=at),
        *people("d@x.example", reject_reason="student"),
        *people("e@x.example", reject_reason="no_budget", do_not_email=True),
        *people("f@x.example", do_not_email=True),
        *people("g@x.example", stage="sql"),
    ]
    assert counts(take(app, file)) == (7, 0, 0)
    before = everything(app)
    assert counts(take(app, file, NOW + timedelta(days=1))) == (0, 7, 0)
    assert everything(app) == before


def test_a_refusal_of_a_known_lead_is_news_once(app: App) -> None:
    add_lead(app, "jo@x.example")
    take(app, people("jo@x.example", reject_reason="not_ready"))
    take(app, people("jo@x.example", reject_reason="not_ready"), NOW + timedelta(days=1))
    assert (lead(app).reason, lead(app).cycle) == ("not_ready", 1)
    take(app, people("jo@x.example", reject_reason="already_mine"), NOW + timedelta(days=2))
    assert (lead(app).reason, lead(app).cycle, lead(app).stage) == ("already_mine", 2, "sal")
    take(app, people("jo@x.example", reject_reason="not_ready"), NOW + timedelta(days=3))
    assert lead(app).reason == "already_mine", "an old reason without a date is old news"


def test_a_later_date_makes_the_same_reason_news_and_an_earlier_one_does_not(app: App) -> None:
    first, later = NOW - timedelta(days=40), NOW - timedelta(days=2)
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=first))
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=later))
    assert lead(app).cycle == 2
    take(app, people("jo@x.example", reject_reason="no_budget", rejected_at=first))
    assert (lead(app).reason, lead(app).cycle) == ("not_ready", 2)


def test_what_was_refused_before_the_open_offer_does_not_close_it(app: App) -> None:
    add_lead(app, "jo@x.example")
    ingest(app, [track("Demo Requested", email="jo@x.example")], NOW)
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=NOW - timedelta(days=5)))
    assert lead(app).stage == "mql"
    at = NOW + timedelta(hours=1)
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=at), at)
    assert (lead(app).stage, lead(app).cycle) == ("nurture", 2)
    assert rows(app, "SELECT state, reason, answered_by FROM handoff") == [("rejected", "not_ready", "import")]


def test_after_sales_rejected_the_first_file_says_nothing_new(app: App) -> None:
    file = people("jo@x.example", reject_reason="not_ready", rejected_at=NOW - timedelta(days=30))
    take(app, file)
    ingest(app, [track("Demo Requested", email="jo@x.example")], NOW)
    reject(app, one(app, "SELECT id FROM handoff"), reason="no_budget", note="", by="rep", now=NOW)
    before = everything(app)
    take(app, file, NOW + timedelta(days=1))
    assert everything(app) == before


def test_who_is_disqualified_stays_so(app: App) -> None:
    take(app, people("jo@x.example", reject_reason="student"))
    later = NOW + timedelta(days=1)
    take(app, people("jo@x.example", reject_reason="not_ready", rejected_at=later), later)
    assert (lead(app).stage, lead(app).reason) == ("disqualified", "student")


def test_whoever_must_not_be_mailed_is_suppressed_before_any_campaign_takes_them(app: App) -> None:
    take(app, people("jo@x.example", do_not_email=True))
    assert rows(app, "SELECT reason, how, topic FROM suppression") == [("unsubscribed", "import", "")]
    assert one(app, "SELECT count(*) FROM enrollment") == 0
    ingest(app, [track("Demo Requested", email="jo@x.example")], NOW)
    assert lead(app).stage == "mql", "no mail does not mean no sales"


def test_a_known_lead_that_must_not_be_mailed_leaves_its_campaign(app: App) -> None:
    lead_id = add_lead(app, "jo@x.example")
    take(app, people("jo@x.example", do_not_email=True, profile={"company": "New"}))
    assert rows(app, "SELECT status, left_as FROM enrollment") == [("ended", "unsubscribed")]
    assert lead(app).company == "New"
    take(app, people("jo@x.example", do_not_email=False), NOW + timedelta(days=1))
    assert one(app, "SELECT count(*) FROM suppression") == 1, "a file takes no wish back"
    unsubscribe(app, lead_id=lead_id, delivery_id=None, how="page", now=NOW)
    assert one(app, "SELECT how FROM suppression") == "import"


def test_two_rows_of_one_address_are_one_person(app: App) -> None:
    first = people("jo@x.example", profile={"title": "VP", "company": "Old"})
    second = people("jo@x.example", profile={"company": "New"}, reject_reason="not_ready")
    done = take(app, [*first, *people("al@x.example"), *second])
    assert counts(done) == (2, 1, 0)
    row = lead(app)
    assert (row.title, row.company, row.reason) == ("VP", "New", "not_ready")


def test_batches_do_not_change_the_count(app: App) -> None:
    said: list[Row] = [*people(*(f"l{n % 7}@x.example" for n in range(20))), Reject("bad", Source(30))]
    seen: list[int] = []
    done = take(app, said, batch=3, progress=seen.append)
    assert counts(done) == (7, 13, 1)
    assert seen == [3, 6, 9, 12, 15, 18, 21]


def test_rejects_are_written_beside_what_goes_in(app: App, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("email,name\njo@x.example,Jo\nnobody,Al\n,Bo\n")
    with open_sheet(path, Terms.of(app.agreement, NOW)) as sheet:
        done = import_leads(app, sheet, NOW, rejects=tmp_path / "out.csv")
    assert done == Imported(3, 1, 0, 2, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        written = list(csv.reader(file))
    assert [row[0] for row in written] == ["line", "3", "4"]
    assert written[2] == ["4", "email: an e-mail address is missing", "", "Bo"]


def test_nothing_is_imported_from_a_file_without_rows(app: App, tmp_path: Path) -> None:
    assert import_leads(app, [], NOW, rejects=tmp_path / "out.csv") == Imported()
    assert not (tmp_path / "out.csv").exists()


def test_a_row_that_cannot_be_stored_does_not_stop_the_others(app: App, tmp_path: Path) -> None:
    said = [*people("a@x.example", "b@x.example"), *people("c@x.example", attributes={"note": "\0"})]
    done = take(app, [*said, *people("d@x.example")], rejects=tmp_path / "out.csv")
    assert counts(done) == (3, 0, 1)
    reason = (tmp_path / "out.csv").read_text().splitlines()[1]
    assert reason.startswith("2,cannot be stored: unsupported Unicode escape sequence")
    assert one(app, "SELECT count(*) FROM enrollment") == 3


def test_all_rows_of_somebody_who_cannot_be_stored_are_rejected(app: App) -> None:
    bad = people("c@x.example", attributes={"note": "\0"})
    done = take(app, [*people("a@x.example"), *people("c@x.example"), *bad])
    assert counts(done) == (1, 0, 2)


def test_a_database_that_is_gone_blames_no_row(app: App, db_url: str) -> None:
    gone = make_engine(db_url.rsplit("/", 1)[0] + "/no_such_database")
    lost = App(app.settings, gone, app.workspace, app.now)
    with pytest.raises(OperationalError):
        take(lost, people("a@x.example"))
    gone.dispose()


def test_a_database_that_takes_nothing_now_blames_no_row(app: App, db_url: str) -> None:
    standby = make_engine(f"{db_url}&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(InternalError, match="read-only"):
        take(App(app.settings, standby, app.workspace, app.now), people("a@x.example"))
    standby.dispose()


def test_an_import_that_stopped_half_way_is_mended_by_another(app: App) -> None:
    def interrupted() -> list[Row]:
        yield from people("a@x.example", "b@x.example", "c@x.example")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_leads(app, interrupted(), NOW, batch=2)
    assert one(app, "SELECT count(*) FROM lead") == 2
    assert counts(take(app, people("a@x.example", "b@x.example", "c@x.example"))) == (1, 2, 0)


def test_two_imports_and_events_of_the_same_leads_at_once_lose_nothing(app: App) -> None:
    emails = [f"l{n}@x.example" for n in range(120)]
    done: list[Imported] = []
    errors: list[BaseException] = []

    def run(said: list[Person]) -> None:
        try:
            done.append(import_leads(app, said, NOW, batch=50))
        except BaseException as error:
            errors.append(error)

    def visit() -> None:
        try:
            for start in range(0, len(emails), 20):
                ingest(app, [page("/docs/x", email=email) for email in reversed(emails[start : start + 20])], NOW)
        except BaseException as error:
            errors.append(error)

    forth = people(*emails, profile={"title": "VP"}, reject_reason="not_ready")
    back = people(*reversed(emails), attributes={"plan": "pro"})
    threads = [
        threading.Thread(target=run, args=(forth,)),
        threading.Thread(target=run, args=(back,)),
        threading.Thread(target=visit),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [one_done.rejected for one_done in done] == [0, 0]
    assert one(app, "SELECT count(*) FROM lead") == 120
    whole = one(app, "SELECT count(*) FROM lead WHERE title = 'VP' AND attributes->>'plan' = 'pro' AND refused")
    assert whole == 120
    assert one(app, "SELECT count(*) FROM event") == 120


def test_an_import_waits_for_who_is_inserting_the_same_address(app: App) -> None:
    inserting = app.engine.connect()
    began = inserting.begin()
    leads.insert(inserting, [{"email": "jo@x.example", "first_name": "Jo"}], NOW)
    done: list[Imported] = []
    thread = threading.Thread(
        target=lambda: done.append(take(app, people("jo@x.example", "al@x.example", profile={"title": "VP"})))
    )
    thread.start()
    while not one(app, WAITING):
        assert thread.is_alive()
    began.commit()
    inserting.close()
    thread.join()
    assert counts(done[0]) == (1, 1, 0)
    assert (lead(app).first_name, lead(app).title) == ("Jo", "VP")


def test_an_address_that_just_becomes_another_one_of_a_lead_makes_no_lead(app: App) -> None:
    add_lead(app)
    ingest(app, [incoming("identify", email="jo@buyer.example", user_id="u1")], NOW)
    tying = app.engine.connect()
    began = tying.begin()
    recognise(tying, app, [incoming("identify", email="second@x.example", user_id="u1")], NOW)
    thread = threading.Thread(target=lambda: take(app, people("second@x.example", profile={"first_name": "Jo"})))
    thread.start()
    while thread.is_alive() and not one(app, WAITING):
        pass
    began.commit()
    tying.close()
    thread.join()
    assert rows(app, "SELECT email FROM lead") == [("jo@buyer.example",)]


def test_an_address_that_is_just_imported_becomes_no_other_leads(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    add_lead(app)
    ingest(app, [incoming("identify", email="jo@buyer.example", user_id="u1")], NOW)
    said = [incoming("identify", email="second@x.example", user_id="u1")]
    threads: list[threading.Thread] = []

    def once_it_is_copied(db, values):
        copied(db, values)
        threads.append(threading.Thread(target=ingest, args=(app, said, NOW)))
        threads[0].start()
        while threads[0].is_alive() and not one(app, WAITING):
            pass

    copied = store_incoming.copy_in
    monkeypatch.setattr(store_incoming, "copy_in", once_it_is_copied)
    take(app, people("second@x.example"))
    threads[0].join()
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM merged_lead") == 1


@pytest.mark.parametrize("stage", ["customer", "disqualified"])
@pytest.mark.parametrize("reason", ["not_ready", "student", "already_mine"])
@pytest.mark.parametrize("before", [{}, {"reject_reason": "student", "rejected_at": NOW - timedelta(days=30)}])
def test_a_row_with_a_stage_and_a_reason_says_the_same_each_time(
    app: App, before: dict[str, object], reason: str, stage: str
) -> None:
    take(app, people("jo@x.example", **before))
    said = people("jo@x.example", stage=stage, reject_reason=reason, rejected_at=NOW - timedelta(days=1))
    take(app, said)
    first = (lead(app).stage, lead(app).cycle)
    for days in (1, 2):
        take(app, said, NOW + timedelta(days=days))
        assert (lead(app).stage, lead(app).cycle) == first


def test_a_refused_customer_stays_a_customer(app: App) -> None:
    take(app, people("jo@x.example"))
    take(app, people("jo@x.example", stage="customer", reject_reason="not_ready", rejected_at=NOW - timedelta(days=1)))
    assert (lead(app).stage, lead(app).reason) == ("customer", "not_ready")


CELLS = st.fixed_dictionaries(
    {"email": st.sampled_from([f"{name}@x.example" for name in "abcdef"])},
    optional={
        "profile": st.fixed_dictionaries(
            {}, optional={"title": st.sampled_from(["VP", "student"]), "employees": st.integers(0, 900)}
        ),
        "attributes": st.dictionaries(st.sampled_from(["plan", "tier"]), st.text("xy", min_size=1, max_size=2)),
        "stage": st.sampled_from(["inquiry", "nurture", "customer", "sql", "disqualified"]),
        "reject_reason": st.sampled_from(["not_ready", "no_budget", "student", "competitor", "already_mine"]),
        "rejected_at": st.integers(0, 100).map(lambda days: NOW - timedelta(days=days)),
        "do_not_email": st.booleans(),
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(lambda said: Person(**said), CELLS), max_size=12), st.integers(1, 6))
def test_any_file_is_accounted_for_once_and_for_all(app: App, said: list[Person], batch: int) -> None:
    empty(app.engine)
    take(app, said, batch=batch)
    assert one(app, "SELECT count(*) FROM lead") == len({person.email for person in said})
    in_campaigns = rows(app, "SELECT l.email FROM lead l JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'")
    assert not {row.email for row in in_campaigns} & {person.email for person in said if person.do_not_email}
    take(app, said)
    before = everything(app)
    take(app, said, NOW + timedelta(days=1))
    assert everything(app) == before
