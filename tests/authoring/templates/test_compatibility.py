"""What large mail programs do nothing with: met where it stands, told once, never where it is not meant for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.authoring.templates.compatibility import lacking, spoken
from nurture.authoring.templates.features import FEATURES
from nurture.authoring.templates.sheets import read_sheet
from tests.authoring.templates.making import HEAD, problems


def told(inside: str, name: str = "t.mjml") -> list[tuple[int, int, str]]:
    """Where and what is said of programs that lack something."""
    return [(one.line, one.column, one.message) for one in problems({name: HEAD + inside}) if one.code == "N247"]


def in_text(html: str) -> str:
    return f"<mj-text>{html}</mj-text>"


@pytest.mark.parametrize(
    ("html", "who", "what"),
    [
        ('<p style="color: red; display:inline-flex">x</p>', "Outlook for Windows", "display: flex"),
        ('<p style="width: calc(100% - 2px)">x</p>', "Yahoo Mail", "calc()"),
        ('<p style="color: var(--ours)">x</p>', "Gmail", "a CSS variable"),
        (
            '<p style="background: url(data:image/png;base64,A) red">x</p>',
            "Outlook for Windows",
            "background picture",
        ),
        ('<video src="https://acme.example/a.mp4"></video>', "Gmail", "<video>"),
        ('<img alt="x" width="9" src="https://acme.example/a.webp?v=1">', "Outlook for Windows", "WebP"),
        ('<img alt="x" width="9" src="data:image/png;base64,AA==">', "Gmail", "a picture within the mail"),
        ("<p hidden>x</p>", "Gmail", "hidden"),
    ],
)
def test_what_a_program_lacks_is_told_with_its_name(html: str, who: str, what: str) -> None:
    [(_, _, message)] = told(in_text(html))
    assert who in message
    assert what in message


def test_the_place_is_that_of_the_declaration() -> None:
    inside = "<mj-style>\n  p { color: red }\n  .row > p { color: red;\n    display: grid }\n</mj-style>"
    whole = (
        f'---\nsubject: "a"\npreheader: "b"\n---\n<mjml lang="en"><mj-head>{inside}</mj-head><mj-body></mj-body></mjml>'
    )
    found = [(one.line, one.column) for one in problems({"t.mjml": whole}) if one.code == "N247"]
    assert found == [(8, 5)]


def test_a_feature_is_told_once_a_mail() -> None:
    one = '<p style="display: flex">x</p>'
    [(_, column, message)] = told(in_text(one * 3))
    assert column == len("<mj-text>") + len('<p style="') + 1
    assert message.endswith("(2 more in this mail)")


@pytest.mark.parametrize(
    "html",
    [
        '<p style="border-radius: 4px; box-shadow: 0 0 2px red; max-width: 100%">x</p>',
        '<p style="/* display: flex */ color: red">x</p>',
        "<p style=\"font-family: 'display: flex'\">x</p>",
        '<p style="display: none; visibility: hidden">x</p>',
        '<!--[if mso]><p style="display: flex">x</p><![endif]-->',
        '<p style="width: {{ lead.employees | default(9) }}px">x</p>',
        '<img alt="x" width="9" src="https://acme.example/webp">',
        '<p class="calc(1)">x</p>',
    ],
)
def test_what_costs_nobody_anything_is_not_told(html: str) -> None:
    assert told(in_text(html)) == []


def test_what_stands_in_a_media_query_is_not_held_against_who_reads_none() -> None:
    footer = "<p>{{ company.address }} {{ unsubscribe_url }}</p>"
    sheet = "@media (max-width: 400px) { p { display: flex; gap: 2px } }"
    page = f'<html lang="en"><head><style>{sheet}</style></head><body>{footer}</body></html>'
    messages = [one.message for one in problems({"t.html": HEAD + page}) if one.code == "N247"]
    assert messages == ["Yahoo Mail does nothing with gap"]


def test_every_feature_is_in_the_table_and_some_program_lacks_it() -> None:
    assert {feature.slug for feature in FEATURES} == set(lacking())
    assert all(lacking().values())


def test_a_family_that_lacks_something_as_a_whole_is_named_as_one() -> None:
    assert spoken(["gmail.desktop-webmail", "gmail.ios", "gmail.android", "outlook.windows"]) == [
        "Gmail",
        "Outlook for Windows",
    ]


@given(st.text(alphabet="ab:;{}()@&\"'/* \n\\-"))
def test_any_sheet_can_be_read_and_every_piece_stands_where_it_is_said_to(sheet: str) -> None:
    for written in read_sheet(sheet):
        assert sheet[written.start] == written.text[0]
        assert written.text == written.text.strip()


def test_a_sheet_is_read_in_its_order_with_what_stands_around() -> None:
    sheet = "@import 'a;b.css'; a:hover{color:red}@media print{.b{width:calc(1px;)}}c{&:d{e:f}}"
    assert [(one.kind, one.text, one.is_conditional, one.is_nested) for one in read_sheet(sheet)] == [
        ("rule", "@import 'a;b.css'", False, False),
        ("selector", "a:hover", False, False),
        ("declaration", "color:red", False, False),
        ("rule", "@media print", False, False),
        ("selector", ".b", True, False),
        ("declaration", "width:calc(1px;)", True, False),
        ("selector", "c", False, False),
        ("selector", "&:d", False, True),
        ("declaration", "e:f", False, False),
    ]
