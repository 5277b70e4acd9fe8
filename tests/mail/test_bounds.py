"""No expression of a template makes much out of little, whatever a lead says of themselves."""

import pytest

from nurture.mail.environment import HTML, SUBJECTS, Facts

BILLION = 10**9


@pytest.mark.parametrize(
    "expression",
    [
        "'*' * lead.much",
        "lead.much * '*'",
        "[1] * lead.much",
        "lead.name * lead.much",
        "9 ** lead.much",
        "'%1000000000d' % 3",
        "'%*d' % (lead.much, 3)",
        "'%1000000000d' | format(3)",
        "'{:1000000000d}'.format(3)",
        "'{:{w}d}'.format(3, w=lead.much)",
        "'{:{}d}'.format(3, lead.much)",
        "lead.name.ljust(lead.much)",
        "lead.name.zfill(width=lead.much)",
        "lead.name.expandtabs(tabsize=lead.much)",
        "(3).to_bytes(lead.much, 'big')",
        "[1] | slice(lead.much) | list",
        "lead.long | replace('a', lead.long)",
        "lead.long.replace('a', lead.long)",
    ],
)
@pytest.mark.parametrize("environment", [SUBJECTS, HTML], ids=["subject", "html"])
def test_what_would_fill_a_workers_memory_is_refused(environment, expression: str) -> None:
    template = environment.from_string("{{ EXPRESSION }}".replace("EXPRESSION", expression))
    with pytest.raises((ValueError, TypeError), match=r"too large|more than|width|keyword"):
        template.render(lead=Facts("lead", {"much": BILLION, "name": "a\tb", "long": "a" * 30_000}))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'*' * lead.stars", "****"),
        ("'%02d:%s' % (lead.stars, lead.name)", "04:a%b"),
        ("'%-6s|' | format(lead.name)", "a%b   |"),
        ("'{:>6}|{:,}'.format(lead.name, lead.many)", "   a%b|1,000,000,000"),
        ("lead.name.ljust(5) ~ '|'", "a%b  |"),
        ("lead.many * lead.many", str(BILLION**2)),
        ("2 ** 64", str(2**64)),
        ("lead.many % 7", str(BILLION % 7)),
        ("100 * 1.5", "150.0"),
        ("lead.name | replace('%', ' and ')", "a and b"),
        ("lead.name.replace('%', '&')", "a&b"),
        ("[1, 2, 3] | slice(2) | list", "[[1, 2], [3]]"),
    ],
)
def test_what_is_within_reason_is_as_it_was(expression: str, expected: str) -> None:
    template = SUBJECTS.from_string("{{ EXPRESSION }}".replace("EXPRESSION", expression))
    assert template.render(lead=Facts("lead", {"stars": 4, "many": BILLION, "name": "a%b"})) == expected
