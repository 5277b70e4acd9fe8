"""An address that its owner knows again, and nobody else learns: pages are opened by whoever has the mail."""


def masked(email: str) -> str:
    """`m***@a***.example`: the first letters, and the last part of the domain."""
    local, _, domain = email.strip().lower().partition("@")
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***{dot}{ending}"
