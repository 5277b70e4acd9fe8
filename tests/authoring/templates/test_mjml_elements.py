"""The table of MJML's attributes is true of the compiler in use: what it says is dropped is dropped, and no more."""

import pytest
from mjml import mjml2html

from nurture.authoring.templates.mjml_elements import ATTRIBUTES, CHILDREN, DROPPED, EVERY, parents_of
from nurture.mail.elements import ELEMENTS

COLUMN = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
PLACES = {
    "mj-accordion-title": COLUMN.format(
        "<mj-accordion><mj-accordion-element><mj-accordion-title {}>x</mj-accordion-title></mj-accordion-element>"
        "</mj-accordion>"
    ),
    "mj-button": COLUMN.format('<mj-button href="h" {}>x</mj-button>'),
    "mj-hero": '<mjml><mj-body><mj-hero background-url="u" {}><mj-text>x</mj-text></mj-hero></mj-body></mjml>',
    "mj-image": COLUMN.format('<mj-image src="a" href="h" srcset="a 1x" {} />'),
    "mj-section": "<mjml><mj-body><mj-section {}><mj-column /></mj-section></mj-body></mjml>",
    "mj-social": COLUMN.format('<mj-social {}><mj-social-element src="a" href="h">x</mj-social-element></mj-social>'),
    "mj-social-element": COLUMN.format(
        '<mj-social><mj-social-element src="a" href="h" {}>x</mj-social-element></mj-social>'
    ),
    "mj-spacer": COLUMN.format("<mj-spacer {} />"),
    "mj-table": COLUMN.format("<mj-table {}><tr><td>x</td></tr></mj-table>"),
    "mj-text": COLUMN.format("<mj-text {}>x</mj-text>"),
    "mj-wrapper": "<mjml><mj-body><mj-wrapper {}><mj-section /><mj-section /></mj-wrapper></mj-body></mjml>",
}
KEPT = {
    "mj-button": "color background-color border-top inner-padding letter-spacing text-transform width align",
    "mj-image": "alt border width height title align container-background-color padding-left",
    "mj-section": "background-color border-left direction padding text-align background-url full-width",
    "mj-spacer": "height container-background-color padding-top",
    "mj-table": "color cellpadding border line-height table-layout width",
    "mj-text": "color font-size letter-spacing text-decoration align height container-background-color padding-left",
    "mj-wrapper": "background-color border padding full-width",
}
VALUES = ("73px", "#abcdef", "1px solid #abcdef", "rtl", "full-width", "right", "uppercase", "fixed")


def changes(element: str, attribute: str) -> bool:
    """Whether an attribute changes what comes out."""
    without = mjml2html(PLACES[element].replace("{}", ""), fonts={})
    made = (mjml2html(PLACES[element].replace("{}", f'{attribute}="{value}"'), fonts={}) for value in VALUES)
    return any(html != without for html in made)


@pytest.mark.parametrize(
    ("element", "attribute"), [(name, one) for name, own in DROPPED.items() for one in sorted(own)]
)
def test_what_is_said_to_be_dropped_changes_nothing(element: str, attribute: str) -> None:
    assert not changes(element, attribute)
    assert attribute in ATTRIBUTES[element]


@pytest.mark.parametrize(("element", "attribute"), [(name, one) for name, own in KEPT.items() for one in own.split()])
def test_what_is_not_said_to_be_dropped_changes_something(element: str, attribute: str) -> None:
    assert changes(element, attribute)
    assert attribute in ATTRIBUTES[element] - DROPPED.get(element, frozenset())


def test_the_tables_speak_of_the_same_elements() -> None:
    assert ATTRIBUTES.keys() | {"mj-all", "mj-class"} == ELEMENTS
    assert {child for held in CHILDREN.values() for child in held} <= ELEMENTS
    assert CHILDREN.keys() <= ELEMENTS
    assert parents_of("mj-text") == ["mj-column", "mj-hero"]
    assert {"padding", "css-class", "mj-class", "href"} <= EVERY
