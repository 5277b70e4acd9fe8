"""`nurture crm` as a person or a program calls it, and what the doctor says of CRMs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.doctor.crm import crms
from nurture.flows.push_to_crm import push
from nurture.flows.read_crm import read_crm
from nurture.flows.sync_crm import READ_EVERY, anything_to_do, sync
from tests.cli.test_leads import Nurture, nurture
from tests.crm.hubspot_stub import TOKEN, HubSpotStub
from tests.crm.salesforce_stub import CLIENT, SECRET, SalesforceStub
from tests.crm.test_push import JO, handed_over
from tests.doctor.cases import case_of, only
from tests.flows.apps import one
from tests.rules.examples import NOW

__all__ = ["nurture"]


@pytest.fixture
def with_hubspot(nurture: Nurture, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch) -> Nurture:
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_URL", hubspot.url)
    return nurture


def test_without_a_crm_it_says_how_to_connect_one(nurture: Nurture) -> None:
    assert "set HUBSPOT_TOKEN" in nurture("crm", "status").out
    assert nurture("crm", "status", "--json").json == []
    ran = nurture("crm", "sync")
    assert (ran.status, ran.err.startswith("nurture: no CRM is connected: set HUBSPOT_TOKEN")) == (2, True)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("hubspt", "no CRM 'hubspt'; there are hubspot, salesforce (did you mean `hubspot`?)"),
        ("salesforce", "salesforce is not connected"),
    ],
    ids=["unknown", "not connected"],
)
def test_another_crm_than_there_is_is_refused(with_hubspot: Nurture, which: str, said: str) -> None:
    ran = with_hubspot("crm", "sync", which)
    assert ran.status == 2
    assert said in ran.err


def test_check_is_content_with_all_that_is_needed(with_hubspot: Nurture) -> None:
    ran = with_hubspot("crm", "check", "--json")
    assert ran.status == 0
    assert [one["do"] for one in ran.json if one["do"]] == []
    assert ran.json[0]["found"] == "we are in, as app 77 of account 4242"


def test_check_says_which_property_to_create_of_which_type(with_hubspot: Nurture, hubspot: HubSpotStub) -> None:
    del hubspot.properties["nurture_score"]
    hubspot.properties["nurture_grade"]["type"] = "number"
    hubspot.properties["hs_lead_status"]["options"] = [{"value": "NEW"}]
    hubspot.scopes.remove("crm.objects.owners.read")
    ran = with_hubspot("crm", "check", "--json")
    assert ran.status == 1
    todo = {one["what"]: one["do"] for one in ran.json if one["do"]}
    assert todo["nurture_score"] == "create it: object Contact, internal name nurture_score, type Number"
    assert "Single-line text" in todo["nurture_grade"]
    assert "add it there" in todo["hs_lead_status"]
    assert "these scopes" in todo["scopes"]
    assert TOKEN not in ran.out


def test_check_with_a_wrong_token_says_so(with_hubspot: Nurture, hubspot: HubSpotStub) -> None:
    hubspot.token = "another"
    ran = with_hubspot("crm", "check")
    assert ran.status == 1
    assert "HUBSPOT_TOKEN" in ran.out


def test_sync_tells_and_reads_and_status_shows_it(
    with_hubspot: Nurture, hubspot: HubSpotStub, engine: Engine, tmp_path: Path
) -> None:
    contact = hubspot.person(JO)
    (tmp_path / "leads.csv").write_text(f"email,title\n{JO},VP Operations\n")
    with_hubspot("leads", "import", tmp_path / "leads.csv")
    (done,) = with_hubspot("crm", "sync", "--json").json
    assert (done["crm"], done["written"], done["away"]) == ("hubspot", 1, None), done
    hubspot.contacts[contact] |= {"hs_lead_status": "WHAT", "lastmodifieddate": "2100-01-01T00:00:00.000Z"}
    assert with_hubspot("crm", "sync").out == (
        "hubspot: 0 written, 0 unchanged, 0 not told of, 0 put off, 0 given up; "
        "1 records read: 0 answers applied, 0 too late, 0 not understood\n"
    )
    (status,) = with_hubspot("crm", "status", "--json").json
    assert (status["records"], status["outbox"]["sent"], status["answers"]["unclear"]) == (1, 1, 1)
    assert status["unclear"][0]["words"] == "hs_lead_status: WHAT"
    assert "hs_lead_status is 'WHAT'" in with_hubspot("crm", "status").out
    (again,) = with_hubspot("crm", "sync", "--all", "--json").json
    assert again["written"] == 1


def test_sync_tries_a_crm_that_rests_and_says_why_it_is_away(
    with_hubspot: Nurture, hubspot: HubSpotStub, tmp_path: Path
) -> None:
    hubspot.person(JO)
    (tmp_path / "leads.csv").write_text(f"email\n{JO}\n")
    with_hubspot("leads", "import", tmp_path / "leads.csv")
    hubspot.token = "another"
    ran = with_hubspot("crm", "sync")
    assert ran.status == 1
    assert "HUBSPOT_TOKEN is wrong or revoked" in ran.out
    assert "trouble since" in with_hubspot("crm", "status").out
    hubspot.token = TOKEN
    assert with_hubspot("crm", "sync", "--json").json[0]["written"] == 1


def test_salesforce_is_checked_too(nurture: Nurture, monkeypatch: pytest.MonkeyPatch) -> None:
    with SalesforceStub() as stub:
        for name, value in {"URL": stub.url, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}.items():
            monkeypatch.setenv(f"SALESFORCE_{name}", value)
        assert nurture("crm", "check").status == 0
        stub.fields["Nurture_Key__c"] = {**stub.fields["Nurture_Key__c"], "unique": False}
        stub.fields["Nurture_Grade__c"] = {"type": "string", "updateable": False}
        del stub.fields["Nurture_Score__c"]
        ran = nurture("crm", "check", "--json")
        assert ran.status == 1
        todo = {one["what"]: one["do"] for one in ran.json if one["do"]}
        assert todo["Nurture_Key__c"] == "edit the field: mark Unique"
        assert "field-level security" in todo["Nurture_Grade__c"]
        assert "Number(6, 1)" in todo["Nurture_Score__c"]
        monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "another-secret")
        assert "invalid_client" in nurture("crm", "check", "salesforce").out


def test_the_job_tells_until_nothing_is_left_and_reads_every_few_minutes(sold: App, hubspot: HubSpotStub) -> None:
    assert anything_to_do(sold, NOW)
    handed_over(sold)
    assert sync(sold, "hubspot", NOW)  # told: there may be more
    assert not sync(sold, "hubspot", NOW)  # nothing more: read
    assert not anything_to_do(sold, NOW + READ_EVERY / 2)
    hubspot.rep_sets(hubspot.id_of(JO), hs_lead_status="OPEN")
    later = NOW + READ_EVERY
    assert anything_to_do(sold, later)
    sync(sold, "hubspot", later)
    assert one(sold, "SELECT state FROM handoff") == "accepted"
    assert "notices" in sold.nudge.__self__  # type: ignore[attr-defined]


def test_a_crm_that_rests_is_not_work(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.token = "another"
    handed_over(sold)
    push(sold, "hubspot", NOW)
    assert not anything_to_do(sold, NOW + timedelta(minutes=14))
    assert anything_to_do(sold, NOW + timedelta(minutes=15))


def doctored(app: App, **more: Any) -> Any:
    case = case_of(app)
    settings = replace(case.settings, crm=replace(case.settings.crm, hubspot_token=TOKEN))
    return only(crms, replace(case, settings=settings, **more))


def test_the_doctor_says_how_each_crm_is(sold: App, hubspot: HubSpotStub) -> None:
    assert only(crms, case_of(sold)).level == "skipped"
    assert doctored(sold).found == "it has never been told or read"
    handed_over(sold)
    push(sold, "hubspot", NOW)
    read_crm(sold, "hubspot", NOW)
    assert doctored(sold).level == "ok"
    assert doctored(sold, now=NOW + timedelta(hours=1)).level == "warning"
    with transaction(sold.engine) as db:
        db.execute(text("UPDATE notice SET state = 'failed' WHERE channel = 'hubspot'"))
    assert "1 leads were refused there" in doctored(sold).found
    hubspot.token = "another"
    read_crm(sold, "hubspot", NOW)
    found = doctored(sold)
    assert (found.level, "HUBSPOT_TOKEN" in found.found) == ("problem", True)
