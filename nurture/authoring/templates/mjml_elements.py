"""What MJML's elements may have and hold: facts of its documentation (documentation.mjml.io, MJML 4 and 5), as data.

The compiler in use (MRML, by mjml-python) drops an attribute that it does not know without a word. `DROPPED` is what it
drops although the documentation has it; measured, and a test measures it again.
"""

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left"
_LETTERS = "color font-family font-size font-weight font-style line-height"
_FONT = f"{_LETTERS} letter-spacing"
_DECORATION = "text-decoration text-transform"
_LINK = "href rel target title name"
_PICTURE = "src srcset sizes alt"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position background-position-x "
    "background-position-y"
)
_BOX = f"{_PADDING} container-background-color"
_ACCORDION_ICONS = (
    "icon-align icon-height icon-width icon-position icon-wrapped-url icon-wrapped-alt icon-unwrapped-url "
    "icon-unwrapped-alt"
)
_SECTION = f"{_BACKGROUND} {_BORDER} {_PADDING} border-radius direction full-width gutter text-align text-padding"

_BODY: dict[str, str] = {
    "mj-accordion": f"{_BOX} {_ACCORDION_ICONS} border font-family",
    "mj-accordion-element": f"{_ACCORDION_ICONS} background-color border font-family",
    "mj-accordion-title": f"{_PADDING} background-color color font-family font-size font-weight",
    "mj-accordion-text": f"{_PADDING} background-color color font-family font-size font-weight letter-spacing "
    "line-height",
    "mj-button": f"{_BOX} {_BORDER} {_FONT} {_DECORATION} {_LINK} align background-color border-radius height "
    "inner-padding text-align vertical-align width",
    "mj-carousel": f"{_BOX} align border-radius icon-width left-icon right-icon tb-border tb-border-radius "
    "tb-hover-border-color tb-selected-border-color tb-width thumbnails",
    "mj-carousel-image": "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title",
    "mj-column": f"{_PADDING} {_BORDER} background-color border-radius direction inner-background-color inner-border "
    "inner-border-top inner-border-right inner-border-bottom inner-border-left inner-border-radius vertical-align "
    "width",
    "mj-divider": f"{_BOX} align border-color border-style border-width width",
    "mj-group": "background-color direction vertical-align width",
    "mj-hero": f"{_PADDING} background-color background-height background-position background-url background-width "
    "border-radius container-background-color height inner-background-color inner-padding inner-padding-top "
    "inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align",
    "mj-image": f"{_BOX} {_BORDER} {_LINK} {_PICTURE} align border-radius fluid-on-mobile font-size height max-height "
    "usemap width",
    "mj-navbar": f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
    "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left "
    "ico-text-decoration ico-text-transform",
    "mj-navbar-link": f"{_PADDING} {_FONT} {_DECORATION} href rel target name",
    "mj-section": _SECTION,
    "mj-social": f"{_BOX} {_LETTERS} align border border-radius icon-height icon-padding icon-size inner-padding mode "
    "table-layout text-decoration text-padding vertical-align",
    "mj-social-element": f"{_PADDING} {_LETTERS} {_LINK} {_PICTURE} align background-color border border-radius "
    "icon-height icon-padding icon-position icon-size text-decoration text-padding vertical-align",
    "mj-spacer": f"{_BOX} {_BORDER} height",
    "mj-table": f"{_BOX} align border cellpadding cellspacing color font-family font-size font-weight line-height role "
    "table-layout vertical-align width",
    "mj-text": f"{_BOX} {_FONT} {_DECORATION} align background-color height vertical-align",
    "mj-wrapper": f"{_SECTION} gap",
}
_OTHER: dict[str, str] = {
    "mjml": "lang dir owa version xmlns",
    "mj-head": "",
    "mj-attributes": "",
    "mj-body": "background-color width css-class id",
    "mj-breakpoint": "width",
    "mj-font": "name href",
    "mj-preview": "",
    "mj-raw": "position",
    "mj-style": "inline",
    "mj-title": "",
}
ATTRIBUTES: dict[str, frozenset[str]] = {
    **{name: frozenset(f"{own} css-class mj-class".split()) for name, own in _BODY.items()},
    **{name: frozenset(own.split()) for name, own in _OTHER.items()},
}
"""The attributes of each element."""
_DROPPED: dict[str, str] = {
    "mj-accordion-title": "font-weight",
    "mj-button": "title",
    "mj-hero": "border-radius container-background-color",
    "mj-image": "border-top border-bottom sizes",
    "mj-section": "gutter text-padding",
    "mj-social": "border table-layout",
    "mj-social-element": "border icon-position sizes srcset",
    "mj-spacer": _BORDER,
    "mj-table": "font-weight",
    "mj-text": "background-color",
    "mj-wrapper": "gap gutter text-padding",
}
DROPPED: dict[str, frozenset[str]] = {name: frozenset(own.split()) for name, own in _DROPPED.items()}
"""The attributes of each element that MJML has and the compiler in use drops."""
EVERY = frozenset().union(*ATTRIBUTES.values())
"""What `<mj-all>` and `<mj-class>` may set."""

_CONTENT = (
    "mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer mj-table mj-text"
)
_CHILDREN: dict[str, str] = {
    "mjml": "mj-head mj-body mj-raw",
    "mj-head": "mj-attributes mj-breakpoint mj-font mj-preview mj-raw mj-style mj-title",
    "mj-body": "mj-hero mj-raw mj-section mj-wrapper",
    "mj-wrapper": "mj-hero mj-raw mj-section",
    "mj-section": "mj-column mj-group mj-raw",
    "mj-group": "mj-column mj-raw",
    "mj-column": _CONTENT,
    "mj-hero": _CONTENT,
    "mj-accordion": "mj-accordion-element mj-raw",
    "mj-accordion-element": "mj-accordion-title mj-accordion-text mj-raw",
    "mj-carousel": "mj-carousel-image",
    "mj-navbar": "mj-navbar-link mj-raw",
    "mj-social": "mj-social-element mj-raw",
}
CHILDREN: dict[str, frozenset[str]] = {name: frozenset(held.split()) for name, held in _CHILDREN.items()}
"""What each element holds. `<mj-attributes>` holds them all; what is not here holds text or nothing."""


def parents_of(element: str) -> list[str]:
    """Give the elements that may hold one, in the order from the whole to its parts."""
    return [parent for parent, held in CHILDREN.items() if element in held]
