"""The elements of MJML, by what they hold."""

HOLDS_HTML = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-navbar-link", "mj-social-element", "mj-accordion-title",
    "mj-accordion-text", "mj-title", "mj-preview", "mj-style",
})  # fmt: skip
"""Those that hold text and HTML, and no others of MJML."""
HOLDS_RAW = frozenset({"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"})
"""Those that hold others, and among them `<mj-raw>`."""
_HOLDS_ELEMENTS = HOLDS_RAW | {
    "mjml", "mj-attributes", "mj-accordion", "mj-accordion-element", "mj-carousel", "mj-navbar", "mj-social",
}  # fmt: skip
EMPTY = frozenset(
    {"mj-image", "mj-divider", "mj-spacer", "mj-font", "mj-breakpoint", "mj-carousel-image", "mj-all", "mj-class"}
)
"""Those that hold nothing."""
ELEMENTS = HOLDS_HTML | _HOLDS_ELEMENTS | EMPTY


def is_unknown(name: str) -> bool:
    """Tell whether a name looks like an element of MJML and is none."""
    return name.startswith("mj") and name not in ELEMENTS
