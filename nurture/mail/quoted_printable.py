"""Quoted-printable (RFC 2045 §6.7), prepared when a template is compiled.

A compiled template holds its constant parts already encoded, each ending with a line break (soft, unless the text
itself breaks there), so that every slot's value starts a line of its own. A mail then costs the encoding of its values
alone: about a twentieth of encoding the whole. No line has more than 76 characters, and none begins with a dot, so that
nobody has to look through a mail for dots that SMTP wants doubled (RFC 5321 §4.5.2).
"""

import binascii
import re
from collections.abc import Iterable
from html import escape as escape_text
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import escape

from nurture.mail.urls import OwnPage

READY_MADE = re.compile(r"_(link_\d+|open_url)").fullmatch
"""Names whose values are written out as they are: our own URLs, encoded once for both parts of a mail."""

_LINE = 76
_SOFT = "=\r\n"
_OVER_THE_BRIM = re.compile(r"^(.{74,75})(?==(?:20|09)$)", re.MULTILINE)
"""A line of 77 or 78: the encoder makes it where a blank ends a line of 75 or 76."""
_DOTS = re.compile(r"^\.+", re.MULTILINE)
_SAFE_TEXT = re.compile(r"[ -\-/-<>-~][ -<>-~]{0,74}").fullmatch
_SAFE_HTML = re.compile(r"[ !#-%(-\-/-;?-~][ !#-%(-;?-~]{0,74}").fullmatch
_SAFE_URL = re.compile(r"[!-<>-~]+").fullmatch
_BARE_RETURN = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def encode(text: str) -> str:
    r"""Encode a text that starts a line; what follows starts a line too. Line breaks in it go out as CRLF."""
    if not text:
        return ""
    lines = binascii.b2a_qp(text.encode(), istext=True).decode("ascii")
    if lines[0] == "." or "\n." in lines:
        lines = _DOTS.sub(lambda dots: "=2E=\n" * len(dots[0]), lines.replace("\r\n", "\n"))
    if "\n" in lines:
        lines = _OVER_THE_BRIM.sub(r"\1=\n", lines.replace("\r\n", "\n")).replace("\n", "\r\n")
        if lines.endswith("\n"):
            return lines
    last = len(lines) - (lines.rfind("\n") + 1)
    if last < _LINE:
        return lines + _SOFT
    # the encoder fills the last line up to the brim, which leaves no room for the soft break
    cut = -3 if lines[-3] == "=" else -1
    return lines[:cut] + _SOFT + ("=2E" if lines[cut:] == "." else lines[cut:]) + _SOFT


def encode_text(value: object) -> str:
    """Encode what fills a slot of the text. Control characters become spaces, all kinds of line breaks the one kind."""
    text = value if isinstance(value, str) else str(_given(value))
    return f"{text}{_SOFT}" if _SAFE_TEXT(text) else encode(_cleaned(text))


def encode_html(value: object) -> str:
    """Encode what fills a slot of the HTML, escaped for text and for attributes."""
    if type(value) is not str:
        return encode_url(value) if type(value) is OwnPage else encode(_cleaned(str(escape(_given(value)))))
    return f"{value}{_SOFT}" if _SAFE_HTML(value) else encode(_cleaned(escape_text(value)))


def encode_url(url: str) -> str:
    """Encode one of our own URLs, in which nothing has to be escaped."""
    if not _SAFE_URL(url):
        return encode(url)
    lines = _SOFT.join([url[start : start + _LINE - 1] for start in range(0, len(url), _LINE - 1)])
    return encode(url) if "\n." in lines else lines + _SOFT


def _given(value: object) -> object:
    if value is None:
        raise TypeError("this has no value; write `| default('…')` behind it")
    return value


def _cleaned(text: str) -> str:
    if text.isprintable():
        return text
    return _LONE_SURROGATE.sub("\ufffd", _CONTROL.sub(" ", _BARE_RETURN.sub("\n", text)))


class QuotedPrintableGenerator(CodeGenerator):
    """Makes Jinja write its output as quoted-printable: constants now, values through the environment's `encode_slot`.

    That escapes, too, where the environment's values have to be. What a `{% set %}` block collects is not output yet
    and is left to Jinja: it is encoded when it is written.
    """

    _writes_out = True

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802  (Jinja's name)
        """Remember whether this output leaves, or is collected."""
        self._writes_out = frame.buffer is None
        super().visit_Output(node, frame)

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        if not self._writes_out:
            return super()._output_const_repr(group)
        return repr(encode("".join(str(part) for part in group)))

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not self._writes_out:
            super()._output_child_pre(node, frame, finalize)
        elif isinstance(node, nodes.Name) and READY_MADE(node.name):
            self.write("(")
        else:
            self.write("environment.encode_slot(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._writes_out:
            self.write(")")
        else:
            super()._output_child_post(node, frame, finalize)
