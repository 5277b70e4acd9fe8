"""Whether whoever calls the API can, and nobody else."""

from dataclasses import replace
from datetime import timedelta

from nurture.app import App
from nurture.doctor.api_keys import keys
from nurture.flows.issue_key import issue_key, revoke_key
from tests.doctor.cases import case_of, only
from tests.flows.apps import NOW

LONG = "a-long-random-word-of-theirs"


def found(app: App, api_key: str | None) -> tuple[str, str]:
    case = case_of(app)
    one = only(keys, replace(case, settings=replace(case.settings, api_key=api_key)))
    assert LONG not in str(one)
    return one.level, one.found


def test_without_a_key_nobody_calls(app: App):
    assert found(app, None) == ("skipped", "there are none: nobody may call the API")


def test_a_word_that_could_be_guessed_is_a_warning(app: App):
    level, words = found(app, f"hubspot:{LONG},reports:secret")
    assert (level, words[:30]) == ("warning", "API_KEY: the key reports has f")
    assert "secret" not in words


def test_a_key_that_nobody_uses_is_a_warning_until_it_is_revoked(app: App):
    issue_key(app, "hubspot", read_only=False, now=NOW - timedelta(days=1))
    assert found(app, LONG) == ("ok", "2 may call the API")
    issue_key(app, "trial", read_only=False, now=NOW - timedelta(days=91))
    assert found(app, LONG) == ("warning", "nobody has called with trial for more than 90 days")
    revoke_key(app, "trial", now=NOW)
    assert found(app, LONG)[0] == "ok"
