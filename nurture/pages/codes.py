"""The stable code of every problem below `templates/pages/`. A code is never given a second meaning."""

from nurture.workspace.codes import Code

NO_SUCH_PAGE = Code("N270", "a file below `templates/pages/` that is neither a page nor texts")
NO_SUCH_TEXT = Code("N271", "a text that no page has")
BAD_TEXT = Code("N272", "a text that cannot be used")
BROKEN_PAGE = Code("N273", "a page that cannot be shown")
USELESS_PAGE = Code("N274", "a page without its button")
NOT_LOADED = Code("N275", "something on a page that browsers will not load")
NOT_WHOLE = Code("N276", "a language of your own that is not whole")

ALL: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))
