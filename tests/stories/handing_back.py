"""The world of the story of a lead that is handed back: every face real, every channel somebody else's program.

Mail by SMTP into a mailbox that answers, Slack and the webhook into HTTP servers that keep what they get, reps at their
page, a CRM at the API. The clock is the story's; whatever comes due on the way is done when it does.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook

from nurture.app import App, open_app
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.keep_promises import keep_promises
from nurture.flows.settle import settle
from nurture.flows.tell import tell
from nurture.local.mailbox import Mailbox
from nurture.settings import read_settings
from nurture.web.application import make_web
from tests.flows.apps import ENVIRONMENT, one, rows
from tests.notifiers.receiver import Receiver, Reply, receiver
from tests.web.conftest import Switch

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
"""Nine in the morning in Chicago, where sales works from 9 to 5."""
SECRET = "whsec_" + b64encode(b"a secret of this story alone").decode()
KEY = {"authorization": f"Bearer {ENVIRONMENT['API_KEY']}"}


@dataclass
class World:
    """The app with its faces, and a clock that the story moves."""

    app: App
    web: httpx.Client
    mailbox: Mailbox
    slack: Receiver
    hook: Receiver
    now: datetime = MONDAY
    heard: dict[str, int] = field(default_factory=dict)

    def wait(self, **time: float) -> None:
        """Business time passes."""
        end = self.now + timedelta(**time)
        while (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.work()
        self.now = end
        self.work()

    def work(self) -> None:
        """What the workers do."""
        while advance(self.app, self.now).leads:
            pass
        deliver(self.app, lambda: self.now, seconds=20)
        settle(self.app, self.now)
        while keep_promises(self.app, self.now).more:
            pass
        while tell(self.app, self.now).more:
            pass

    def _next_due(self) -> datetime | None:
        """The next thing that comes due after now; what is due at this moment has just been done."""
        query = """
            SELECT min(at) FROM (SELECT due_at FROM enrollment UNION ALL SELECT ask_at FROM lead
                UNION ALL SELECT slot_at FROM delivery WHERE state = 'queued'
                UNION ALL SELECT look_at FROM handoff WHERE state IN ('offered', 'accepted', 'contacted', 'qualified')
                UNION ALL SELECT next_at FROM notice WHERE state = 'queued') AS u(at)
            WHERE at > :now AND at < '2030-01-01'
        """
        due: datetime | None = one(self.app, query, now=self.now)
        return due

    def mails(self, recipient: str) -> list[EmailMessage]:
        """What lies in somebody's mailbox, oldest first."""
        stored = [self.mailbox.files.read(name) for name in self.mailbox.files.names()]
        return [mail.message() for mail in stored if mail.recipient == recipient]

    def news(self, recipient: str) -> list[EmailMessage]:
        """Mails to somebody that this has not given before."""
        mails = self.mails(recipient)
        seen = self.heard.get(recipient, 0)
        self.heard[recipient] = len(mails)
        return mails[seen:]

    def hooks(self) -> list[dict[str, Any]]:
        """What came over the webhook since last time, each verified by the standard's own library, and small enough."""
        seen = self.heard.get("hook", 0)
        self.heard["hook"] = len(self.hook.got)
        for request in self.hook.got[seen:]:
            assert len(request.body) < 20_000
        return [Webhook(SECRET).verify(one.body, dict(one.headers)) for one in self.hook.got[seen:]]

    def cards(self) -> list[dict[str, Any]]:
        """What came to Slack since last time, every block read by Slack's own models."""
        seen = self.heard.get("slack", 0)
        self.heard["slack"] = len(self.slack.got)
        cards = [json.loads(one.body) for one in self.slack.got[seen:]]
        for card in cards:
            blocks = card.get("blocks") or [block for part in card["attachments"] for block in part["blocks"]]
            assert blocks
            for block in Block.parse_all(blocks):
                block.validate_json()
        return cards

    def did(self, kind: str, **body: object) -> None:
        """The lead did something on the site."""
        sent = {"messageId": f"{kind}-{self.now.timestamp()}-{body}", "timestamp": self.now.isoformat(), **body}
        answer = self.web.post(f"/v1/{kind}", json=sent, auth=("write-key", ""))
        assert (answer.status_code, answer.json()) == (200, {"success": True})

    def press(self, page: str, by: str, do: str, **fields: str) -> httpx.Response:
        """A rep presses a button of the page."""
        return self.web.post(page, data={"do": do, "by": by, "note": "", **fields}, follow_redirects=True)

    def lead(self) -> tuple[str, int]:
        """Where the lead stands, and in which cycle."""
        ((stage, cycle),) = rows(self.app, "SELECT stage, cycle FROM lead")
        return stage, cycle

    def log(self, handoff_id: int) -> list[str]:
        """What happened to a handoff, in order."""
        query = "SELECT what FROM handoff_change WHERE handoff_id = :id ORDER BY id"
        return [row.what for row in rows(self.app, query, id=handoff_id)]

    def received(self) -> list[str]:
        """The steps that the lead was sent, in order."""
        return [row.step for row in rows(self.app, "SELECT step FROM delivery WHERE state = 'sent' ORDER BY sent_at")]


@contextmanager
def world(db_url: str, tmp_path: Path, serving: tuple[Switch, str]) -> Iterator[World]:
    """The shipped workspace, with all three channels set up."""
    switch, address = serving
    with ExitStack() as stack:
        mailbox = stack.enter_context(Mailbox(tmp_path / "mailbox"))
        slack = stack.enter_context(receiver(Reply(body=b"ok")))
        hook = stack.enter_context(receiver(Reply(status=204, body=b"")))
        web = stack.enter_context(httpx.Client(base_url=address, headers={"user-agent": "Mozilla/5.0 Chrome/131.0"}))
        variables = {
            "DATABASE_URL": db_url, "MAIL_URL": mailbox.addresses.smtp, "NURTURE_WORKSPACE": str(ROOT),
            "SLACK_WEBHOOK_URL": slack.url, "HANDOFF_WEBHOOK_URL": hook.url, "HANDOFF_WEBHOOK_SECRET": SECRET,
        }  # fmt: skip
        opened = stack.enter_context(open_app(read_settings(ENVIRONMENT | variables)))
        made: list[World] = []
        app = replace(opened, now=lambda: made[0].now)
        switch.app = make_web(app)
        made.append(World(app, web, mailbox, slack, hook))
        yield made[0]


def page_of(notice: EmailMessage) -> str:
    """The path of the rep's page that a mail links to."""
    body = notice.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://nurture\.example(/h/[\w-]+)", body.get_content())
    assert found
    return found[1]


def text_of(mail: EmailMessage) -> str:
    """Both bodies of a mail, as one text."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    return "\n".join(part.get_content() for part in parts if part is not None)


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path


def only(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """These keys of a row."""
    return {name: found[name] for name in names}
