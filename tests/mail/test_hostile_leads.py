"""Leads whose data try to be code, whatever the mail is written in: markup, headers and the text part stay whole."""

import email
import email.policy
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import TemplateError
from nurture.mail.template import CompiledTemplate
from tests.mail.making import compiled, read, sent, shown
from tests.mail.test_message import NASTY, VALUES, Seen, hrefs, plain

COMPANY, TITLE = "{{ lead.company | default('-') }}", "{{ lead.title | default('-') }}"
LINK = "https://acme.example/?c={{ lead.company | default('') | urlencode }}"
TEMPLATES: dict[str, CompiledTemplate] = {
    "mjml": compiled(
        f"""
        <mj-section><mj-column><mj-text>[[{COMPANY}]] <b title="{TITLE}">x</b></mj-text>
        <mj-button href="{LINK}">(({TITLE}))</mj-button>
        <mj-table><tr><td>{{{{ lead.words | default([]) | join('; ') }}}}</td></tr></mj-table></mj-column></mj-section>
        """,
        parts={"_layout.mjml": "<mjml><mj-body>{% block content %}{% endblock %}</mj-body></mjml>"},
    ),
    "html": compiled(
        f"""
        <!DOCTYPE html><html><head><style>p {{ color: #123456 }}</style></head><body>
        <p class="a" title="{TITLE}">[[{COMPANY}]]</p>
        <ul>{{% for word in lead.words | default([]) %}}<li>{{{{ word }}}}</li>{{% endfor %}}</ul>
        <p><a href="{LINK}">(({TITLE}))</a></p>
        </body></html>
        """,
        kind="html",
    ),
    "md": compiled(
        f"""
        # [[{COMPANY}]]

        - **(({TITLE}))** and `{COMPANY}`
        - [a link]({LINK} "{TITLE}")

        | a | b |
        |---|---|
        | {COMPANY} | x |
        """,
        kind="md",
    ),
}
CODE = [
    "# heading", "**bold**", "[x](https://evil.example)", "![x](https://evil.example/x.png)", "| a | b |", "1. one",
    "```", "> quote", "https://evil.example/", "<https://evil.example>", "<mj-text>", "</mj-column></mj-section>",
    "</td></tr></table>", "</style><script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "&#0;", "{{ lead.email }}",
    "{# x #}", "{%", "[[endif]]", "%0d%0aBcc:", "--=_", "Content-Type: text/html\r\n\r\n<b>", "=\r\n", "=0D=0A",
    "\x1e\x1f", ".", "..\n.", "." * 80,
]  # fmt: skip
HOSTILE = (st.sampled_from(CODE) | VALUES | st.lists(st.sampled_from([*CODE, *NASTY]), max_size=3).map(" ".join)).map(
    lambda text: re.sub(r"[\ud800-\udfff]", "", text)  # no database keeps them
)
TAME = {"company": "x", "title": "y"}


@pytest.mark.parametrize("kind", TEMPLATES)
@given(company=HOSTILE, title=HOSTILE)
@settings(max_examples=25, deadline=None)
def test_what_a_lead_is_called_is_read_and_does_nothing(kind: str, company: str, title: str) -> None:
    template = TEMPLATES[kind]
    mail = sent(template, {"company": company, "title": title})
    message, text, html = read(mail)
    seen, harmless = Seen(html), Seen(shown(template, TAME)[1])
    assert seen.tags == harmless.tags
    assert len(hrefs(html)) == len(hrefs(shown(template, TAME)[1]))
    assert [url for url in hrefs(html) if "evil" in url] == []
    for part in (text, seen.text):
        assert f"[[{_known(company)}]]" in part
        assert f"(({_known(title)}))" in part
    assert _known(title) in seen.titles
    assert len(list(message.iter_parts())) == 2
    assert max(map(len, mail.data.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))) <= 76
    assert mail.dotless
    assert b"\r\n." not in mail.data


@given(name=HOSTILE, kind=st.sampled_from(sorted(TEMPLATES)))
@settings(max_examples=40, deadline=None)
def test_names_and_subjects_stay_in_their_fields(name: str, kind: str) -> None:
    headed = HEADED[kind]
    try:
        data = sent(headed, {"first_name": name, "last_name": name}).data
    except TemplateError as refused:
        said = str(refused)
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", name), said
        return
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert sorted(name.lower() for name in message) == FIELDS
    assert [address.addr_spec for address in message["To"].addresses] == ["jo@example.com"]
    assert max(map(len, data.split(b"\r\n\r\n", 1)[0].split(b"\r\n"))) <= 998
    assert "Bcc" not in message


HEADED = {
    kind: compiled("<p>x</p>" if kind == "html" else "x" if kind == "md" else "<mj-text>x</mj-text>", kind=kind,
                   head="subject: \"To {{ lead.first_name | default('you') }}\"")
    for kind in TEMPLATES
}  # fmt: skip
FIELDS = sorted([
    "date", "from", "reply-to", "to", "subject", "message-id", "list-unsubscribe", "list-unsubscribe-post", "list-id",
    "feedback-id", "mime-version", "content-type",
])  # fmt: skip


def _known(value: str) -> str:
    return plain(value) if value.strip() else "-"
