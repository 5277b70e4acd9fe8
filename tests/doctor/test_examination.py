"""The whole examination: what stands in the database, what the environment says, and the command itself."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from nurture.app import App
from nurture.cli.main import app as commands
from nurture.db import make_engine, transaction
from nurture.doctor import examine
from nurture.doctor.addresses import base_url, company
from nurture.doctor.database import database, home
from nurture.doctor.incoming import inbound, webhook
from nurture.doctor.traffic import breaker, clock, overdue, suppressed, unknown, workers
from nurture.flows.beat import Beat
from nurture.flows.stay_home import is_home
from tests.doctor.cases import case_of, only
from tests.flows.apps import NOW, add_lead, one


def run(app: App, query: str, **values: object) -> None:
    with transaction(app.engine) as db:
        db.execute(text(query), values)


def test_a_database_that_is_up_to_date_is_fine(app: App):
    revision, time = database(case_of(app))
    assert (revision.level, time.level) == ("ok", "ok")


def test_a_database_of_another_revision_is_a_problem(app: App):
    newest = one(app, "SELECT version_num FROM alembic_version")
    run(app, "UPDATE alembic_version SET version_num = '0005'")
    try:
        revision = next(database(case_of(app)))
        findings = {finding.check: finding for finding in examine(case_of(app), offline=True)}
    finally:
        run(app, f"UPDATE alembic_version SET version_num = '{newest}'")
    assert (revision.level, revision.do) == ("problem", "run `nurture db upgrade`")
    assert findings["clock"].level == "skipped"


def test_a_database_that_is_away_is_one_problem(app: App):
    away = make_engine("postgresql://nobody:secret@127.0.0.1:1/none", pool_size=1)
    findings = examine(replace(case_of(app), engine=away), offline=True)
    away.dispose()
    about_it = [finding for finding in findings if finding.check == "database"]
    assert [finding.level for finding in about_it] == ["problem"]
    assert "secret" not in str(findings)
    assert {finding.level for finding in findings if finding.check in ("clock", "overdue")} == {"skipped"}


def test_a_clock_that_is_a_minute_off_is_told(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nurture.doctor.database.time.time", lambda: 1_000_000.0)
    _, time = database(case_of(app))
    assert time.level == "warning"
    assert "ahead of" in time.found


def test_a_copy_is_a_problem_until_it_is_adopted(app: App):
    assert only(home, case_of(app)).level == "skipped"
    assert is_home(app, NOW)
    assert only(home, case_of(app)).level == "ok"
    run(app, "UPDATE installation SET database = 1")
    found = only(home, case_of(app))
    assert found.level == "problem"
    assert "nurture db adopt" in found.do


def test_the_clock_is_seen_by_its_lease(app: App):
    assert "never" in only(clock, case_of(app)).found
    run(app, "INSERT INTO lease (name, holder, until, beat_at) VALUES ('clock', 'h', now(), clock_timestamp())")
    assert only(clock, case_of(app)).level == "ok"
    run(app, "UPDATE lease SET beat_at = clock_timestamp() - interval '3 hours'")
    found = only(clock, case_of(app))
    assert (found.level, "3 hours ago" in found.found) == ("problem", True), found
    assert only(clock, replace(case_of(app), is_embedded=True)).level == "skipped"


def test_without_workers_nothing_is_sent(app: App):
    case = case_of(app)
    assert only(workers, case).level == "problem"
    assert only(workers, replace(case, is_embedded=True)).level == "skipped"
    Beat(app, "web").tell()
    assert only(workers, case).level == "problem"
    Beat(app, "worker").tell()
    assert only(workers, case).level == "ok"


def test_mails_that_are_late_or_unknown_are_counted(app: App):
    add_lead(app)
    assert only(overdue, case_of(app)).level == "ok"
    later = replace(case_of(app), now=NOW + timedelta(days=30))
    assert only(overdue, later).level == "warning"
    run(
        app,
        """
        INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until,
                              local_on, zone, queued_at, sending_at)
        SELECT lead_id, id, campaign, 'x', 1, 't', 'unknown', :now, :now, '2026-03-02', 'UTC', :now, :now
        FROM enrollment
        """,
        now=NOW,
    )
    found = only(unknown, case_of(app))
    assert (found.level, "since 2026-03-02 12:00" in found.found) == ("warning", True), found


def test_a_breaker_that_is_open_and_a_pause_are_told(app: App):
    assert only(breaker, case_of(app)).level == "ok"
    run(app, "INSERT INTO mailer (name, state, why) VALUES ('default', 'resting', '421 too many')")
    assert "421 too many" in only(breaker, case_of(app)).found
    run(app, "UPDATE mailer SET state = 'sending', paused_at = now(), paused_why = 'holidays'")
    assert "holidays" in only(breaker, case_of(app)).found


def test_many_suppressed_leads_are_a_warning(app: App):
    for number in range(20):
        add_lead(app, f"l{number}@buyer.example")
    assert only(suppressed, case_of(app)).level == "ok"
    run(
        app,
        """
        INSERT INTO suppression (address_hash, topic, reason, at)
        SELECT sha256(convert_to(email, 'UTF8')), '', 'bounced', now() FROM lead LIMIT 5
        """,
    )
    assert "25%" in only(suppressed, case_of(app)).found


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://nurture.acme.example", "ok"),
        ("http://nurture.acme.example", "problem"),
        ("http://localhost:8000", "problem"),
        ("https://127.0.0.1", "problem"),
    ],
)
def test_links_need_https_and_a_name(app: App, url: str, level: str):
    case = case_of(app)
    assert only(base_url, replace(case, settings=replace(case.settings, base_url=url))).level == level


def test_a_workspace_with_problems_is_sent_to_check(app: App):
    found = only(company, replace(case_of(app), agreement=None))
    assert (found.level, found.do) == ("problem", "run `nurture check`")


def test_what_comes_back_needs_an_address_and_a_mailbox(app: App):
    assert only(inbound, case_of(app)).level == "warning"
    assert only(inbound, case_of(app, inbound_address="in@news.acme.example")).level == "warning"
    both = case_of(app, inbound_address="in@news.acme.example", inbox_url="imaps://a:b@mail.example/INBOX")
    assert only(inbound, both).level == "ok"


def test_a_provider_needs_its_hooks_secret(app: App):
    case = case_of(app)
    case = replace(case, settings=replace(case.settings, mail_url="postmark://token"))
    found = only(webhook, case)
    assert found.level == "problem"
    assert "POSTMARK_WEBHOOK_SECRET" in found.do
    with_secret = case_of(app, webhook_secrets={"postmark": "user:password"})
    assert (
        only(webhook, replace(with_secret, settings=replace(with_secret.settings, mail_url="postmark://t"))).level
        == "ok"
    )


def test_offline_asks_nobody_outside(app: App):
    findings = {finding.check: finding for finding in examine(case_of(app), offline=True)}
    for check in ("mail", "spf", "dkim", "dmarc", "inbox", "inbound mx"):
        assert findings[check].found == "not asked: --offline"


def test_one_check_that_breaks_hides_no_other(app: App, monkeypatch: pytest.MonkeyPatch):
    def broken(_case):
        raise RuntimeError("oh")
        yield

    monkeypatch.setattr(
        "nurture.doctor.examination.CHECKS", (("broken", "nothing", broken), ("base", "nothing", base_url))
    )
    first, second = examine(case_of(app))
    assert (first.level, first.check) == ("warning", "broken")
    assert second.check == "base url"


def doctor(app: App, db_url: str, *arguments: str, **environment: str) -> Result:
    root = app.settings.workspace
    CliRunner().invoke(commands, ["init", str(root / "company")])
    given = {
        "DATABASE_URL": db_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "a secret for tests that is long enough",
        "BASE_URL": "https://nurture.acme.example",
        "MAIL_URL": "smtp://ada:hunter2@127.0.0.1:1",
        "NURTURE_WORKSPACE": str(root / "company"),
        **environment,
    }
    return CliRunner().invoke(commands, ["doctor", *arguments], env=given)


def test_the_command_exits_with_1_where_there_is_a_problem(app: App, db_url: str):
    result = doctor(app, db_url, "--offline", "--json")
    told = orjson.loads(result.stdout)
    assert result.exit_code == 1
    assert told["problems"] == sum(finding["level"] == "problem" for finding in told["findings"]) > 0
    assert {"check", "level", "found", "do"} == set(told["findings"][0])
    assert "hunter2" not in result.stdout


def test_the_command_says_one_line_each(app: App, db_url: str):
    result = doctor(app, db_url, "--offline")
    assert "problem  redis" in result.stdout
    assert "→ see to REDIS_URL, or the server" in result.stdout


def test_a_nameserver_that_is_none_is_wrong_usage(app: App, db_url: str):
    result = doctor(app, db_url, "--nameserver", "dns.example")
    assert result.exit_code != 0
    assert "1.1.1.1" in str(result.exception)
