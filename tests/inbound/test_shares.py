"""Over real mails of some seventy systems: shares that have to hold, the misses printed.

The mails are sisimai's (BSD 2-Clause) and flufl.bounce's (Apache-2.0), with the labels of those projects' own tests.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from nurture.inbound import AutoReply, Bounce, Complaint, Reply
from nurture.inbound import read as read_anew

SharedData = Callable[[str], Path]
read = cache(read_anew)
HARD = {"userunknown", "hostunknown", "hasmoved", "notaccept"}


def labelled(folder: Path) -> Iterator[tuple[str, bytes, list[dict[str, str]]]]:
    for name, label in json.loads((folder / "expected.json").read_text()).items():
        if (folder / name).exists():
            yield name, (folder / name).read_bytes(), label["expected"]


def bounces(folder: Path) -> list[tuple[str, bytes, list[dict[str, str]]]]:
    others = {"vacation", "feedback"}
    return [(name, raw, label) for name, raw, label in labelled(folder) if label[0]["reason"] not in others]


def test_every_mail_is_taken_for_what_it_is(shared_data: SharedData):
    kinds = {"vacation": AutoReply, "feedback": Complaint}
    found = [
        (name, type(read(raw)), kinds.get(label[0]["reason"], Bounce))
        for name, raw, label in labelled(shared_data("bounces_sisimai"))
    ]
    misses = [f"{name}: {is_kind.__name__}" for name, is_kind, wanted in found if is_kind is not wanted]
    assert len(found) > 100
    assert not [miss for miss in misses if "rfc3834" in miss or "arf" in miss]
    assert len(misses) <= 0.01 * len(found), misses


def test_recipients_are_found(shared_data: SharedData):
    mails = bounces(shared_data("bounces_sisimai"))
    misses = []
    for name, raw, label in mails:
        failures = read(raw).failures
        if len(failures) != len(label) or not all("@" in failure.address for failure in failures):
            misses.append((name, len(failures), len(label)))
    assert len(misses) <= 0.03 * len(mails), misses


def test_recipients_are_those_of_the_notification(shared_data: SharedData):
    folder = shared_data("bounces_sisimai")
    labels = json.loads((folder / "expected.json").read_text())
    mails = [(name, raw, labels[name]["final_recipient_fields"]) for name, raw, _ in bounces(folder)]
    mails = [(name, raw, final) for name, raw, final in mails if final]
    misses = []
    for name, raw, final in mails:
        found = {failure.address for failure in read(raw).failures}
        if not found & {address.lower() for address in final}:
            misses.append((name, found, final))
    assert len(misses) <= 0.06 * len(mails), misses  # where a server rewrote an address, we say the one that was mailed


def test_hard_is_told_from_soft(shared_data: SharedData):
    mails = bounces(shared_data("bounces_sisimai"))
    misses = []
    for name, raw, label in mails:
        wanted = sorted(result["reason"] in HARD for result in label)
        found = sorted(failure.severity == "hard" for failure in read(raw).failures)
        if found != wanted:
            misses.append((name, [result["reason"] for result in label]))
    assert len(misses) <= 0.07 * len(mails), misses


def test_a_bounce_that_flufl_knows_is_read_alike(shared_data: SharedData):
    folder = shared_data("bounces_flufl")
    labels = json.loads((folder / "expected.json").read_text())
    misses = []
    for name, detectors in labels.items():
        wanted = {address.lower() for one in detectors or [] for address in one["addresses"]}
        read_as = read((folder / name).read_bytes())
        found = {failure.address for failure in read_as.failures} if isinstance(read_as, Bounce) else set()
        if found != wanted:
            misses.append((name, found, wanted))
    assert len(misses) <= 0.06 * len(labels), misses


def test_a_delay_is_no_failure(shared_data: SharedData):
    folder = shared_data("bounces_flufl")
    labels = json.loads((folder / "expected.json").read_text())
    delays = [name for name, found in labels.items() if any(one["temporary"] for one in found or [])]
    assert delays
    for name in delays:
        assert {failure.severity for failure in read((folder / name).read_bytes()).failures} == {"delayed"}, name


def test_opt_outs_and_reports_of_programs_are_no_complaints(shared_data: SharedData):
    meanings = {"abuse": "complaint", "opt-out": "unsubscribe", "opt-out-list": "unsubscribe", "auth-failure": "none"}
    for name, raw, label in labelled(shared_data("bounces_sisimai")):
        if label[0]["reason"] == "feedback":
            kind = label[0]["feedback_type"]
            assert read(raw).meaning == meanings.get(kind, "complaint"), name


@pytest.mark.parametrize("folder", ["replies_talon", "replies_github_email_reply_parser"])
def test_what_people_wrote_is_a_reply(shared_data: SharedData, folder: str):
    files = [file for file in shared_data(folder).rglob("*") if file.suffix in (".eml", ".txt")]
    assert files
    assert [file.name for file in files if not isinstance(read(file.read_bytes()), Reply)] == []


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_line_ends_change_nothing(shared_data: SharedData, line_end: bytes):
    for name, raw, _ in list(labelled(shared_data("bounces_sisimai")))[::6]:
        plain = raw.replace(b"\r\n", b"\n")
        assert read(plain.replace(b"\n", line_end)) == read(plain), name
