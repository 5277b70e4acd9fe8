"""Until when people say that they are away."""

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.inbound.away import LONGEST, away_until
from nurture.inbound.dates import days_in

CAME = date(2026, 12, 21)
"""A Monday."""
FRIDAY = date(2027, 1, 8)

TEXTS = {
    "I am out of the office until Friday, 8 January.": FRIDAY,
    "I am out of the office until Friday, January 8th, 2027, with no access to mail.": FRIDAY,
    "Thank you for your mail. I will be back on 8 January 2027.": FRIDAY,
    "I'll be returning on Friday 8th of January.": FRIDAY,
    "I am on leave from 21 December to 8 January.": FRIDAY,
    "I am away from 12/21/2026 through 01/08/2027.": date(2027, 1, 8),
    "Out of office 21/12/2026 - 08/01/2027": FRIDAY,
    "I am out until 2027-01-08": FRIDAY,
    "I'm currently out of office and will return Monday.": date(2026, 12, 28),
    "I will be back tomorrow.": date(2026, 12, 22),
    "Ich bin bis zum 8. Januar 2027 nicht im Büro.": FRIDAY,
    "Ich bin vom 21.12.2026 bis einschließlich 08.01.2027 nicht erreichbar.": FRIDAY,
    "Ab dem 21.12. bin ich im Urlaub und am 08.01. wieder zurück.": FRIDAY,
    "Vielen Dank für Ihre Nachricht. Ich bin am 08.01. wieder im Büro.": FRIDAY,
    "Ich bin ab Freitag, den 8. Januar wieder erreichbar, zurück am Freitag, den 8. Januar.": FRIDAY,
    "Je suis absent jusqu'au 8 janvier inclus.": FRIDAY,
    "Je serai de retour le vendredi 8 janvier 2027.": FRIDAY,
    "Je suis en congés du 21/12 au 08/01.": FRIDAY,
    "Estaré fuera de la oficina hasta el 8 de enero de 2027.": FRIDAY,
    "Vuelvo el viernes 8 de enero.": FRIDAY,
    "Sono assente fino all'8 gennaio.": FRIDAY,
    "Sarò assente dal 21 dicembre all'8 gennaio, rientro il giorno 8 gennaio.": FRIDAY,
    "Estarei fora do escritório até 8 de janeiro de 2027.": FRIDAY,
    "Ik ben afwezig tot en met 8 januari.": FRIDAY,
    "Op vrijdag 8 januari ben ik terug; ik ben dus terug op 8 januari.": FRIDAY,
    "Jestem nieobecny do 8 stycznia 2027.": FRIDAY,
    "Я в отпуске до 8 января.": FRIDAY,
    "Jag är på semester till och med 8 januari.": FRIDAY,
    "Jeg er på ferie til og med 8. januar.": FRIDAY,
    "Olen lomalla 8.1.2027 asti.": FRIDAY,
    "Jsem mimo kancelář do 8. ledna 2027.": FRIDAY,
    "2027. január 8-ig szabadságon vagyok.": FRIDAY,
    "8 Ocak 2027 tarihine kadar izindeyim.": FRIDAY,
    "1月8日まで休暇をいただいております。": FRIDAY,
    "我将休假至2027年1月8日。": FRIDAY,
}

NO_END = [
    "I am out of the office with limited access to mail.",
    "I was out of the office until 18 December.",
    "Thank you, we have received your request 12/34 and will answer within 2 days.",
    "Call +1 555 0100 or 8.30 to 17.00.",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_reads_until_when(text: str) -> None:
    assert away_until(text, CAME) == TEXTS[text]


@pytest.mark.parametrize("text", NO_END)
def test_gives_no_day_where_none_is_named(text: str) -> None:
    assert away_until(text, CAME) is None


def test_a_day_that_can_be_read_in_two_ways_is_the_later_within_reason() -> None:
    assert away_until("I will be back on 02/01/2027", CAME) == date(2027, 2, 1)
    assert away_until("I will be back on 01/12/2027", CAME) == date(2027, 1, 12), "1 December is too far away"
    assert away_until("Je suis de retour le 02/01/2027", CAME) == date(2027, 1, 2), "French puts the day first"


def test_a_long_leave_is_taken_for_ninety_days_and_nonsense_for_nothing() -> None:
    assert away_until("I am on parental leave until 30 September 2027", CAME) == CAME + LONGEST
    assert away_until("I am out until 8 January 2099", CAME) is None


@given(st.text(max_size=200), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_whatever_is_said_the_day_lies_ahead_and_is_near(text: str, came: date) -> None:
    until = away_until(f"back on {text}", came)
    assert until is None or came < until <= came + LONGEST


@given(st.dates(date(2026, 12, 22), date(2027, 3, 20)))
def test_every_day_is_read_as_it_is_written(day: date) -> None:
    for form in ("%d %B %Y", "%B %d, %Y", "%Y-%m-%d", "%d.%m.%Y", "%A, %d %B"):
        assert away_until(f"I am out of office until {day.strftime(form)}.", CAME) == day, form


def test_long_texts_take_no_time() -> None:
    begun = time.process_time()
    for text in ("1" * 100_000, "8. " * 30_000, "until " * 20_000, "a " * 50_000, "1/1/" * 20_000):
        away_until(text, CAME)
        list(days_in(text[:5_000], CAME))
    assert time.process_time() - begun < 2
    assert timedelta(days=90) == LONGEST
