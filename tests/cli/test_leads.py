"""`nurture leads` as a person or a program calls it: stdout, stderr, exit status."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, text

from nurture.cli.main import main
from nurture.cli.printing import err
from nurture.db import transaction

ROOT = Path(__file__).parents[2]


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Nurture = Callable[..., Ran]


@pytest.fixture
def nurture(
    clean_db: Engine, db_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Nurture:
    """Runs a command on the worker's database with the shipped workspace."""
    environment = {"DATABASE_URL": db_url, "REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": "k" * 32}
    for name, value in {**environment, "NURTURE_WORKSPACE": str(ROOT), "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["nurture", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(
        "Email,First Name,Title,Country,Employees,Plan,Reject Reason,Rejected At,Do Not Email\n"
        "Jo@Buyer.Example,Jo,VP Operations,US,900,pro,,,\n"
        "al@buyer.example,Al,[red]Chief[/red],US,,free,not_ready,2026-01-15,No\n"
        "nobody,Bo,,,,,,,\n"
        "di@buyer.example,Di,,,,,,,Yes\n"
    )
    return path


def test_import_says_what_became_of_every_row(nurture: Nurture, file: Path) -> None:
    ran = nurture("leads", "import", file)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "4 rows read: 3 created, 0 updated, 1 rejected",
        f"why rows were rejected: {file.parent / 'leads.rejects.csv'}",
    ]
    assert ran.err == ""
    assert (file.parent / "leads.rejects.csv").read_text().splitlines()[1].startswith("4,email: ")


def test_import_as_json_is_one_document_on_stdout(nurture: Nurture, file: Path) -> None:
    ran = nurture("leads", "import", file, "--json")
    assert ran.json == {
        "read": 4, "created": 3, "updated": 0, "rejected": 1, "offered": 0,
        "rejects_file": str(file.parent / "leads.rejects.csv"),
    }  # fmt: skip
    assert ran.err == ""
    again = nurture("leads", "import", file, "--json", "--rejects", file.parent / "mine.csv").json
    assert (again["created"], again["updated"], again["rejects_file"]) == (0, 3, str(file.parent / "mine.csv"))


def test_import_shows_its_progress_on_a_terminal(nurture: Nurture, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(err, "is_interactive", True)
    monkeypatch.setattr(err, "_force_terminal", True)
    ran = nurture("leads", "import", file, "--json")
    assert ran.json["read"] == 4
    assert "4 rows" in ran.err
    assert "100%" in ran.err


def test_a_file_of_nothing_but_bad_rows_is_no_success(nurture: Nurture, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("email\nnobody\nnothing\n")
    assert nurture("leads", "import", file, "--json").status == 1
    file.write_text("email\nnobody\njo@buyer.example\n")
    assert nurture("leads", "import", file).status == 0
    events = tmp_path / "events.jsonl"
    events.write_text("nonsense\n[]\n")
    assert nurture("events", "import", events).status == 1
    events.write_text("")
    assert nurture("events", "import", events).status == 0


def test_an_empty_list_says_so_in_one_word(nurture: Nurture) -> None:
    for command in (("api-keys", "list"), ("notices", "list"), ("deliveries", "list")):
        ran = nurture(*command)
        assert (ran.status, ran.out) == (0, "none\n"), command


def test_import_without_rejects_names_no_file(nurture: Nurture, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mail\njo@x.example\n")
    ran = nurture("leads", "import", tmp_path / "x.csv", "--map", "email=Mail", "--json")
    assert ran.json["rejects_file"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_import_tells_what_it_read_otherwise_on_stderr(nurture: Nurture, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("email,name\njo@x.example,Zoë\n".encode("cp1252"))
    ran = nurture("leads", "import", tmp_path / "x.csv", "--json")
    assert ran.json["created"] == 1
    assert ran.err == (
        "nurture: x.csv: line 2 is not UTF-8 and was read as Windows-1252; if names look wrong, say --encoding\n"
    )


@pytest.mark.parametrize(
    ("arguments", "content", "status", "said"),
    [
        ((), None, 1, "there is no such file"),
        ((), b"", 1, "the file is empty"),
        ((), b"id,name\n1,Jo\n", 1, "no column is called `email`; say which one holds the address with --map"),
        ((), b"PK\x03\x04xl/", 1, "this is an Excel file (.xlsx), not CSV; save it as CSV first"),
        (("--map", "email"), b"email\n", 2, "--map takes field=column"),
        (("--map", "email=mial"), b"mail\n", 2, "has no column 'mial' (did you mean `mail`?)"),
        (("--encoding", "klingon"), b"email\n", 2, "there is no encoding 'klingon'"),
        (("--rejects", "{file}"), b"email\n", 2, "is the file that is imported"),
        (("--rejects", "/no/such/folder/x.csv"), b"email\n", 2, "there is no folder /no/such/folder"),
    ],
)
def test_what_goes_wrong_is_one_line_on_stderr(
    nurture: Nurture, tmp_path: Path, arguments: tuple[str, ...], content: bytes | None, status: int, said: str
) -> None:
    path = tmp_path / "leads.csv"
    if content is not None:
        path.write_bytes(content)
    ran = nurture("leads", "import", path, *(argument.format(file=path) for argument in arguments), "--json")
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert ran.err.startswith("nurture: ")
    assert ran.err.count("\n") == 1


def test_show_has_every_key_of_the_contract(nurture: Nurture, file: Path) -> None:
    nurture("leads", "import", file)
    shown = nurture("leads", "show", "JO@buyer.example", "--json").json
    assert shown["email"] == "jo@buyer.example"
    assert (shown["stage"], shown["cycle"], shown["grade"], shown["score"]) == ("nurture", 1, "A", 0.0)
    assert shown["attributes"] == {"Plan": "pro"}
    enrollment = shown["enrollment"]
    assert (enrollment["campaign"], enrollment["status"], enrollment["slow"]) == ("not-ready", "active", False)
    assert "T" in enrollment["next_due_at"]
    assert (shown["deliveries"], shown["handoffs"], shown["events"], shown["suppressed"]) == ([], [], [], None)


def test_show_says_why_somebody_gets_no_mail(nurture: Nurture, file: Path) -> None:
    nurture("leads", "import", file)
    shown = nurture("leads", "show", "di@buyer.example", "--json").json
    assert shown["enrollment"] is None
    assert shown["suppressed"]["reason"] == "unsubscribed"
    assert "T" in shown["suppressed"]["at"]
    assert "gets no mail: unsubscribed" in nurture("leads", "show", "di@buyer.example").out


def test_show_lists_handoffs_mails_and_events(nurture: Nurture, file: Path, engine: Engine) -> None:
    nurture("leads", "import", file)
    with transaction(engine) as db:
        db.execute(
            text(
                """
                INSERT INTO handoff (lead_id, cycle, grade, score_micro, because, owner, offered_at)
                SELECT id, 1, 'A', 50500000, 'visited pricing', 'rep@acme.example', now()
                FROM lead WHERE employees = 900;
                INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until,
                                      local_on, zone, queued_at, state)
                SELECT lead_id, id, campaign, 'questions', 1, 't', now(), now(), current_date, 'UTC', now(), 'queued'
                FROM enrollment WHERE lead_id = (SELECT id FROM lead WHERE employees = 900);
                INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, path, occurred_at,
                                   received_at)
                SELECT '2000-01-01', 's', 'm', gen_random_uuid(), id, 'page', '/pricing', now(), now()
                FROM lead WHERE employees = 900;
                """
            )
        )
    shown = nurture("leads", "show", "jo@buyer.example", "--json").json
    (handoff,), (delivery,), (event,) = shown["handoffs"], shown["deliveries"], shown["events"]
    assert {"id", "lead", "state", "cycle", "grade", "score", "owner", "offered_at", "url"} <= handoff.keys()
    assert (handoff["score"], handoff["state"]) == (50.5, "offered")
    assert "/h/" in handoff["url"]
    assert {"id", "lead", "campaign", "step", "cycle", "state", "message_id", "queued_at", "sent_at", "reason"} <= (
        delivery.keys()
    )
    assert (event["kind"], event["path"], event["what"]) == ("page", "/pricing", "visited /pricing")
    said = nurture("leads", "show", "jo@buyer.example").out
    for words in ("jo@buyer.example Jo", "nurture, cycle 1, grade A", "in not-ready, active", "visited /pricing"):
        assert words in said


def test_show_says_that_a_lead_told_who_it_is(nurture: Nurture, file: Path, engine: Engine) -> None:
    nurture("leads", "import", file)
    with transaction(engine) as db:
        db.execute(
            text(
                """
                INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, occurred_at, received_at)
                SELECT '2000-01-01', 's', 'm', gen_random_uuid(), id, 'identify', now(), now()
                FROM lead WHERE employees = 900
                """
            )
        )
    (event,) = nurture("leads", "show", "jo@buyer.example", "--json").json["events"]
    assert (event["kind"], event["what"]) == ("identify", "told who it is")


def test_show_prints_what_a_lead_says_of_itself_without_obeying_it(nurture: Nurture, file: Path) -> None:
    nurture("leads", "import", file)
    said = nurture("leads", "show", "al@buyer.example").out
    assert "[red]Chief[/red]" in said
    assert "refusals" in said


def test_reject_gives_the_lead_to_the_track_of_its_reason(nurture: Nurture, file: Path) -> None:
    nurture("leads", "import", file)
    arguments = ("--reason", "no_budget", "--note", "next year", "--by", "rep@acme.example")
    ran = nurture("leads", "reject", "Jo@buyer.example", *arguments)
    assert ran.status == 0
    shown = nurture("leads", "show", "jo@buyer.example", "--json").json
    assert (shown["reason"], shown["enrollment"]) == ("no_budget", None)
    assert shown["cycles"][-1]["note"] == "next year"
    assert shown["cycles"][-1]["refused_by"] == "rep@acme.example"


def test_nothing_such_and_wrong_words_have_their_exit_status(nurture: Nurture, file: Path) -> None:
    nurture("leads", "import", file)
    nobody = nurture("leads", "show", "nobody@x.example")
    assert (nobody.status, nobody.err) == (1, "nurture: no lead with the address nobody@x.example\n")
    assert nurture("leads", "reject", "nobody@x.example", "--reason", "not_ready").status == 1
    wrong = nurture("leads", "reject", "jo@buyer.example", "--reason", "not_redy")
    assert wrong.status == 2
    assert "did you mean" in wrong.err
    assert nurture("leads", "reject", "jo@buyer.example").status == 2
