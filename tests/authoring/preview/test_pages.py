"""What the pages say, asked over HTTP."""

import html
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.authoring.preview import subjects
from nurture.authoring.preview.answers import is_this_machine
from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.samples import SAMPLES
from nurture.authoring.preview.view import CHOICES, View
from tests.authoring.preview.making import BASE, NOW, ask, change, desk_of, mail_of, page, workspace, write


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One for all that only look."""
    desk = desk_of(workspace(tmp_path_factory.mktemp("ws")))
    desk.check_now()
    return desk


def _words(text: str) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_the_first_page_lists_campaigns_steps_and_templates_that_none_sends(desk: Desk) -> None:
    said = _words(page(desk, "/"))
    assert "Not ready yet live" in said
    assert (
        "Leads that sales refused: “Not ready to buy”, “No follow up”, “Unreachable” and “No outcome”; "
        "inquiries that do not qualify yet" in said
    )
    assert "One mail every week, Tuesday to Thursday, 09:00 to 11:30 where the lead is" in said
    assert "60 days after its last mail, the lead rests" in said
    assert "Proof only when lead.industry == 'retail'" in said
    assert "roi · short In short" in said
    assert "timing When? survey at least 2 weeks after the mail before" in said
    assert "Sent by no step spare/idea" in said


def test_each_mail_has_its_number_of_errors_and_warnings(root: Path) -> None:
    write(
        root / "templates/not-ready/proof.mjml", "---\nsubject: Proof\n---\n<mj-text>{{ lead.frist_name }}</mj-text>\n"
    )
    desk = desk_of(root)
    desk.check_now()
    errors, warnings = desk.edition.counts("templates/not-ready/proof.mjml")
    assert (errors, warnings) == (1, 1)  # the name, and no preheader
    line = re.search(r"<li><a href=\"/mail/not-ready/proof.*?</li>", page(desk, "/"), re.DOTALL)
    assert line is not None
    assert "1 error 1 warning" in _words(line[0])


def _listed(text: str, template: str) -> set[str]:
    """What the lists on a page say of a mail: the one at its side, and the overview's."""
    return {_words(line) for line in re.findall(rf'<li>\s*<a href="/mail/{template}["?].*?</li>', text, re.DOTALL)}


SUBJECT = "Three questions{% if lead.first_name %}, {{ lead.first_name }}{% endif %}"


def test_lists_show_each_subject_as_the_chosen_lead_reads_it(root: Path) -> None:
    write(root / "templates/not-ready/questions.mjml", mail_of(SUBJECT, "Which job first?"))
    write(root / "templates/spare/idea.md", f'---\nsubject: "{SUBJECT} in {{{{ campaign.name }}}}"\n---\nHello.\n')
    desk = desk_of(root)
    for lead, subject in (("british", "Three questions, Tom"), ("sparse", "Three questions")):
        text = page(desk, f"/?lead={lead}")
        assert "{%" not in text
        assert _listed(text, "not-ready/questions") == {f"questions {subject}"}
        assert _listed(text, "spare/idea") == {f"spare/idea {subject} in Preview"}
        assert f"questions {subject}" in _words(page(desk, f"/problems?lead={lead}"))


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("{{ lead.company }}'s line", "lead.company is empty here"),
        ("{{ lead.frist_name }}", "`lead` has no `frist_name`"),
        ("Hello {% if lead.title %}", "{% if %} is not ended"),
        ("{{ lead.title | default('') }}", "the subject comes out empty"),
    ],
)
def test_a_subject_that_cannot_be_filled_is_shown_as_it_is_written_and_says_so(
    root: Path, subject: str, why: str
) -> None:
    write(root / "templates/not-ready/questions.mjml", mail_of(subject, "Which job first?"))
    text = page(desk_of(root), "/?lead=sparse")
    assert _listed(text, "not-ready/questions") == {f"questions as written {subject}"}
    reasons = set(re.findall(r'class="written" title="([^"]*)"', text))
    assert len(reasons) == 1
    assert why in html.unescape(reasons.pop())


def test_a_mail_whose_words_are_broken_still_has_its_subject(root: Path) -> None:
    write(root / "templates/not-ready/questions.mjml", mail_of(SUBJECT, "{{ lead.frist_name }}"))
    assert _listed(page(desk_of(root), "/?lead=british"), "not-ready/questions") == {"questions Three questions, Tom"}


def test_lists_of_three_hundred_mails_are_there_at_once(root: Path) -> None:
    """All subjects are compiled when a list asks for them: to compile one takes longer than to fill a hundred."""
    for number in range(300):
        write(root / f"templates/many/mail-{number}.mjml", mail_of(f"{number}: {SUBJECT}", "x"))
    before = subjects._read_text.cache_info().misses
    desk = desk_of(root)
    compiled = subjects._read_text.cache_info().misses
    assert compiled >= before + 300
    assert "299: Three questions, Tom" in page(desk, "/problems?lead=british")
    assert subjects._read_text.cache_info().misses == compiled


def test_problems_are_at_their_lines_errors_first(root: Path) -> None:
    file = root / "templates/not-ready/roi.mjml"
    change(file, 'preheader: "A word before."\n', "")
    change(file, "What it costs.", "<a href='https://acme.example/'>click here</a> {{ lead.frist_name }}")
    desk = desk_of(root)
    desk.check_now()
    text = page(desk, "/mail/not-ready/roi?show=source")
    marked = {
        int(line): _words(said) for line, said in re.findall(r'<li value="(\d+)" class="[a-z]+"(.*?)</li>', text, re.S)
    }
    assert "frist_name" in marked[6]
    listed = [problem.severity for problem in desk.edition.problems_of("templates/not-ready/roi.mjml")]
    assert listed.count("error") == 1
    assert "warning" in listed
    said = _words(page(desk, "/mail/not-ready/roi"))
    assert said.index("Line 6") < said.index("N204 the mail has no preheader")


def test_a_mail_is_shown_as_an_inbox_would(desk: Desk) -> None:
    said = _words(page(desk, "/mail/not-ready/questions?lead=british"))
    assert "Ada at Acme Three questions, Tom – A word before. Hi Tom, Which job first?" in said
    assert re.search(r"\d\.\d KB of HTML; Gmail cuts off at 102 KB", said)


def test_a_mail_for_nobody_known_has_no_hole(desk: Desk) -> None:
    assert "Three questions, you" in page(desk, "/mail/not-ready/questions?lead=sparse")


def test_a_mail_that_this_lead_cannot_get_says_why_at_its_line(desk: Desk) -> None:
    said = _words(page(desk, "/mail/not-ready/proof?lead=sparse"))
    assert "Line 7 lead.company is empty here" in said
    assert "is not sent this mail" in said
    assert "There is no mail to show" in said


def test_text_headers_links_and_source_are_shown(desk: Desk) -> None:
    mail = "/mail/not-ready/roi?show="
    assert f"See the sums: {'https://acme.example/roi?a=1&b=2'}" in html.unescape(page(desk, f"{mail}text"))
    assert "List-Unsubscribe-Post List-Unsubscribe=One-Click" in _words(page(desk, f"{mail}headers"))
    links = _words(page(desk, f"{mail}links"))
    assert "See the sums https://acme.example/roi?a=1&b=2 is tracked in a sent mail" in links
    assert "opens the page on which the lead can leave" in links
    assert "7 <p>What it costs.</p>" in _words(page(desk, f"{mail}source").replace("&lt;p&gt;", "&lt;p&gt;"))


def test_an_answers_link_says_what_it_answers(desk: Desk) -> None:
    said = _words(page(desk, "/mail/not-ready/timing?show=links"))
    assert "Right now our own page opens the page that takes the answer “now” to the question “timing”" in said


def test_no_link_of_a_frame_leads_anywhere_but_to_a_note(desk: Desk) -> None:
    for name in desk.edition.templates:
        for sample in SAMPLES:
            text = page(desk, f"/frame/{name}?lead={sample.id}")
            links = re.findall(r"<(?:a|area)\b[^>]*?\shref=\"([^\"]*)\"", text)
            assert all(link.startswith("/link?") for link in links), links
            assert "target=" not in text


def test_a_note_says_what_a_link_would_do(desk: Desk) -> None:
    frame = page(desk, "/frame/not-ready/timing")
    notes = [html.unescape(link) for link in re.findall(r'href="(/link[^"]*)"', frame)]
    said = [_words(page(desk, note)) for note in notes]
    assert any("An answer Here nothing happens. It opens the page that takes the answer “now”" in one for one in said)
    assert any("The unsubscribe link Here nothing happens." in one for one in said)
    assert all("Back to the mail" in one for one in said)


def test_a_note_leads_back_to_frames_alone(desk: Desk) -> None:
    assert "evil.example" not in page(desk, "/link?to=https://acme.example/&back=https://evil.example/")


def test_a_frame_may_do_nothing(desk: Desk) -> None:
    (frame, around) = ask(desk, "/frame/not-ready/roi", "/mail/not-ready/roi")
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy
    assert around.text.count("<iframe") == around.text.count(" sandbox></iframe>") == 2
    assert "script-src 'self'" in around.headers["content-security-policy"]


def test_pictures_are_off_when_asked_for(desk: Desk) -> None:
    assert "robot.png" in page(desk, "/frame/not-ready/roi")
    off = page(desk, "/frame/not-ready/roi?pictures=off")
    assert "robot.png" not in off
    assert 'alt="A robot"' in off


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8025", "10.0.0.1"])
def test_another_name_is_not_answered(desk: Desk, host: str) -> None:
    (answer,) = ask(desk, "/", host=host)
    assert answer.status_code == 421
    assert "Acme" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8025", "[::1]:8025", "LOCALHOST:1"])
def test_this_machine_is_answered(desk: Desk, host: str) -> None:
    assert ask(desk, "/", host=host)[0].status_code == 200


def test_an_empty_or_torn_host_is_no_machine() -> None:
    assert not any(map(is_this_machine, ["", "[", "[::1", "[::1]x", "::g", "[localhost].evil"]))


@pytest.mark.parametrize(
    "path",
    ["/mail/nothing", "/campaign/nothing", "/file/%2e%2e/secret", "/file//etc/passwd", "/static/page.html"],
)
def test_what_is_not_there_is_not_there(desk: Desk, path: str) -> None:
    assert ask(desk, path)[0].status_code == 404


def test_nothing_can_be_posted(desk: Desk) -> None:
    for path in ("/", "/mail/not-ready/roi", "/frame/not-ready/roi", "/leads", "/link"):
        assert ask(desk, path, method="POST")[0].status_code == 405


def test_a_hostile_name_is_text_on_every_page(desk: Desk) -> None:
    paths = ("/", "/mail/not-ready/questions", "/campaign/not-ready", "/problems", "/frame/not-ready/questions")
    for answer in ask(desk, *(f"{path}?lead=hostile" for path in paths)):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "alert(1)" in answer.text or "/problems" in str(answer.url)


@pytest.mark.parametrize("word", ["<script>alert(1)</script>", '"><img src=x>', "\x00", "a" * 5000, "😀\ud800"])
def test_whatever_a_url_says_is_shown_as_text_or_not_at_all(desk: Desk, word: str) -> None:
    query = word.encode("utf-8", "surrogatepass")
    for name in ("lead", "part_of", "show", "colours", "back", "to", "q", "path"):
        said = "".join(f"%{octet:02x}" for octet in query)
        for answer in ask(desk, f"/mail/not-ready/roi?{name}={said}", f"/link?{name}={said}", f"/leads?{name}={said}"):
            assert answer.status_code == 200
            assert "json" in answer.headers["content-type"] or not re.search(r"<script>alert|<img src=x>", answer.text)


def test_an_unknown_lead_is_said_and_the_first_sample_shown(desk: Desk) -> None:
    said = _words(page(desk, "/mail/not-ready/roi?lead=nobody@nowhere.example"))
    assert (
        "nobody@nowhere.example is no sample; there is no database to look in. Shown for Maria Rossi instead." in said
    )


def test_the_time_line_has_dates_variants_and_what_is_passed_over(desk: Desk) -> None:
    said = _words(page(desk, "/campaign/not-ready?lead=complete"))
    assert "If Maria Rossi joins today, Sat 21 Nov 2026, and does nothing" in said
    assert "Times are those of America/Chicago." in said
    assert re.search(r"(Tue 24|Wed 25|Thu 26) Nov \d\d:\d\d questions Three questions, Maria", said)
    assert "passed over proof lead.industry is “manufacturing”" in said
    assert re.search(r"roi · (control One shift or two|short In short)", said)
    assert "In the end the lead rests" in said


def test_a_mail_says_when_this_lead_would_get_it_or_why_not(desk: Desk) -> None:
    said = _words(page(desk, "/mail/not-ready/questions?lead=british"))
    assert re.search(r"(Tue 24|Wed 25|Thu 26) Nov \d\d:\d\d Europe/London, if Tom Ashworth joins today", said)
    assert "does not go to Maria Rossi: lead.industry is “manufacturing”" in _words(page(desk, "/mail/not-ready/proof"))
    both = [_words(page(desk, f"/mail/not-ready/{name}")) for name in ("roi", "roi-short")]
    assert sum("Maria Rossi gets the variant" in one for one in both) == 1
    assert sum("if Maria Rossi joins today" in one for one in both) == 1


def test_the_time_line_of_a_draft_is_as_if_it_were_live(root: Path) -> None:
    change(root / "campaigns/not-ready.yaml", "status: live", "status: draft")
    said = _words(page(desk_of(root), "/campaign/not-ready"))
    assert "The campaign is draft: nothing is sent. This is how it would be if it were live." in said
    assert "questions Three questions, Maria" in said


def test_a_mail_that_fails_says_so_on_the_time_line(root: Path) -> None:
    change(root / "templates/not-ready/questions.mjml", "Which job first?", "{{ lead.title }}")
    said = _words(page(desk_of(root), "/campaign/not-ready?lead=sparse"))
    assert "templates/not-ready/questions.mjml:7: lead.title is empty here" in said


def test_a_heavy_mail_says_that_it_is_cut_off(root: Path) -> None:
    write(root / "templates/spare/heavy.mjml", mail_of("Heavy", "word " * 22_000))
    assert "KB of HTML: Gmail cuts it off at 102 KB" in _words(page(desk_of(root), "/mail/spare/heavy"))


@settings(max_examples=25)
@given(st.data())
def test_a_view_survives_its_address(data: st.DataObject) -> None:
    said = {name: data.draw(st.sampled_from(allowed)) for name, allowed in CHOICES.items()}
    view = View(lead=data.draw(st.text(max_size=40)).strip(), part_of="a/b", **said)  # type: ignore[arg-type]
    query = httpx.URL("http://x" + view.url("/mail/ä b")).params
    assert View.read(query) == view


def test_links_are_those_of_the_environment(desk: Desk) -> None:
    assert f"{BASE}/u/" in page(desk, "/mail/not-ready/roi?show=text")
    assert NOW.strftime("%d %b %Y") in page(desk, "/mail/not-ready/roi?show=headers")
