"""docs/events.md, tried: its requests are sent, its commands run, and its tables are those of the code."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nurture.segment.message import _KINDS, NO_TIME
from nurture.web import segment, v1_answers
from nurture.web.openapi_messages import EXAMPLES
from tests.web.people import rows

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/events.md").read_text()
ADDRESS = "https://nurture.example.com"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def of_here(text: str, site: str) -> str:
    return text.replace(ADDRESS, site).replace("WRITE_KEY", "wk_test")


def in_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def test_every_request_of_the_guide_is_taken(client, app):
    requests = [block.split("\n", 1) for block in blocks("http")]
    assert len(requests) == 7
    for head, body in requests:
        method, path = head.split()
        response = client.request(method, path, content=body, auth=("wk_test", ""))
        assert (response.status_code, response.json()) == (200, {"success": True}), head
        assert json.loads(body) in EXAMPLES[path.removeprefix("/v1/")].values()
    assert rows(app.engine, "SELECT reason FROM rejected_event") == []
    [lead] = rows(app.engine, "SELECT email, title, company, attributes FROM lead")
    assert lead == {"email": "maria.rossi@buyer.example", "title": "VP Operations", "company": "Buyer Ltd",
                    "attributes": {"company_plan": "trial"}}  # fmt: skip
    assert {"path": "/screen/plan-billing"} in rows(app.engine, "SELECT path FROM event")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command_of_the_guide_stores_its_event(site, app):
    [command] = blocks("sh")
    done = subprocess.run(
        ["sh", "-c", of_here(command, site)], capture_output=True, text=True, env=in_path(), check=True
    )
    assert done.stdout == '{"success": true}'
    assert rows(app.engine, "SELECT name, message_id FROM event") == [
        {"name": "Webinar Attended", "message_id": "zoom-88121-u-1042"}
    ]


def test_the_client_of_the_guide_arrives(site, app):
    pytest.importorskip("segment.analytics", reason="segment-analytics-python is not installed")
    [script] = blocks("python")
    command = [sys.executable, "-c", of_here(script, site)]
    subprocess.run(command, capture_output=True, env=in_path(), check=True, timeout=30)
    assert rows(app.engine, "SELECT kind, name FROM event ORDER BY kind") == [
        {"kind": "identify", "name": None},
        {"kind": "track", "name": "Webinar Attended"},
    ]
    assert rows(app.engine, "SELECT email, title FROM lead") == [
        {"email": "maria.rossi@buyer.example", "title": "VP Operations"}
    ]


def test_the_guide_has_every_answer_and_no_other():
    table = GUIDE.partition("## Answers")[2].partition("\n## ")[0]
    told = {(int(row[1]), code) for row in re.finditer(r"^\| (\d+) \| ([^|]+) \|", table, re.MULTILINE)
            for code in re.findall(r"`(\w+)`", row[2])}  # fmt: skip
    assert told == {(one.status, one.code) for one in (*segment.REFUSALS, *v1_answers.REFUSALS)}


def test_the_guide_has_every_reason_for_which_an_event_is_rejected():
    files = ("nurture/segment/message.py", "nurture/segment/fields.py", "nurture/web/segment.py")
    code = "".join((ROOT / name).read_text() for name in files)
    said = [re.sub(r"\{.*", "", reason) for reason in re.findall(r'Useless\(f?"([^"]+)"', code)]
    assert len(said) == 8
    assert [reason for reason in [*said, NO_TIME] if f"\n| {reason}" not in GUIDE] == []
    assert f"its type is none of {', '.join(_KINDS)}" in GUIDE


def test_the_guide_has_every_limit():
    limits = GUIDE.partition("## Limits")[2].partition("\n## ")[0]
    for limit in (
        f"{segment.EVENT_LIMIT // 1024} KB",
        f"{segment.BATCH_LIMIT // 1024} KB",
        f"{segment.EVENTS_LIMIT:,}",
    ):
        assert limit in limits
