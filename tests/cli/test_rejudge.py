"""`nurture events rejudge` and `judge` as a person or a program calls them."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.cli.test_leads import Nurture, file, nurture

__all__ = ["file", "nurture"]

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


@pytest.fixture
def visited(nurture: Nurture, clean_db: Engine, file: Path) -> list[int]:
    """A lead that looked at prices by hand and by Googlebot, which nobody knew then; gives the events."""
    assert nurture("leads", "import", file).status in (0, 1)
    with transaction(clean_db) as db:
        return list(
            db.execute(
                text(
                    """
                    INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, path, agent, occurred_at,
                                       received_at)
                    SELECT '2026-03-01', 'segment', n::text, md5(n::text)::uuid, l.id, 'page', '/pricing',
                           CASE n WHEN 1 THEN :chrome ELSE 'Googlebot/2.1' END, now(), now()
                    FROM generate_series(1, 2) n, lead l WHERE l.email LIKE 'jo@%' RETURNING id
                    """
                ),
                {"chrome": CHROME},
            ).scalars()
        )


def test_verdicts_are_judged_again(nurture: Nurture, visited: list[int]) -> None:
    dry = nurture("events", "rejudge", "--dry-run")
    assert dry.out.splitlines() == [
        "2 events judged again: 1 would turn automated, 0 human",
        "no handoff rests on what programs did",
    ]
    assert dry.err == ""
    done = nurture("events", "rejudge", "--json")
    assert done.json == {
        "since": None, "dry_run": False, "resumed": False, "judged": 2, "changed": 1, "to_human": 0, "to_automated": 1,
        "handoffs": [],
    }  # fmt: skip
    shown = nurture("leads", "show", "jo@buyer.example", "--json").json["events"]
    assert {event["id"]: (event["verdict"], event["reasons"]) for event in shown} == {
        visited[0]: ("human", []),
        visited[1]: ("automated", ["a known program: Googlebot/"]),
    }
    assert "a known program: Googlebot/" in nurture("leads", "show", "jo@buyer.example").out
    assert nurture("events", "rejudge", "--since", "1 day", "--json").json["judged"] == 2


def test_a_person_knows_better(nurture: Nurture, visited: list[int]) -> None:
    said = nurture("events", "judge", str(visited[1]), "--human", "--reason", "that was me, testing")
    assert said.out == f"event {visited[1]}, page: already human, now by your word\n"
    assert nurture("events", "rejudge", "--json").json["changed"] == 0
    said = nurture("events", "judge", str(visited[0]), "--automated", "--reason", " our monitor ", "--json")
    assert said.json == {
        "id": visited[0], "kind": "page", "before": "human", "verdict": "automated", "reason": "our monitor",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("rejudge", "--since", "yesterday-ish"), 2, "--since takes a date, a time or a number of days"),
        (("judge", "4711", "--human", "--reason", "x"), 1, "no event has the id 4711"),
        (("judge", "1", "--human", "--automated", "--reason", "x"), 2, "say one of --human and --automated"),
        (("judge", "1", "--reason", "x"), 2, "say one of --human and --automated"),
        (("judge", "1", "--human", "--reason", " "), 2, "--reason takes a few words"),
        (("judge", "1"), 2, "say one of --human and --automated, and --reason TEXT"),
    ],
)
def test_mistakes_are_told_in_one_line(nurture: Nurture, arguments: tuple[str, ...], status: int, said: str) -> None:
    ran = nurture("events", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert said in ran.err
