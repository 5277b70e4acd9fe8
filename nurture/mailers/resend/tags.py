"""A delivery's token as Resend lets it be written: tags take ASCII letters, digits, `_` and `-`, and no dot."""

TAG = "nurture"
"""The tag's name; Resend repeats it in every event of the mail."""


def tag_of(token: str) -> str:
    """Give `d.TOKEN`, the local part of our Message-ID, as a tag's value: `d-TOKEN`."""
    return token.replace(".", "-", 1)


def token_of(tag: str) -> str:
    """Give the token back from a tag's value. What precedes the dot has no dash, so this is exact."""
    return tag.replace("-", ".", 1)
