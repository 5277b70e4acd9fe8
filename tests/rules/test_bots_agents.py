"""Agents of real crawlers and real people: how many are taken for what they are."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from nurture.rules.bots import judge_event, known_program
from nurture.rules.bots_agents import _listed, get_ready

SharedData = Callable[[str], Path]


def strings(found: object) -> Iterator[str]:
    """Every text in a JSON document, but the keys."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for value in found.values() if isinstance(found, dict) else found:
            yield from strings(value)


def test_nineteen_crawlers_of_twenty_are_recognised(shared_data: SharedData) -> None:
    listed = json.loads((shared_data("bot_user_agents") / "crawler-user-agents_shared.json").read_text())
    agents = [agent for crawler in listed for agent in crawler["instances"]]
    known = sum(known_program(agent) is not None for agent in agents)
    assert len(agents) > 1000
    assert known >= 0.95 * len(agents), f"{known} of {len(agents)}"


def test_at_most_one_person_in_a_hundred_is_taken_for_a_program(shared_data: SharedData) -> None:
    agents = [*strings(json.loads((shared_data("bot_user_agents") / "isbot_browsers_human_shared.json").read_text()))]
    wrong = [agent for agent in agents if judge_event(agent).verdict == "automated"]
    assert len(agents) > 270
    assert len(wrong) <= 0.01 * len(agents), wrong


BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) {} Safari/537.36"
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; {}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 "
    "Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    "agent",
    [
        PHONE.format("CUBOT KINGKONG 9 Build/UP1A.231005.007"),
        PHONE.format("CPH2557 Build/AP3A.240617.008"),
        PHONE.format("Pixel 9 Build/AP3A.240617.008") + " MetaIAB Facebook",
        PHONE.format("SM-S918B Build/UP1A.231005.007") + " Viber/24.1.0.0",
        PHONE.format("SM-S918B Build/UP1A.231005.007") + " WhatsApp/2.25.1.75",
        BROWSER.format("Code/1.115.0 Chrome/142.0.7444.265 Electron/39.8.5"),
        BROWSER.format("Slack/4.46.99 Chrome/140.0.7339.207 Electron/38.1.2"),
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; Microsoft Outlook 16.0.5134; ms-office)",
        "Dalvik/2.1.0 (Linux; U; Android 15; Pixel 9 Build/AP3A.240617.008)",
        "Acme/7 CFNetwork/1494.0.7 Darwin/23.4.0",
    ],
)
def test_browsers_inside_of_programs_and_odd_phones_are_peoples(agent: str) -> None:
    assert judge_event(agent).verdict == "human"


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        (BROWSER.format("HeadlessChrome/142.0.0.0"), "HeadlessChrome"),
        (BROWSER.format("Chrome/142.0.0.0") + " PhantomJS/2.1", "PhantomJS"),
        ("Mozilla/5.0 (compatible; NewsCrawler/0.1)", "NewsCrawler"),
        ("AcmeBot", "AcmeBot"),
        ("acme-spider-7", "acme-spider-7"),
        ("Mozilla/5.0 (compatible; Something/1.0; +https://something.example/about)", "+https://something.example"),
        ("Indexer (webmaster@search.example)", "webmaster@search.example"),
        ("Viber", "Viber"),
        ("WhatsApp/2.23.20.0 A", "WhatsApp"),
        ("Mimecast-Link-Check", "Mimecast-Link-Check"),
    ],
)
def test_programs_that_no_list_knows_are_known_by_what_programs_call_themselves(agent: str, program: str) -> None:
    assert known_program(agent) == program


def test_an_address_to_complain_to_is_enough_on_mails_and_not_for_a_page_that_took_a_script_to_tell() -> None:
    embedded = BROWSER.format("Chrome/142.0.0.0") + " (+https://embedded.example)"
    assert known_program(embedded) == "+https://embedded.example"
    assert judge_event(embedded).verdict == "human"
    assert judge_event(BROWSER.format("HeadlessChrome/142.0.0.0")).reasons == ("a known program: HeadlessChrome",)


def test_a_server_that_names_no_browser_is_believed_and_a_browser_without_a_name_is_none() -> None:
    assert judge_event(None).verdict == "human"
    assert judge_event("").reasons == ("it does not say which browser it is",)


@pytest.mark.parametrize("agent", ["a" * 2000, "a-" * 1000, "a@" * 1000, "+ " * 1000, "Mozilla/5.0 " * 160])
def test_what_is_made_up_to_be_slow_is_not(agent: str) -> None:
    began = time.thread_time()
    for number in range(20):
        known_program(f"{number}{agent}")
    assert time.thread_time() - began < 2


def test_the_list_is_taken_as_it_is() -> None:
    """What is looked for as plain text is found where the list's own expressions find it."""
    for known in CRAWLER_USER_AGENTS_DATA:
        for agent in known["instances"]:
            assert _listed(agent) is not None, (known["pattern"], agent)


def test_the_list_can_be_read_before_anybody_asks() -> None:
    get_ready()
    assert known_program("Googlebot/2.1 (+http://www.google.com/bot.html)") == "Googlebot/"
