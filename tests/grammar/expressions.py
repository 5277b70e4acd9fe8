"""Conditions drawn by hypothesis: as trees, and as text that is nearly one."""

from hypothesis import strategies as st

from nurture.grammar.tree import (
    And,
    Asked,
    Comparison,
    Empty,
    Field,
    FreeMail,
    Length,
    Listing,
    Literal,
    Matches,
    Not,
    Or,
)

ATTRIBUTES = ("plan", "seats", "beta", "joined")
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029"), max_size=12)
attributes = st.sampled_from([Field("lead", (name,)) for name in ATTRIBUTES])
employees = Field("lead", ("employees",))
title = Field("lead", ("title",))
numbers = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12, allow_nan=False).filter(lambda value: value != 0)
words = st.lists(st.text("abcdefgh &-", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=3).map(
    lambda found: tuple(" ".join(word.split()) for word in found)
)
literals = (texts | numbers).map(Literal)


def comparisons() -> st.SearchStrategy[Comparison]:
    order = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    membership = st.sampled_from(["in", "not in"])
    listings = st.lists(literals, min_size=1, max_size=4).map(lambda items: Listing(tuple(items)))
    return st.one_of(
        st.builds(
            lambda left, sign, right: Comparison(left, ((sign, right),)), attributes, order, literals | attributes
        ),
        st.builds(lambda sign, right: Comparison(employees, ((sign, Literal(right)),)), order, numbers),
        st.builds(lambda sign, right: Comparison(title, ((sign, Literal(right)),)), order, texts),
        st.builds(lambda left, sign, right: Comparison(left, ((sign, right),)), attributes, membership, listings),
        st.builds(lambda left, sign: Comparison(Literal(left), ((sign, title),)), texts, membership),
        st.builds(
            lambda low, one, left, other, high: Comparison(Literal(low), ((one, left), (other, Literal(high)))),
            numbers,
            order,
            attributes,
            order,
            numbers,
        ),
        st.builds(
            lambda left, sign, right: Comparison(Length(left), ((sign, Literal(right)),)),
            attributes,
            order,
            st.integers(0, 9),
        ),
        st.builds(
            lambda left, sign: Comparison(left, ((sign, Literal(True)),)), attributes, st.sampled_from(["==", "!="])
        ),
    )


def leaves() -> st.SearchStrategy[object]:
    step = st.sampled_from(["proof", "last-word"])
    return st.one_of(
        comparisons(),
        attributes,
        st.booleans().map(Literal),
        st.builds(Empty, attributes | st.just(employees)),
        st.builds(Matches, attributes | st.just(title), words),
        st.builds(FreeMail, st.just(Field("lead", ("email",)))),
        st.builds(Asked, st.just("visited"), st.sampled_from(["/pricing*", "/"]), st.none() | st.integers(1, 400)),
        st.builds(Asked, st.just("did"), st.just("Webinar"), st.none() | st.integers(1, 400)),
        st.builds(Asked, st.sampled_from(["received", "clicked", "answered"]), step),
    )


def _joined(kind: type[And] | type[Or]) -> object:
    def join(items: list[object]) -> object:
        flat = [part for item in items for part in (item.items if isinstance(item, kind) else (item,))]
        return kind(tuple(flat)) if len(flat) > 1 else flat[0]

    return join


def trees(max_leaves: int = 8) -> st.SearchStrategy[object]:
    def grow(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        several = st.lists(inner, min_size=2, max_size=3)
        return inner.map(Not) | several.map(_joined(And)) | several.map(_joined(Or))

    return st.recursive(leaves(), grow, max_leaves=max_leaves)


_PIECES = [
    "lead", ".", "title", "lead.title", "lead.employees", "company.name", "event.x", "step.id", "and", "or",
    "not", "in", "is", "empty", "(", ")", "[", "]", "{", "}", "{{", "}}", "{%", "|", "matches", "free_mail",
    "length", "default", "'vp'", '"x"', "'", '"', "\\", "200", "1.5", "1e999", "0x1f", "-", "+", "*", "**", "~",
    "%", "==", "!=", "<", "<=", ">", ">=", "=", ",", ":", ";", "!", "&", "visited('/a')", "did", "received('a')",
    "days=3", "if", "else", "true", "none", "for", " ", "\n", "\r\n", "\t", "__class__", "lead['a']", "٣", "²",
    "é", "\x00", "\u2028", "loop", "self", "caller", "_('a')",
]  # fmt: skip
garbage = (
    st.text(max_size=40)
    | st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=25).map(" ".join)
    | st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
)
"""Text that is no condition, or hardly one."""
