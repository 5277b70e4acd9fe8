"""Quoted-printable (RFC 2045 §6.7), prepared when a template is compiled.

A compiled template holds its constant parts already encoded, each ending with a line break (soft, unless the text
itself breaks there), so that every slot's value starts a line of its own. A mail then costs the encoding of its values
alone: about a twentieth of encoding the whole. No line has more than 76 characters.
"""

import binascii
import re
from collections.abc import Iterable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

_LINE = 76
_AS_IT_IS = re.compile(r"[ -<>-~]{1,75}").fullmatch
_BARE_RETURN = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SOFT = "=\r\n"


def encode(text: str) -> str:
    r"""Encode a text that starts a line; what follows starts a line too. Line breaks in it go out as CRLF."""
    if not text:
        return ""
    octets = text.encode()
    lines = binascii.b2a_qp(octets, istext=True).decode("ascii").replace("\r\n", "\n").replace("\n", "\r\n")
    if lines.endswith("\r\n"):
        return lines
    last = len(lines) - (lines.rfind("\n") + 1)
    if last < _LINE:
        return lines + _SOFT
    # the encoder fills the last line up to the brim, which leaves no room for the soft break
    cut = -3 if lines[-3] == "=" else -1
    return lines[:cut] + _SOFT + lines[cut:] + _SOFT


def encode_value(value: str) -> str:
    """Encode what fills a slot. Control characters become spaces, all kinds of line breaks the one kind."""
    if _AS_IT_IS(value):
        return f"{value}{_SOFT}"
    text = _CONTROL.sub(" ", _BARE_RETURN.sub("\n", value))
    return encode(_LONE_SURROGATE.sub("\ufffd", text))


class QuotedPrintableGenerator(CodeGenerator):
    """Makes Jinja write its output as quoted-printable: constants now, values through the environment's `encode_value`.

    What a `{% set %}` block collects is not output yet and stays as it is: it is encoded when it is written.
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
        if self._writes_out:
            self.write("environment.encode_value(")
        super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        super()._output_child_post(node, frame, finalize)
        if self._writes_out:
            self.write(")")
