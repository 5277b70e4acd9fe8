"""`nurture send-test`: the mail as a lead would get it, to somebody else, and nothing that is done with it counts."""

import email
import email.policy
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.cli.main import app as commands
from nurture.errors import NurtureError
from nurture.local.mailbox import Mailbox
from nurture.local.web_address import left_beside
from nurture.mail import links
from nurture.store import suppressions
from nurture.workspace import load_workspace
from tests.flows.apps import add_lead, make_app
from tests.mail.receiving import ED25519, verified
from tests.rules.lives import book_of

ROOT = Path(__file__).parents[2]
SECRET = "a secret for tests that is long enough"
NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as mailbox:
        yield mailbox


@pytest.fixture
def alone(tmp_path: Path, mailbox: Mailbox) -> dict[str, str]:
    """A workspace without a database."""
    return {
        "NURTURE_WORKSPACE": str(ROOT),
        "NURTURE_DATA": str(tmp_path / "data"),
        "SECRET_KEY": SECRET,
        "BASE_URL": "https://nurture.example",
        "MAIL_URL": mailbox.addresses.smtp,
        "NO_COLOR": "1",
    }


@pytest.fixture
def environment(alone: dict[str, str], clean_db: Engine, db_url: str, redis_url: str) -> dict[str, str]:
    return {**alone, "DATABASE_URL": db_url, "REDIS_URL": redis_url}


def run(environment: dict[str, str], *arguments: str) -> Result:
    nothing = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "MAIL_URL"))
    return CliRunner().invoke(commands, ["send-test", *arguments], env={**nothing, **environment})


def refused(result: Result) -> str:
    """What `main` says in one line."""
    assert isinstance(result.exception, NurtureError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def arrived(tmp_path: Path) -> list[EmailMessage]:
    """The mails in the mailbox, in their order."""
    found = [path.read_bytes() for path in sorted((tmp_path / "mail/new").iterdir())]
    mails = [email.message_from_bytes(data, policy=email.policy.default) for data in found]
    assert all(isinstance(mail, EmailMessage) for mail in mails)
    return mails  # type: ignore[return-value]


def body(mail: EmailMessage, kind: str = "html") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_made_up_lead_needs_no_database(alone: dict[str, str], tmp_path: Path) -> None:
    result = run(alone, "not-ready/three-questions", "--to", "Me@Acme.example")
    assert result.exit_code == 0, result.output
    line = "sent to me@acme.example, as step questions of not-ready sends it to a made-up lead (complete); 127.0.0.1:"
    assert result.stdout.startswith(line)
    assert result.stdout.count("\n") == 1
    assert " said: 250 " in result.stdout
    (mail,) = arrived(tmp_path)
    assert mail["Delivered-To"] == "me@acme.example"
    assert str(mail["To"]) == "Maria Rossi <me@acme.example>"
    assert mail["Subject"] == "Three questions, Maria"
    assert "Hi Maria," in body(mail, "plain")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not (tmp_path / "data/postgres").exists()


def test_its_links_name_no_lead_and_each_one_is_a_mail_of_its_own(alone: dict[str, str], tmp_path: Path) -> None:
    given = {**alone, "INBOUND_ADDRESS": "in@acme.example"}
    for _ in range(2):
        assert run(given, "not-ready/timing", "--to", "me@acme.example").exit_code == 0
    one, two = arrived(tmp_path)
    assert one["Message-ID"] != two["Message-ID"]
    assert links.read_message_id(SECRET, str(one["Message-ID"])) is None
    nobody = links.MailOfLead(links.TEST, links.TEST)
    page = body(one)
    assert links.read_unsubscribe(SECRET, re.findall(r"/u/([\w-]+)", page)[0]) == nobody
    assert links.read_preferences(SECRET, re.findall(r"/p/([\w-]+)", page)[0]) == nobody
    assert links.read_open(SECRET, re.findall(r"/o/([\w-]+)", page)[0]) == nobody
    answers = [links.read_answer(SECRET, token) for token in re.findall(r"/a/([\w-]+)", page)]
    assert answers
    assert {answer and (answer.delivery_id, answer.lead_id) for answer in answers} == {(links.TEST, links.TEST)}
    assert links.read_inbound_address(SECRET, str(one["Reply-To"])) == ("r", links.TEST)


def test_a_known_lead_is_shown_as_it_is_known(
    environment: dict[str, str], clean_db: Engine, db_url: str, tmp_path: Path
) -> None:
    app = make_app(clean_db, db_url, ROOT, book_of(), SECRET_KEY=SECRET)
    add_lead(app, "jo@example.com", NOW, first_name="Zoë", company="Ünal & Co", country="US")
    asked = ("not-ready/roi-short", "--to", "me@acme.example", "--lead", "Jo@Example.com", "--json")
    result = run(environment, *asked)
    said = json.loads(result.stdout)
    assert (said["outcome"], said["to"], said["lead"]) == ("sent", "me@acme.example", "jo@example.com")
    assert (said["campaign"], said["step"], said["template"]) == ("not-ready", "roi", "not-ready/roi-short")
    (mail,) = arrived(tmp_path)
    assert said["message_id"] == mail["Message-ID"]
    assert str(mail["To"]) == "Zoë <me@acme.example>"
    assert "Hi Zoë," in body(mail, "plain")


def test_a_lead_that_is_not_there_and_an_address_that_must_not_be_mailed_are_refused(
    environment: dict[str, str], clean_db: Engine, tmp_path: Path
) -> None:
    unknown = run(environment, "not-ready/roi", "--to", "me@acme.example", "--lead", "no@example.com")
    assert "no lead has the address no@example.com" in refused(unknown)
    with clean_db.begin() as db:
        suppressions.suppress(db, ["me@acme.example"], reason="unsubscribed", how="test", at=NOW)
    assert "me@acme.example must not be mailed (unsubscribed)" in refused(
        run(environment, "not-ready/roi", "--to", "Me@acme.example")
    )
    assert arrived(tmp_path) == []


@pytest.mark.parametrize("name", ["not-ready/roi", "templates/not-ready/roi.mjml", "./templates/not-ready/roi"])
def test_a_template_is_named_as_people_have_it_at_hand(alone: dict[str, str], name: str) -> None:
    assert run(alone, name, "--to", "me@acme.example").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("not-ready/rio", "--to", "me@acme.example"),
            "there is no templates/not-ready/rio; did you mean not-ready/roi?",
        ),
        (("not-ready/roi", "--to", "me"), "--to: an e-mail address has one @"),
        (("not-ready/roi", "--to", "me@acme.example", "--lead", "x"), "--lead: an e-mail address has one @"),
        (
            ("not-ready/roi", "--to", "me@acme.example", "--sample", "x"),
            "--sample: there is no 'x'; there are complete,",
        ),
        (
            ("not-ready/roi", "--to", "me@acme.example", "--campaign", "x"),
            "--campaign: there is no x; there are could-",
        ),
        (("not-ready/roi", "--to", "me@acme.example", "--step", "x"), "--step: there is no x; there are"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(alone: dict[str, str], arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(run(alone, *arguments))


def test_a_step_that_is_asked_for_is_the_one_that_sends_it(alone: dict[str, str], tmp_path: Path) -> None:
    asked = ("not-ready/roi", "--to", "me@acme.example", "--campaign", "long-term", "--step", "numbers")
    campaign = load_workspace(ROOT).campaigns["long-term"]
    assert "numbers" in [step.id for step in campaign.steps]
    assert run(alone, *asked).exit_code == 0
    assert arrived(tmp_path)[0]["Feedback-ID"].startswith("long-term:numbers:")


def test_without_a_mail_server_it_says_what_to_do_and_takes_the_mailbox_of_nurture_up(
    alone: dict[str, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    asked = ("not-ready/roi", "--to", "me@acme.example")
    without = {name: value for name, value in alone.items() if name != "MAIL_URL"}
    assert "MAIL_URL is not set: say smtp://" in refused(run(without, *asked))
    data = Path(alone["NURTURE_DATA"])
    data.mkdir(exist_ok=True)
    with left_beside(data, "http://127.0.0.1:1", mailbox.addresses.smtp):
        assert run(without, *asked).exit_code == 0
    assert len(arrived(tmp_path)) == 1


def test_what_the_server_says_is_passed_on(alone: dict[str, str]) -> None:
    away = run({**alone, "MAIL_URL": "smtp://127.0.0.1:1"}, "not-ready/roi", "--to", "me@acme.example")
    assert away.exit_code == 1
    assert away.stdout.startswith("not sent: 127.0.0.1:1 takes no mails at the moment: 127.0.0.1:1 cannot be reached")
    assert away.stdout.count("\n") == 1
    refusing = run(alone, "not-ready/roi", "--to", "me+refuse@acme.example")
    assert refusing.exit_code == 1
    assert re.match(r"not sent: 127\.0\.0\.1:\d+ refused it: 550 5\.1\.1 no such mailbox", refusing.stdout)
    later = run(alone, "not-ready/roi", "--to", "me+later@acme.example", "--json")
    assert (later.exit_code, json.loads(later.stdout)["outcome"]) == (1, "put_off")


def test_it_is_signed_as_every_mail_is(alone: dict[str, str], tmp_path: Path) -> None:
    key = b64encode(ED25519.private_bytes_raw()).decode()
    domain = load_workspace(ROOT).agreement.company.sender.address.rpartition("@")[2]
    result = run({**alone, "DKIM_KEY": key, "DKIM_SELECTOR": "ed"}, "not-ready/roi", "--to", "me@acme.example")
    assert result.exit_code == 0
    (path,) = (tmp_path / "mail/new").iterdir()
    assert verified(path.read_bytes(), domain) == [True]
