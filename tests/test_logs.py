"""The logs: one line an event, in logfmt, without personal data."""

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from nurture.logs import cause_of, log_to, without_personal_data


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    lines = io.StringIO()
    log_to(lines, "INFO")
    yield lines
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = True
    root.handlers[:], root.level = before


def test_an_event_is_one_line_of_keys_and_values(stream: io.StringIO) -> None:
    logging.getLogger("nurture.flows.deliver").info("mails sent", extra={"mailer": "smtp", "count": 3, "reason": None})
    line = stream.getvalue()
    assert line.endswith('level=info from=nurture.flows.deliver msg="mails sent" mailer=smtp count=3\n')
    assert line.startswith("at=20")
    assert "+00:00 " in line


def test_line_ends_quotes_and_control_signs_cannot_forge_a_line(stream: io.StringIO) -> None:
    logging.getLogger("x").info('a "b"\nlevel=error c\\d\x1b[31m', extra={"v": "1 msg=no"})
    assert stream.getvalue().endswith('msg="a \\"b\\"\\nlevel=error c\\\\d\\u001b[31m" v="1 msg=no"\n')
    assert stream.getvalue().count("\n") == 1


def test_an_error_carries_its_trace_in_the_same_line(stream: io.StringIO) -> None:
    try:
        raise ValueError("no such lead: ada@acme.example")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert stream.getvalue().count("\n") == 1
    assert "ValueError: no such lead: [address]" in stream.getvalue()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("to ada@acme.example.", "to [address]"),
        ("<Ada.Lovelace+x@news.acme.example>, b@c.de", "<[address]>, [address]"),
        ("RCPT TO:<ä@ö.example>", "RCPT TO:<[address]>"),
        ('"ada lovelace"@acme.example', "[address]"),
        ("/api/leads/ada%40acme.example/reject", "[address]"),
        ("postgresql://me:secret@db.example/app", "postgresql://[hidden]@db.example/app"),
        ("smtp://user@x:pa55@mail.example:587", "smtp://[hidden]@mail.example:587"),
        ("unique violation\nDETAIL:  Key (last_name)=(Lovelace) already exists.\nHINT: x", None),
        (
            "[type=int_parsing, input_value='Ada Lovelace', input_type=str]",
            "[type=int_parsing, input_value=[hidden], input_type=str]",
        ),
        (
            "not null\nDETAIL:  Failing row contains (7,\n\nLovelace).\nCONTEXT:  COPY lead, line 3: 'ada'\n[SQL: x]",
            None,
        ),
        (
            'invalid input syntax for type date: "Lovelace, the "ada""\nCONTEXT:  unnamed portal parameter $1',
            "invalid input syntax for type date: [hidden]\nCONTEXT: [hidden]",
        ),
        ('value "ada" is out of range for type integer', "value [hidden] is out of range for type integer"),
        ("could not convert string to float: 'Lovelace'", "could not convert string to float: [hidden]"),
        ("delivery 17 sent in 0.2 s @ 40/s", "delivery 17 sent in 0.2 s @ 40/s"),
    ],
)
def test_personal_data_that_slipped_in_is_taken_out(said: str, kept: str | None) -> None:
    cleaned = without_personal_data(said)
    if kept is not None:
        assert cleaned.rstrip(".") == kept
    assert not any(word in cleaned for word in ("ada", "Lovelace", "secret", "pa55"))


@settings(max_examples=30)
@given(
    local=st.text("abyz019.+_-", min_size=1, max_size=30),
    domain=st.text("abyz019-", min_size=1, max_size=20).map(lambda name: f"{name}.example"),
    before=st.sampled_from(["", " ", "<", "(", "'", "=", ":", ","]),
    after=st.sampled_from(["", " ", ">", ")", "'", ","]),
)
def test_no_address_survives_whatever_stands_around_it(local: str, domain: str, before: str, after: str) -> None:
    assert f"{local}@{domain}" not in without_personal_data(f"x{before}{local}@{domain}{after}y")


def test_values_and_arguments_are_cleaned_too(stream: io.StringIO) -> None:
    logging.getLogger("x").info("refused %s", "ada@acme.example", extra={"recipient": "bob@acme.example"})
    assert "acme.example" not in stream.getvalue()


def test_neither_a_database_error_nor_its_row_shows_what_was_in_it(stream: io.StringIO, clean_db: Engine) -> None:
    name = "Ada Lovelace of Acme"
    statement = text("INSERT INTO lease (name, holder, until) VALUES (:name, 'me', now())")
    with pytest.raises(IntegrityError) as refused, clean_db.begin() as connection:
        connection.execute(statement, [{"name": name}] * 2)
    logging.getLogger("x").error("failed", exc_info=refused.value)
    assert "lease_pkey" in stream.getvalue()
    assert name not in stream.getvalue()


@pytest.mark.parametrize("value", ['{"name": "Ada Lovelace", ', '{"Ada Lovelace": "\\u0000"}', "Ada Lovelace"])
@pytest.mark.parametrize("kind", ["jsonb", "date"])
def test_a_value_that_the_database_refuses_is_in_no_log_and_no_reason(
    stream: io.StringIO, clean_db: Engine, kind: str, value: str
) -> None:
    with pytest.raises(DBAPIError) as refused, clean_db.begin() as connection:
        connection.execute(text(f"SELECT CAST(:value AS {kind})"), {"value": value})
    logging.getLogger("x").error("failed", exc_info=refused.value)
    assert "SELECT CAST" in stream.getvalue()
    assert "Ada" not in stream.getvalue() + cause_of(refused.value)


def test_libraries_that_log_links_are_quiet(stream: io.StringIO) -> None:
    for name in ("httpx", "uvicorn.access"):
        logging.getLogger(name).info("GET /h/token")
    assert stream.getvalue() == ""


def test_levels_below_the_one_asked_for_are_silent(stream: io.StringIO) -> None:
    logging.getLogger("x").debug("detail")
    assert stream.getvalue() == ""


def test_a_line_that_cannot_be_written_is_not_printed_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    closed = io.StringIO()
    log_to(closed)
    closed.close()
    logging.getLogger("x").info("ada@acme.example")
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = True
    root.handlers[:], root.level = before
    assert "acme" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("words", ["a\x00b", "a\x07b", "a\u2028b", "a\ud800b"])
def test_a_cause_is_one_line_that_can_be_stored(words: str) -> None:
    assert cause_of(ValueError(words)) == "ValueError: a b"
