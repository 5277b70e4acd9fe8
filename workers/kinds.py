"""The kinds of work, and where Redis keeps what is known of each. A job is its kind and nothing else."""

KINDS = (
    "advance", "deliver", "settle", "notices", "confirmations", "forwards", "inbox", "rescore", "promises", "digest",
    "crm",
)  # fmt: skip


def waiting_key(kind: str) -> str:
    """The Redis key that says a job of this kind waits to be taken, or is not to be asked for yet."""
    return f"nurture:waits:{kind}"


def failed_key(kind: str) -> str:
    """The Redis key that counts how often jobs of this kind have failed in a row."""
    return f"nurture:failed:{kind}"
