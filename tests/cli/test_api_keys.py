"""`nurture api-keys` as a person or a program calls it."""

import json

from sqlalchemy import Engine, text

from tests.cli.test_leads import Nurture, nurture

__all__ = ["nurture"]


def test_a_key_is_shown_once_listed_and_revoked(nurture: Nurture, engine: Engine) -> None:
    made = nurture("api-keys", "create", "hubspot")
    key = made.out.strip()
    assert key.startswith("nur_")
    assert "it is not shown again" in made.err
    reports = nurture("api-keys", "create", "reports", "--read-only", "--json").json
    assert (reports["name"], reports["read_only"]) == ("reports", True)
    listed = nurture("api-keys", "list", "--json").json
    assert [(one["name"], one["read_only"], one["revoked_at"]) for one in listed if one["from"] == "database"] == [
        ("hubspot", False, None), ("reports", True, None),
    ]  # fmt: skip
    assert key not in json.dumps(listed)
    assert nurture("api-keys", "revoke", "hubspot").out.strip() == "the key hubspot is revoked"
    shown = nurture("api-keys", "list").out
    assert "hubspot" in shown
    assert key not in shown
    with engine.begin() as db:
        assert db.execute(text("SELECT name FROM api_key WHERE revoked_at IS NULL")).scalars().all() == ["reports"]


def test_what_is_wrong_is_said_in_one_line(nurture: Nurture) -> None:
    nurture("api-keys", "create", "hubspot")
    for command, status, words in (
        (("create", "hubspot"), 1, "a key is called hubspot already"),
        (("create", "Hub Spot"), 2, "'Hub Spot' is no name for a key"),
        (("revoke", "hubspt"), 1, "no valid key is called hubspt (did you mean `hubspot`?)"),
    ):
        ran = nurture("api-keys", *command)
        assert ran.status == status
        assert ran.err.startswith(f"nurture: {words}")
        assert ran.err.count("\n") == 1
