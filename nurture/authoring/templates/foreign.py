"""The syntax of other programs: Mustache and Handlebars within `{{ }}`, and merge tags with brackets of their own."""

import re
from dataclasses import dataclass

from nurture.authoring.templates.codes import BRACKETS, MERGE_TAG, MUSTACHE
from nurture.authoring.templates.merge_names import hint_for
from nurture.workspace.codes import Code

MERGE_TAGS = (
    ("Mailchimp", re.compile(r"\*\|(?P<name>[^|\n]{1,80})\|\*")),
    ("Mailgun", re.compile(r"%recipient\.(?P<name>\w{1,60})%")),
    ("Marketing Cloud", re.compile(r"%%(?P<name>=?[\w(][^%\n]{0,80}?)%%")),
    ("Mailjet", re.compile(r"\[\[(?P<name>[A-Za-z][\w:. -]{0,60})\]\]")),
    ("ERB", re.compile(r"<%=?(?P<name>[^%]{1,200})%>")),
    ("other programs", re.compile(r"\$\{(?P<name>[A-Za-z][\w.]{0,60})\}")),
)
"""Whose they are, and what they look like. Each is looked for by itself, so its brackets may be another's text."""
_CONDITION = re.compile(r"\s*(IF|IFNOT|ELSE|ELSEIF|END|/IF)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, and what to write instead."""

    code: Code
    message: str
    hint: str


def merge_tag(program: str, found: re.Match[str]) -> Advice:
    """Say what to write instead of a merge tag."""
    name = found["name"].strip("= ")
    message = f"`{found[0]}` is a merge tag of {program}; here it would stand in the mail as it is"
    if _CONDITION.match(name):
        return Advice(MERGE_TAG, message, "a condition is written {% if lead.country == 'GB' %} … {% endif %}")
    return Advice(MERGE_TAG, message, hint_for(name.rpartition(":")[2] or name))


def mustache(inner: str) -> Advice | None:
    """Say what to write instead of what stands between `{{` and `}}`, where that is Mustache or Handlebars."""
    code = inner.strip()
    sign, rest = code[:1], code[1:].strip()
    words = rest.split()
    if sign == "#" and words[:1] in (["if"], ["unless"]):
        negated = "not " if words[0] == "unless" else ""
        return _advice(inner, f"write {{% if {negated}{_field(words[1:])} %}} … {{% endif %}}")
    if sign == "#" and words[:1] == ["each"]:
        return _advice(inner, f"write {{% for item in {_field(words[1:])} %}} … {{% endfor %}}")
    if sign == "#":
        return _advice(inner, f"write {{% if {_field(words[-1:])} %}} … {{% endif %}}, or {{% for item in … %}}")
    if sign == "^":
        return _advice(inner, f"write {{% if not {_field(words)} %}} … {{% endif %}}, or {{% else %}}")
    if sign == "/":
        return _advice(inner, "write {% endfor %}" if words[:1] == ["each"] else "write {% endif %}")
    if sign == ">":
        return _advice(inner, f'write {{% include "_{words[0] if words else "part"}.mjml" %}}')
    if sign == "!":
        return _advice(inner, "a comment is written {# … #}")
    if sign in {"&", "@"}:
        return _advice(inner, f"write {{{{ {_field([rest])} }}}}; every value is escaped")
    return _advice(inner, "write {% else %}") if code == "else" or code.startswith("else ") else None


def raw_mustache(inner: str) -> Advice:
    """Say what to write instead of `{{{ … }}}`."""
    return Advice(
        MUSTACHE,
        f"`{{{{{{{inner}}}}}}}` is Mustache: three brackets put a value in unescaped, which no mail here does",
        f"with two brackets, {hint_for(inner.strip())}",
    )


def encoded(found: str) -> Advice:
    """Say what to write instead of brackets that an editor has encoded."""
    return Advice(
        BRACKETS, f"`{found}` was {{{{ … }}}} before an editor encoded it", "write it with its brackets again"
    )


def _advice(inner: str, hint: str) -> Advice:
    return Advice(MUSTACHE, f"`{{{{{inner}}}}}` is Mustache or Handlebars; mails here are written in Jinja", hint)


def _field(words: list[str]) -> str:
    name = words[0].removeprefix("this.").strip(".") if words else ""
    if not re.fullmatch(r"[\w.]+", name) or name == "this":
        return "lead.field"
    return name if name.startswith("lead.") else f"lead.{name}"
