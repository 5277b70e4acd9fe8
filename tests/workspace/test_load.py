"""A workspace that is as it should be."""

from datetime import time
from hashlib import sha256

import pytest

from nurture.errors import WorkspaceError
from nurture.workspace import load_agreement
from tests.workspace.files import AGREEMENT, CAMPAIGN, EXAMPLES, example, load, problems, write


def test_the_agreement_of_the_design_loads_as_printed(tmp_path):
    agreement = load(tmp_path).agreement
    assert agreement.company.sender.name == "Ada at Acme"
    assert agreement.company.reply_to == "ada@acme.example"
    assert [(line.points, line.grade) for line in agreement.fit] == [
        (30, None),
        (20, None),
        (30, None),
        (-20, None),
        (None, "D"),
    ]
    assert agreement.fit[0].when.fields == {"lead.title"}
    pricing = agreement.signals["pricing_page"]
    assert (pricing.when.kind, pricing.when.pattern, pricing.points, pricing.at_most) == ("page", "/pricing*", 20, 2)
    assert pricing.half_life is not None
    assert pricing.half_life.days == 10
    assert agreement.signals["webinar"].when.condition is not None
    assert agreement.signals["mail_click"].when.kind == "click"
    assert agreement.signals["demo_request"].hand_raise
    assert (agreement.signals["buying_now"].when.pattern, agreement.signals["buying_now"].when.answer) == (
        "timing",
        "now",
    )
    assert agreement.signals["docs_visit"].tell == "owner"
    assert agreement.qualify[1].grades == ("B", "C")
    assert agreement.reject_reasons["no_budget"].wait.days == 90
    assert agreement.sla.hours.days == {0, 1, 2, 3, 4}
    assert (agreement.sla.hours.start, agreement.sla.hours.end) == (time(9), time(17))
    assert agreement.sla.accept_within.minutes == 240
    assert agreement.sla.hand_raise.accept_within.minutes == 15
    assert agreement.assign[0].to == "previous"
    assert agreement.assign[2].to == ("rep.one@acme.example", "rep.two@acme.example")
    assert agreement.targets.active_share == 50
    assert agreement.limits.per_7_days == 2
    assert agreement.notify == ("email", "slack", "webhook")


def test_the_campaign_of_the_design_loads_as_printed(tmp_path):
    campaign = load(tmp_path).campaigns["not-ready-yet"]
    assert (campaign.id, campaign.status, campaign.priority, campaign.topic) == ("not-ready-yet", "live", 10, "product")
    assert campaign.enroll.reasons == ("not_ready", "no_follow_up")
    assert campaign.enroll.unready
    assert campaign.enroll.again.days == 30
    assert campaign.cadence.every.days == 7
    assert campaign.cadence.days == {1, 2, 3}
    assert str(campaign.cadence.hours) == "09:00-11:30"
    assert (campaign.cadence.slow_down.after, campaign.cadence.slow_down.every.days) == (4, 28)
    assert [step.id for step in campaign.steps] == ["questions", "proof", "roi", "timing", "last-word"]
    assert campaign.steps[1].when.fields == {"lead.industry"}
    assert campaign.steps[2].variants == {"control": "not-ready/roi", "short": "not-ready/roi-short"}
    assert (campaign.steps[3].survey, campaign.steps[3].after.days) == ("not-ready/timing", 14)
    assert campaign.exit[0].reason == "not_our_market"
    assert (campaign.finish.after.days, campaign.finish.then) == (60, "long-term")


def test_every_file_has_its_hash_and_its_place(tmp_path):
    workspace = load(
        tmp_path, {"templates/_parts/button.mjml": "<mj-raw/>", "templates/logo.png": b"\x89PNG", "README.md": "x"}
    )
    assert workspace.root == tmp_path
    assert list(workspace.campaigns) == ["long-term", "not-ready-yet"]
    assert workspace.versions["campaigns/agreement.yaml"] == sha256(AGREEMENT.encode()).hexdigest()
    assert set(workspace.versions) == {*example(), "templates/_parts/button.mjml"}
    news = workspace.templates["long-term/news"]
    assert (news.name, news.kind, news.text) == ("long-term/news", "md", "# News\n")
    assert news.path == tmp_path / "templates/long-term/news.md"
    assert list(workspace.partials) == ["_parts/button.mjml"]
    assert "_parts/button" not in workspace.templates
    assert workspace.warnings == ()


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(tmp_path):
    crlf = CAMPAIGN.replace("\n", "\r\n").encode("utf-8-sig")
    assert load(tmp_path / "a", {"campaigns/not-ready-yet.yaml": crlf}).campaigns == load(tmp_path / "b").campaigns


def test_yaml_of_today_is_meant_what_it_looks_like(tmp_path):
    text = """\
name: "No"
status: live
topic: no
priority: 010
enroll: {unready: yes}
cadence: {every: 1 week, days: [sun, mon], hours: 9:00-17:30}
steps:
- &news {id: on, email: long-term/news}
- {id: off, email: long-term/news, repeat: true}
"""
    campaign = load(tmp_path, {"campaigns/other.yaml": text}).campaigns["other"]
    assert (campaign.name, campaign.topic, campaign.priority, campaign.enroll.unready) == ("No", "no", 10, True)
    assert [step.id for step in campaign.steps] == ["on", "off"]


def test_aliases_repeat_what_was_named(tmp_path):
    text = """\
name: Aliases
status: draft
cadence: &weekly {every: &often 1 week, days: tue, hours: "09:00-11:00", slow_down: {after: 3, every: *often}}
steps: [{id: a, email: &mail long-term/news}, {id: b, email: *mail}]
"""
    campaign = load(tmp_path, {"campaigns/other.yaml": text}).campaigns["other"]
    assert campaign.steps[1].email == "long-term/news"
    assert campaign.cadence.slow_down.every.days == 7


def test_a_nearly_known_name_is_a_warning_and_loads(tmp_path):
    text = CAMPAIGN.replace("lead.industry == 'manufacturing'", "lead.titel == 'CEO' and lead.state == 'IL'")
    workspace = load(tmp_path, {"campaigns/not-ready-yet.yaml": text})
    (warning,) = workspace.warnings
    line = text.split("\n").index(next(row for row in text.split("\n") if "titel" in row)) + 1
    assert (warning.severity, warning.code, warning.line) == ("warning", "N160", line)
    assert text.split("\n")[line - 1][warning.column - 1 :].startswith("lead.titel")
    assert warning.hint == "did you mean `lead.title`?"


def test_a_reason_that_never_comes_is_a_warning(tmp_path):
    text = CAMPAIGN.replace("no_follow_up]", "no_follow_up, student]")
    (warning,) = load(tmp_path, {"campaigns/not-ready-yet.yaml": text}).warnings
    assert (warning.severity, warning.code) == ("warning", "N161")
    assert "`then: disqualify`" in warning.message


def test_warnings_stand_among_the_errors(tmp_path):
    text = CAMPAIGN.replace("no_follow_up]", "no_follow_up, student]").replace("after: 60 days", "after: 60 dais")
    found = problems(tmp_path, {"campaigns/not-ready-yet.yaml": text + "oops: 1\n"})
    assert {problem.severity for problem in found} == {"error"}
    found = problems(
        tmp_path / "b", {"campaigns/not-ready-yet.yaml": text.replace("60 dais", "60 days"), "campaigns/x.yaml": "- a"}
    )
    assert {problem.severity for problem in found} == {"error", "warning"}


def test_a_built_in_reason_may_be_named_where_it_leads_to_nurture(tmp_path):
    line = "reject_reasons:\n  unreachable: {label: Could not reach, then: nurture, wait: 14 days}\n"
    text = AGREEMENT.replace("reject_reasons:                        #", line + "#")
    assert load(tmp_path, {"campaigns/agreement.yaml": text}).agreement.reject_reasons["unreachable"].wait.days == 14


def test_an_agreement_alone(tmp_path):
    assert load_agreement(EXAMPLES / "agreement.yaml").company.name == "Acme Robotics"
    write(tmp_path, {"other.yaml": AGREEMENT.replace("points: 20", "points: many")})
    with pytest.raises(WorkspaceError, match="`points` must be a whole number"):
        load_agreement(tmp_path / "other.yaml")
    with pytest.raises(WorkspaceError, match="no such file"):
        load_agreement(tmp_path / "missing.yaml")


def test_the_shapes_read_what_they_write(tmp_path):
    workspace = load(tmp_path)
    for model in (workspace.agreement, *workspace.campaigns.values()):
        assert type(model).model_validate_json(model.model_dump_json(by_alias=True)) == model
        assert type(model).model_json_schema()["additionalProperties"] is False


def test_a_hundred_campaigns_load_in_a_moment(tmp_path):
    import time

    campaigns = {f"campaigns/c{number}.yaml": CAMPAIGN for number in range(100)}
    began = time.thread_time()
    assert len(load(tmp_path, campaigns).campaigns) == 102
    assert time.thread_time() - began < 5
