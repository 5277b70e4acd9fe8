"""What large mail programs may do nothing with, where that costs a reader something: how it is met, what to do instead.

Which program lacks what stands in `support.json`, from caniemail.com. Left out is what a mail can do without: round
corners, shadows, movement, a font that falls back to another.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["property", "value", "rule", "selector", "element", "attribute", "picture"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to look for.

    Attributes:
        slug: Its name at caniemail.com.
        kind: Where it stands: a CSS `property` (the pattern is of its name), a CSS declaration by its `value` (of
            `name: value`), an at-`rule` or `selector` (of what stands before `{`), an HTML `element` or `attribute` (of
            the name), the address of a `picture`.
        pattern: What it looks like there.
        shown: How it is called.
        hint: What to write instead.
    """

    slug: str
    kind: Kind
    pattern: re.Pattern[str]
    shown: str
    hint: str


def _one(slug: str, kind: Kind, pattern: str, shown: str, hint: str) -> Feature:
    return Feature(slug, kind, re.compile(pattern, re.IGNORECASE), shown, hint)


_TABLES = "lay it out with mj-section and mj-column, or with a table"
_SIDES = "write the side itself, such as padding-left"
_COLOUR = "write a background colour too: that is what they show"
_PLAIN = "write a colour as #336699"
_LENGTH = "write a length in px or %"
_PICTURE = "use a PNG, JPEG or GIF"
_CLASS = "give the element a class, and style that"
_FORM = "link to a page with the form, or ask with answer_url('question', 'answer')"

FEATURES: tuple[Feature, ...] = (
    _one("css-display-flex", "value", r"display:\s*(inline-)?flex\b", "display: flex", _TABLES),
    _one("css-display-grid", "value", r"display:\s*(inline-)?grid\b", "display: grid", _TABLES),
    _one("css-grid-template", "property", r"grid-template(-\w+)?", "grid-template", _TABLES),
    _one("css-align-items", "property", r"align-(items|content|self)", "align-items", _TABLES),
    _one("css-justify-content", "property", r"justify-(content|items|self)", "justify-content", _TABLES),
    _one("css-flex-direction", "property", r"flex-direction", "flex-direction", _TABLES),
    _one("css-flex-wrap", "property", r"flex-wrap", "flex-wrap", _TABLES),
    _one("css-gap", "property", r"(row-|column-)?gap", "gap", "write padding into the cells"),
    _one("css-position", "value", r"position:\s*(absolute|fixed|sticky|relative)\b", "position", _TABLES),
    _one("css-float", "property", r"float", "float", 'write align="left" on the picture, or use a table'),
    _one("css-column-count", "property", r"columns|column-(count|width)", "columns of text", _TABLES),
    _one("css-transform", "property", r"transform", "transform", "make the picture as it is to be seen"),
    _one("css-clip-path", "property", r"clip-path", "clip-path", "make the picture as it is to be seen"),
    _one("css-mask-image", "property", r"mask(-image)?", "mask", "make the picture as it is to be seen"),
    _one("css-filter", "property", r"filter", "filter", "make the picture as it is to be seen"),
    _one("css-object-fit", "property", r"object-fit", "object-fit", "cut the picture to its size beforehand"),
    _one("css-aspect-ratio", "property", r"aspect-ratio", "aspect-ratio", "write width and height"),
    _one("css-writing-mode", "property", r"writing-mode", "writing-mode", "turn the words in a picture, with alt text"),
    _one("css-visibility", "value", r"visibility:\s*(hidden|collapse)\b", "visibility", "write display: none"),
    _one("css-background-image", "value", r"background(-image)?:.*\burl\(", "a background picture", _COLOUR),
    _one("css-linear-gradient", "value", r".*\blinear-gradient\(", "linear-gradient()", _COLOUR),
    _one("css-radial-gradient", "value", r".*\bradial-gradient\(", "radial-gradient()", _COLOUR),
    _one("css-conic-gradient", "value", r".*\bconic-gradient\(", "conic-gradient()", _COLOUR),
    _one("css-variables", "value", r"(--[\w-]+:|.*\bvar\(\s*--)", "a CSS variable", "write the value itself"),
    _one("css-unit-calc", "value", r".*\bcalc\(", "calc()", _LENGTH),
    _one("css-function-clamp", "value", r".*\bclamp\(", "clamp()", _LENGTH),
    _one("css-function-min", "value", r".*\bmin\(", "min()", _LENGTH),
    _one("css-function-max", "value", r".*\bmax\(", "max()", _LENGTH),
    _one("css-unit-rem", "value", r"[\w-]+:.*?(?<![\w#.-])[\d.]+rem\b", "rem", _LENGTH),
    _one("css-unit-vh", "value", r"[\w-]+:.*?(?<![\w#.-])[\d.]+vh\b", "vh", _LENGTH),
    _one("css-unit-vw", "value", r"[\w-]+:.*?(?<![\w#.-])[\d.]+vw\b", "vw", _LENGTH),
    _one("css-modern-color", "value", r".*\b(ok)?(lch|lab)\(", "lch(), lab()", _PLAIN),
    _one("css-function-light-dark", "value", r".*\blight-dark\(", "light-dark()", _PLAIN),
    _one("css-inline-size", "property", r"inline-size", "inline-size", "write width"),
    _one("css-block-inline-size", "property", r"block-size", "block-size", "write height"),
    _one("css-margin-inline-block", "property", r"margin-(inline|block)", "margin-inline", _SIDES),
    _one("css-margin-inline-start-end", "property", r"margin-inline-(start|end)", "margin-inline-start", _SIDES),
    _one("css-margin-block-start-end", "property", r"margin-block-(start|end)", "margin-block-start", _SIDES),
    _one("css-padding-inline-block", "property", r"padding-(inline|block)", "padding-inline", _SIDES),
    _one("css-padding-inline-start-end", "property", r"padding-inline-(start|end)", "padding-inline-start", _SIDES),
    _one("css-padding-block-start-end", "property", r"padding-block-(start|end)", "padding-block-start", _SIDES),
    _one("css-at-import", "rule", r"@import\b", "@import", "write the style sheet into the mail"),
    _one("css-at-supports", "rule", r"@supports\b", "@supports", "write what works everywhere"),
    _one("css-pseudo-element-before", "selector", r".*::?before\b", "::before", "write the text itself"),
    _one("css-pseudo-element-after", "selector", r".*::?after\b", "::after", "write the text itself"),
    _one("css-pseudo-class-first-child", "selector", r".*:first-child\b", ":first-child", _CLASS),
    _one("css-pseudo-class-last-child", "selector", r".*:last-child\b", ":last-child", _CLASS),
    _one("css-pseudo-class-nth-child", "selector", r".*:nth-child\b", ":nth-child", _CLASS),
    _one("css-pseudo-class-nth-of-type", "selector", r".*:nth-of-type\b", ":nth-of-type", _CLASS),
    _one("css-pseudo-class-not", "selector", r".*:not\(", ":not()", _CLASS),
    _one("css-pseudo-class-has", "selector", r".*:has\(", ":has()", _CLASS),
    _one("css-pseudo-class-checked", "selector", r".*:checked\b", ":checked", "show it all: few can open it"),
    _one("css-nesting", "selector", r"&", "a rule within a rule", "write each rule by itself"),
    _one("html-video", "element", r"video", "<video>", "show a picture that links to the film"),
    _one("html-audio", "element", r"audio", "<audio>", "link to the recording"),
    _one("html-svg", "element", r"svg", "<svg>", _PICTURE),
    _one("html-object", "element", r"object", "<object>", "link to it"),
    _one("html-form", "element", r"form", "<form>", _FORM),
    _one("html-textarea", "element", r"textarea", "<textarea>", _FORM),
    _one("html-select", "element", r"select", "<select>", _FORM),
    _one("html-dialog", "element", r"dialog", "<dialog>", "write its text into the mail"),
    _one("html-progress", "element", r"progress", "<progress>", "write the figure"),
    _one("html-meter", "element", r"meter", "<meter>", "write the figure"),
    _one("html-link", "element", r"link", "<link>", "write the style sheet into the mail"),
    _one("html-hidden", "attribute", r"hidden", "hidden", 'write style="display: none"'),
    _one("image-svg", "picture", r"[^?#]*\.svgz?([?#]|$)", "an SVG picture", _PICTURE),
    _one("image-webp", "picture", r"[^?#]*\.webp([?#]|$)", "a WebP picture", _PICTURE),
    _one("image-avif", "picture", r"[^?#]*\.avif([?#]|$)", "an AVIF picture", _PICTURE),
    _one("image-heif", "picture", r"[^?#]*\.hei[cf]([?#]|$)", "a HEIF picture", _PICTURE),
    _one("image-tiff", "picture", r"[^?#]*\.tiff?([?#]|$)", "a TIFF picture", _PICTURE),
    _one("image-base64", "picture", r"data:", "a picture within the mail", "put it on a server and link to it"),
)
