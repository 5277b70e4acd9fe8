"""Whether what a report was worked out by is what decides: files may have been edited since they were adopted."""

from sqlalchemy import Connection

from nurture.app import App
from nurture.store import versions

_AGREEMENT = "campaigns/agreement.yaml"

NOT_IN_FORCE = (
    f"worked out by {_AGREEMENT} as it is here, which is not what was adopted; Nurture decides by the adopted one "
    "until it is started again or released (`nurture plan` says what that changes)"
)


def is_adopted(db: Connection, app: App) -> bool:
    """Whether the agreement here is the adopted one; where nothing was ever adopted, these files are all there is."""
    adopted = versions.adopted(db)
    return not adopted or adopted.get(_AGREEMENT) == app.workspace.versions.get(_AGREEMENT)
