"""What editors insert as a whole, with places to fill in: the keyword `defaultSnippets` of VS Code and others."""

from typing import Any, TypeAlias

Snippets: TypeAlias = list[tuple[str, dict[str, Any]]]

_STEPS: Snippets = [
    ("a step: an e-mail", {"id": "${1:case-study}", "email": "${2:folder/name}"}),
    ("a step: a survey", {"id": "${1:timing}", "survey": "${2:folder/name}"}),
]
_SIGNALS: Snippets = [
    ("a signal: a page", {"${1:pricing_page}": {"when": {"page": "${2:/pricing*}"}, "points": "^${3:20}"}}),
    ("a signal: an event", {"${1:webinar}": {"when": {"track": "${2:Webinar Attended}"}, "points": "^${3:30}"}}),
    (
        "a signal: asked for sales",
        {"${1:demo_request}": {"when": {"track": "${2:Demo Requested}"}, "hand_raise": True}},
    ),
]
_REASONS: Snippets = [
    ("a reason: back to nurture", {"${1:not_ready}": {"label": "${2:Not ready to buy}", "then": "nurture"}}),
]


def add_snippets(properties: dict[str, Any]) -> None:
    """Give the top keys of a file, where it has them, what an editor inserts below them."""
    if "steps" in properties:
        properties["steps"]["items"]["defaultSnippets"] = _snippets(_STEPS)
    for key, said in (("signals", _SIGNALS), ("reject_reasons", _REASONS)):
        if key in properties:
            properties[key]["defaultSnippets"] = _snippets(said)


def _snippets(said: Snippets) -> list[dict[str, Any]]:
    return [{"label": label, "body": body} for label, body in said]
