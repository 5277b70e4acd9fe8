"""What is wrong, where, what is allowed: one clear line each, and all of them at once."""

import pytest

from tests.workspace.files import AGREEMENT, CAMPAIGN, LONG_TERM, load, problems

A, C = "campaigns/agreement.yaml", "campaigns/not-ready-yet.yaml"


def place(text, marked):
    """Line and column of what is marked, in a text."""
    at = text.index(marked)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def only(found):
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


IN_AGREEMENT = [
    # what is replaced, by what, where the problem is, code, words
    ("  name: Acme Robotics", "  nme: Acme Robotics", "nme", "N110", "did you mean `name`?"),
    (
        "  timezone: America/Chicago     ",
        "  timezone: America/Chigaco     ",
        "America/Chigaco",
        "N124",
        "did you mean `America/Chicago`?",
    ),
    ("  holidays: US\n", "  holidays: USA\n", "USA", "N125", "did you mean `US`?"),
    ("  holidays: US\n", "  holidays:\n", "holidays:", "N112", "`holidays` is empty (nothing stands after the `:`)"),
    ("  sender: Ada at Acme <ada@news.acme.example>", "  sender: Ada at Acme", "Ada at Acme\n", "N126", "no spaces"),
    ("ada@acme.example", "ada@acme", "ada@acme\n", "N126", "no dot"),
    ("reply_to: ada@acme.example", "reply_to:", "reply_to:", "N112", "`reply_to` is empty"),
    ("points: 30}   #", "points: many}   #", "many", "N112", "`points` must be a whole number, not `many`"),
    ("points: 30}   #", "points: '30'}   #", "'30'", "N112", "write it without quotes: `30`"),
    ("points: 30}   #", "points: 1.5}   #", "1.5", "N112", "must be a whole number"),
    ("points: 30}   #", "points: true}   #", "true}   #", "N112", "must be a whole number, not `true`"),
    ("points: 30}   #", "points: 30000}   #", "30000", "N114", "at most 10000"),
    ("points: 30}   #", "points: 30, grade: A}   #", None, "N150", "gives `points` or a `grade`, not both"),
    (", points: -20}", "}", None, "N150", "gives `points` or a `grade`, one of them"),
    ("grade: D}", "grade: E}", "E}", "N113", "`grade` must be `A`, `B`, `C` or `D`, not `E`"),
    ("name: Student", "name: 2024", "2024", "N112", '`name` must be text, not `2024` (put it in quotes: `"2024"`)'),
    ("{A: 60, B: 35", "{A: 30, B: 35", "{A: 30", "N150", "`A` (30) must need more points than `B` (35)"),
    ("at_most: 2 per day", "at_most: 0 per day", "0 per day", "N127", "would never count"),
    ("half_life: 10 days", "half_life: 10 dayz", "10 dayz", "N120", "did you mean `days`?"),
    ("half_life: 10 days", "half_life: 10", "10}", "N120", "write `10 days`"),
    ("half_life: 14 days  ", "half_life: 4 hours  ", "4 hours  ", "N120", "too fine here"),
    ("when: clicked", "when: clicks", "clicks", "N128", "did you mean `clicked`?"),
    ('{page: "/careers*"}', '{pge: "/careers*"}', "pge", "N128", "did you mean `page`?"),
    ('{page: "/careers*"}', '{page: "careers*"}', '"careers*"', "N128", "write `/careers*`"),
    ("when: clicked, points: 5, at", "when: clicked, at", None, "N150", "needs `points`, or `hand_raise: true`"),
    ("hand_raise: true}             #", "hand_raise: maybe}             #", "maybe", "N112", "`true` or `false`"),
    ("tell: owner", "tell: onwer", "onwer", "N113", "`tell` must be `owner`, not `onwer` (did you mean `owner`?)"),
    ("  mail_click:", "  mail click:", "mail click", "N115", "letters, digits"),
    ("grades: [A], score", "grades: A, score", "A, score", "N112", "`grades` must be a list, not `A` (write `[A]`)"),
    ("grades: [A], score", "grades: [], score", "[], score", "N114", "needs at least 1 item"),
    ("grades: [B, C]", "grades: [B, X]", "X]", "N113", "item 2 of `grades` must be"),
    ("score: 50", "score: -1", "-1", "N114", "at least 0"),
    ("then: disqualify", "then: disqalify", "disqalify", "N113", "did you mean `disqualify`?"),
    (
        "already_mine:  {label: I am already on it, then: sales}",
        "already_mine: sales",
        "sales  ",
        "N112",
        "must be a mapping, not `sales`",
    ),
    ("then: sales}", "then: sales, wait: 3 days}", "3 days", "N150", "`wait` puts off the first mail"),
    ("already_mine:  {", "no_outcome:  {", "sales}", "N150", "`no_outcome` is built in"),
    ("days: mon-fri", "days: mon-fir", "mon-fir", "N121", "`fir` is not a weekday"),
    ('from: "09:00"', 'from: "9am"', '"9am"', "N122", "is not a time of day"),
    ('to: "17:00"', 'to: "08:00"', '"08:00"', "N150", "`to` (08:00) must be later than `from` (09:00)"),
    ("count: 6,", "count: 0,", "0,", "N114", "`count` must be at least 1, not `0`"),
    ("count: 6,", "count: 40,", "40,", "N150", "40 attempts cannot be made within 14 days"),
    ("escalate, reassign", "escalte, reassign", "escalte", "N113", "item 2 of `on_breach`"),
    ("{to: previous}", "{to: previus}", "previus", "N129", "did you mean `previous`?"),
    ("to: [rep.eu@acme.example]", "to: [rep.eu@]", "rep.eu@", "N126", "nothing after the @"),
    ("to: [rep.eu@acme.example]", "to: []", "[]", "N129", "a list of addresses"),
    ("website: active", "website: activ", "activ\n", "N113", "did you mean `active`?"),
    ("stages: {sal:", "stages: {sall:", "sall", "N113", "a key here must be `inquiry`"),
    ("sla_met: 90%", "sla_met: 900%", "900%", "N127", "from `0%` to `100%`"),
    ("per_day: 1,", "per_day: 2,", "2,", "N113", "`per_day` must be `1`, not `2`"),
    ("per_7_days: 2", "per_7_days: 0", "0,", "N114", "at least 1"),
    ("[email, slack, webhook]", "[email, slak]", "slak", "N113", "did you mean `slack`?"),
    ("lead.employees >= 200", "lead.employees >= big", "big", "N130", "`big` is not known"),
    ("lead.employees >= 200", "visited('/x')", "visited", "N130", "does not look at the past"),
    ("lead.employees >= 200", "lead.grade == 'A'", "lead.grade", "N130", "not known yet"),
    ('"event.minutes >= 20"', '"event.minutes => 20"', "=> 20", "N130", "`=` does not compare"),
    ("lead.country in ['GB', 'IE']", "received('x')", "received", "N130", "asks about a campaign's step"),
    ("horizon: 90 days", "horizn: 90 days", "horizn", "N110", "did you mean `horizon`?"),
]


@pytest.mark.parametrize(("old", "new", "marked", "code", "words"), IN_AGREEMENT)
def test_mistakes_in_the_agreement(tmp_path, old, new, marked, code, words):
    assert AGREEMENT.count(old) == 1
    text = AGREEMENT.replace(old, new)
    context = AGREEMENT.index(old)
    at = text.index(marked, context) if marked else text.rindex("{", 0, context)
    found = problems(tmp_path, {A: text})
    here = [problem for problem in found if (problem.line, problem.column) == place(text[:at] + "¦", "¦")]
    assert here, "\n".join(map(str, found))
    assert words in str(here[0])
    assert (here[0].file, here[0].code, here[0].severity) == (A, code, "error")
    assert {problem.code for problem in found} == {code}


IN_CAMPAIGN = [
    (
        "status: live",
        "status: lve",
        "lve",
        "N113",
        "`status` must be `draft`, `live` or `paused`, not `lve` (did you mean `live`?)",
    ),
    ("name: Not ready yet", "id: x\nname: Not ready yet", "id: x", "N110", "it is the file's name"),
    ("priority: 10", "prioritty: 10", "prioritty", "N110", "did you mean `priority`?"),
    ("reasons: [not_ready,", "reasons: [not_redy,", "not_redy", "N140", "did you mean `not_ready`?"),
    ("stages: [inquiry, nurture]", "stages: [inqiry]", "inqiry", "N113", "did you mean `inquiry`?"),
    ("again: after 30 days", "again: 30 days", "30 days", "N123", "such as `after 30 days`"),
    ("every: 1 week", "every: 1 hour", "1 hour", "N120", "too fine"),
    ("days: [tue, wed, thu]", "days: [tue, wendesday]", "wendesday", "N121", "did you mean `wednesday`?"),
    ('hours: "09:00-11:30"', 'hours: "11:30-09:00"', '"11:30', "N122", "ends before it begins"),
    ("every: 4 weeks}", "every: 3 days}", "3 days", "N150", "must not be faster"),
    ("order: sequence", "order: random", "random", "N113", "`sequence` or `unseen`"),
    (
        "email: not-ready/three-questions",
        "email: not-ready/three-question",
        "not-ready/three-q",
        "N141",
        "did you mean `not-ready/three-questions`?",
    ),
    (
        "email: not-ready/case-study",
        "email: not-ready/case-study.mjml",
        "not-ready/case",
        "N141",
        "write it without its ending",
    ),
    ("short: not-ready/roi-short", "short: not-ready/roi-shrt", "not-ready/roi-shrt", "N141", "there is no template"),
    (
        "survey: not-ready/timing",
        "survey: not-ready/timin",
        "not-ready/timin",
        "N141",
        "did you mean `not-ready/timing`?",
    ),
    ("{id: proof,", "{id: questions,", "questions,", "N143", "another step is called `questions` already (in line 19)"),
    ("{id: proof,", "{id: pro of,", "pro of", "N115", "letters, digits"),
    ("{id: proof,", "{", "{ email", "N111", "`id` is missing"),
    (
        "email: not-ready/last-word",
        "email: not-ready/last-word, survey: not-ready/timing",
        None,
        "N150",
        "an `email` or a `survey`, not both",
    ),
    (", email: not-ready/last-word", "", None, "N150", "an `email` or a `survey`, one of them"),
    ("then: long-term", "then: long-tern", "long-tern", "N142", "did you mean `long-term`?"),
    ("reason: not_our_market", "reason: not our market", "not our", "N115", "letters, digits"),
    ("\"lead.industry == 'manufacturing'\"", "\"received('profo')\"", "received", "N131", "did you mean `proof`?"),
    ("\"lead.industry == 'education'\"", "clicked('nowhere')", "clicked", "N131", "there is no such step"),
]


@pytest.mark.parametrize(("old", "new", "marked", "code", "words"), IN_CAMPAIGN)
def test_mistakes_in_a_campaign(tmp_path, old, new, marked, code, words):
    assert CAMPAIGN.count(old) == 1
    text = CAMPAIGN.replace(old, new)
    at = text.index(marked, CAMPAIGN.index(old)) if marked else text.rindex("{", 0, CAMPAIGN.index(old))
    found = problems(tmp_path, {C: text})
    here = [problem for problem in found if (problem.line, problem.column) == place(text[:at] + "¦", "¦")]
    assert here, "\n".join(map(str, found))
    assert words in str(here[0])
    assert (here[0].file, here[0].code) == (C, code)
    assert {problem.code for problem in found} == {code}


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        ("lead.a == CEO", 10),
        ("'lead.a == CEO'", 11),
        ('"lead.a == CEO"', 11),
        ("'lead.b == ''it'' and lead.a == CEO'", 32),
        ('"lead.b == \\"it\\" and lead.a == CEO"', 32),
        ('"\\x6cead.a == CEO"', 14),
        ("&name 'lead.a == CEO'", 17),
        ("&name lead.a == CEO", 16),
    ],
)
def test_the_column_in_a_condition_is_exact_however_it_is_quoted(tmp_path, written, offset):
    text = CAMPAIGN.replace("\"lead.industry == 'education'\"", written)
    problem = only(problems(tmp_path, {C: text}))
    line, column = place(text, written)
    assert text.split("\n")[line - 1][problem.column - 1 :].startswith("CEO")
    assert (problem.line, problem.column) == (line, column + offset)


def test_a_condition_over_several_lines_is_placed_at_its_beginning(tmp_path):
    text = CAMPAIGN.replace("\"lead.industry == 'education'\"", '"lead.a == 1\n    and lead.b == CEO"')
    problem = only(problems(tmp_path, {C: text}))
    assert (problem.line, problem.column) == place(text, '"lead.a == 1')


def test_all_problems_are_found_at_once_in_the_order_of_files_and_lines(tmp_path):
    text = (
        CAMPAIGN.replace("status: live", "status: lve")
        .replace("id: proof", "id: roi")
        .replace("then: long-term", "then: nowhere")
    )
    text = text.replace("not-ready/last-word", "not-ready/lost-word").replace("[not_ready,", "[never_ready,")
    found = problems(
        tmp_path, {C: text, A: AGREEMENT.replace("points: 5", "points: five").replace("score: 50", "scor: 50")}
    )
    assert [(problem.file, problem.code) for problem in found] == [
        *((A, code) for code in ("N112", "N110")),
        *((C, code) for code in ("N113", "N140", "N143", "N141", "N142")),
    ]
    assert [problem.line for problem in found[2:]] == sorted(problem.line for problem in found[2:])
    assert all("\n" not in str(problem) for problem in found)


def test_a_reason_that_leads_nowhere(tmp_path):
    found = problems(
        tmp_path, {"campaigns/long-term.yaml": LONG_TERM.replace("no_budget, ", "").replace(", no_outcome", "")}
    )
    assert [problem.code for problem in found] == ["N144", "N144"]
    assert [(problem.line, problem.column) for problem in found] == [
        place(AGREEMENT, "reject_reasons"),
        place(AGREEMENT, "no_budget"),
    ]
    assert "`no_outcome` (built in: the SLA gives it) leads nowhere" in found[0].message
    assert "`no_budget` (nurture) leads nowhere" in found[1].message


def test_a_draft_takes_nobody(tmp_path):
    found = problems(tmp_path, {"campaigns/long-term.yaml": LONG_TERM.replace("status: live", "status: draft")})
    assert {(problem.code, problem.severity) for problem in found} == {("N144", "error")}
    assert len(found) == 4


def test_whoever_pauses_a_campaign_can_still_load_the_workspace_and_is_told_whom_nobody_takes(tmp_path):
    paused = LONG_TERM.replace("status: live", "status: paused")
    warnings = load(tmp_path, {"campaigns/long-term.yaml": paused}).warnings
    assert {(problem.code, problem.severity) for problem in warnings} == {("N179", "warning")}
    assert len(warnings) == 4
    assert "`long-term` is paused" in warnings[0].message


def test_a_reason_that_a_live_and_a_paused_campaign_take_is_no_warning(tmp_path):
    also = LONG_TERM.replace("status: live", "status: paused")
    assert load(tmp_path, {"campaigns/also.yaml": also}).warnings == ()


def test_where_all_is_paused_everything_loads(tmp_path):
    files = {"campaigns/long-term.yaml": LONG_TERM, "campaigns/not-ready-yet.yaml": CAMPAIGN}
    paused = {name: text.replace("status: live", "status: paused") for name, text in files.items()}
    assert {problem.code for problem in load(tmp_path, paused).warnings} == {"N179"}


def test_of_a_file_that_cannot_be_parsed_nothing_is_held_against_the_others(tmp_path):
    assert [problem.code for problem in problems(tmp_path, {A: "company: [\n"})] == ["N105"]
    assert [problem.code for problem in problems(tmp_path / "b", {"campaigns/long-term.yaml": "name: 'x\n"})] == [
        "N105"
    ]
    (problem,) = problems(tmp_path / "c", {"templates/not-ready/roi.mjml": b"\xff"})
    assert (problem.file, problem.code) == ("templates/not-ready/roi.mjml", "N102")


def test_a_workspace_without_a_fault_has_no_problem(tmp_path):
    assert load(tmp_path).warnings == ()
    assert problems(tmp_path, {}) == ()
