"""The stable code of every problem that can be found in a template. A code is never given a second meaning.

N20x front matter · N21x Jinja · N22x the syntax of other programs · N23x elements and attributes · N24x pictures and
links · N25x the mail as it goes out · N26x what is not used
"""

from nurture.workspace.codes import Code

NO_FRONT_MATTER = Code("N200", "the template does not begin with its subject between two lines ---")
FRONT_MATTER = Code("N201", "what stands between the two --- cannot be read")
UNKNOWN_KEY = Code("N202", "a key that front matter does not have")
NO_SUBJECT = Code("N203", "there is no subject")
NO_PREHEADER = Code("N204", "there is no preheader")
NOT_ONE_LINE = Code("N205", "a subject, preheader or layout that is not one line of text")
LONG_SUBJECT = Code("N206", "a subject longer than inboxes show")
LONG_PREHEADER = Code("N207", "a preheader longer than inboxes show")

JINJA = Code("N210", "Jinja that cannot be read")
BRACKETS = Code("N211", "brackets that are nearly Jinja's")
UNKNOWN_NAME = Code("N212", "a name that is not known")
UNKNOWN_TOOL = Code("N213", "a filter or test that there is not")
PART = Code("N214", "a layout, part, block or macro that there is not, or that is used wrongly")
NOT_HERE = Code("N215", "Jinja where it cannot stand")
NEARLY_A_FIELD = Code("N216", "a field of your own that is nearly another's name")
NO_DEFAULT = Code("N217", "a field that is written without saying what stands there when it is empty")

MUSTACHE = Code("N220", "Mustache or Handlebars instead of Jinja")
MERGE_TAG = Code("N221", "a merge tag of another program")

TAG = Code("N230", "a tag that does not end, or elements that do not close in order")
UNKNOWN_ELEMENT = Code("N231", "an element that MJML does not have, or a mail cannot have")
NESTING = Code("N232", "an element or text where it cannot stand")
MISSPELT_ATTRIBUTE = Code("N233", "an attribute that is nearly one that the element has")
UNKNOWN_ATTRIBUTE = Code("N234", "an attribute that the element does not have")
REFUSED = Code("N235", "a document that cannot become a mail")
NO_LANGUAGE = Code("N236", "a whole document that does not say its language")
BAD_STYLE = Code("N237", "a style that cannot be read")

NO_ALT = Code("N240", "a picture without words for those who do not see it")
NO_WIDTH = Code("N241", "a picture without a width")
EMPTY_WORDS = Code("N242", "a link whose words say nothing")
BAD_LINK = Code("N243", "a link that leads nowhere a mail program could follow")
NO_HTTPS = Code("N244", "a link without https")
EMPTY_LINK = Code("N245", "a link to nothing")
OWN_UNSUBSCRIBE = Code("N246", "a link that says unsubscribe and leads elsewhere")
NOT_EVERYWHERE = Code("N247", "something that a large mail program does nothing with")

NO_FOOTER = Code("N250", "a mail without postal address or unsubscribe link")
NO_ANSWER = Code("N251", "a survey that cannot be answered")
LARGE = Code("N252", "a mail so large that a little more will be cut off")
TOO_LARGE = Code("N253", "a mail so large that it is cut off")
CANNOT_BE_MADE = Code("N254", "a mail that cannot be made for some leads")
LIKE_SPAM = Code("N255", "a mail that a spam filter notices")
SPAM = Code("N256", "a mail that a spam filter takes for spam")

UNUSED = Code("N260", "a template that no step sends")
UNUSED_PART = Code("N261", "a part that no template uses")

ALL: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))

BY_TOPIC: dict[str, Code] = {
    "mail": REFUSED,
    "front": FRONT_MATTER,
    "no front": NO_FRONT_MATTER,
    "key": UNKNOWN_KEY,
    "subject": NO_SUBJECT,
    "line": NOT_ONE_LINE,
    "jinja": JINJA,
    "name": UNKNOWN_NAME,
    "tool": UNKNOWN_TOOL,
    "part": PART,
    "place": NOT_HERE,
    "tag": TAG,
    "element": UNKNOWN_ELEMENT,
    "nesting": NESTING,
    "depth": NESTING,
    "style": BAD_STYLE,
    "link": BAD_LINK,
    "footer": NO_FOOTER,
}
"""The code of a `TemplateError`, by its topic."""
