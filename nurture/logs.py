"""Logs: one line an event, logfmt, no personal data.

Whoever logs names leads, deliveries and handoffs by id. What slips through all the same, an address in a library's
message or the row in a database's complaint, is taken out here, as a safety net.
"""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

QUIET = ("httpx", "httpcore", "uvicorn.access", "sqlalchemy", "asyncio", "mail.log")
"""Loggers whose ordinary lines say what we say better, or hold addresses that open doors (`/h/{token}`)."""

OWN_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; whatever else it has was given by `extra=`."""

PASSWORDS = re.compile(r"://[^\s/]{1,512}@")
ADDRESSES = re.compile(r"""(?:"[^"\n]{1,64}"|[^\s@"'<>()\[\],;:=|\\]{1,64})(?:@|%40)[^\s@"'<>()\[\],;:=|\\]{1,255}""")
_AFTER = r"(?=\n(?:DETAIL:|HINT:|QUERY:|CONTEXT:|LINE\ \d|\[SQL|\(Background|\n(?:The\ above|During)\ )|\Z)"
"""What a value in a database's complaint ends before: it may have lines and quotes itself."""
ROWS = re.compile(rf"^(DETAIL|CONTEXT):.*?{_AFTER}", re.MULTILINE | re.DOTALL)
"""PostgreSQL's `Key (email)=(…) already exists`, `Failing row contains (…)`, `JSON data, line 1: {…`."""
VALUES = re.compile(
    rf"""
    (invalid\ input\ (?:syntax|value)\ for\ [^:\n]{{1,80}}:\ |malformed\ \w{{1,20}}\ literal:\ |out\ of\ range:\ )
    ".*?"{_AFTER}
    | (\bvalue\ )".{{0,2000}}?"(?=\ is\ out\ of\ range)
    | (string\ to\ \w{{1,20}}:\ |\ with\ base\ \d{{1,2}}:\ |\ isoformat\ string:\ )(?:'[^\n]*'|"[^\n]*")$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
"""What PostgreSQL, or Python, cannot read as a number or a time, and says so."""
INPUTS = re.compile(r"input_value=.*?(?=, input_type=)", re.DOTALL)
"""Pydantic's."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
"""What cannot be shown; and PostgreSQL stores neither NUL nor half a character."""
NEEDS_QUOTES = re.compile(r'[\s"=\\]|^$')


def log_to(stream: TextIO, level: str = "INFO") -> None:
    """Send all logs of this process to one stream, from `level` up. Called once, at its start.

    Processes of a PaaS log to stdout, commands to stderr.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogfmtFormatter())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a line that cannot be written must not be printed raw
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def without_personal_data(text: str) -> str:
    """The text less mail addresses, passwords in URLs, rows and values in complaints of a database and of Pydantic."""
    for found, instead in (
        (PASSWORDS, "://[hidden]@"),
        (ROWS, r"\1: [hidden]"),
        (VALUES, r"\1\2\3[hidden]"),
        (INPUTS, "input_value=[hidden]"),
    ):
        text = found.sub(instead, text)
    return ADDRESSES.sub("[address]", text)


def cause_of(error: BaseException) -> str:
    """What an error says, in one line without personal data, for people who see what was set aside for it."""
    words = CONTROL.sub(" ", without_personal_data(str(error)).strip().split("\n")[0]).strip()
    return f"{type(error).__name__}: {words}"[:300] if words else type(error).__name__


class LogfmtFormatter(logging.Formatter):
    """`at=… level=… from=… msg=… key=value …`, then the error's kind, words and trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record holds."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {"at": at, "level": record.levelname.lower(), "from": record.name}
        fields["msg"] = record.getMessage()
        fields |= {name: value for name, value in vars(record).items() if name not in OWN_KEYS}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return _logfmt(fields)


def _logfmt(fields: Mapping[str, object]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)


def _value(value: object) -> str:
    text = without_personal_data(str(value))
    if not NEEDS_QUOTES.search(text) and text.isprintable():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else _escape(sign) for sign in escaped) + '"'


def _escape(sign: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(sign, f"\\u{ord(sign):04x}")
