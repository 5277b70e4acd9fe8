"""The pages that leads see: their texts in several languages, their templates, and what a workspace has instead.

A workspace's own lie below `templates/pages/`. Which page is shown when is the web's business: nothing here knows a
lead, a database or a request.
"""

from nurture.pages.languages import choose_language
from nurture.pages.rendering import Pages, Shown

__all__ = ["Pages", "Shown", "choose_language"]
