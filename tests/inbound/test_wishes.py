"""Which replies ask for no more mail."""

import time

import pytest

from nurture.inbound.wishes import asks_to_stop

STOP = [
    "stop", "STOP.", "Please stop", "unsubscribe", "Unsubscribe me please, thanks. Jo", "Please remove me from "
    "your list.",
    "Take me off this list!", "Hi,\n\nplease take me off your mailing list.\n\nRegards\nJo Hill",
    "Do not contact me again.", "Don't email me any more", "No more emails please", "I want to opt out.",
    "I no longer work in this field and would like to be removed. Please delete my address from your database.",
    "stop sending me this", "I don't want to receive these mails", "Not interested, please remove me from this list.",
    "remove", "opt out", "Bitte abmelden", "Bitte nehmen Sie mich aus dem Verteiler.", "Bitte keine weiteren "
    "E-Mails mehr.",
    "Bitte streichen Sie mich von der Liste", "Melden Sie mich bitte ab", "Ich möchte keine Mails mehr bekommen.",
    "Merci de me désinscrire.", "Veuillez me retirer de votre liste", "Je ne souhaite plus recevoir vos mails",
    "désinscription", "Por favor, denme de baja", "No quiero recibir más correos", "baja", "Cancellatemi dalla lista",
    "Non voglio più ricevere queste email", "Não quero mais receber estes e-mails", "Remova-me da lista, por favor",
    "Graag uitschrijven", "Haal mij van de lijst", "Proszę o wypisanie mnie z listy", "Отпишите меня", "Не "
    "пишите мне больше",
    "Ta bort mig från listan", "afmeld mig fra listen", "Odhlaste mě prosím", "配信停止してください",
    "请取消订阅", "退订",
]  # fmt: skip

GO_ON = [
    "", "Thanks!", "Thank you, very interesting.", "Can we talk on Tuesday?", "Please don't stop, I like these.",
    "Do not take me off the list, I only changed jobs.", "How do I unsubscribe a colleague?", "Should I unsubscribe?",
    "Could you stop by next week?", "We had to stop the project in March; could you call me about a restart in May?",
    "Nonstop work here. Call me.", "I am not interested at the moment, maybe next year.", "Please cancel our "
    "meeting on Friday at ten.",
    "Can you remove the second item from the quote and send it again to my boss Ada in Springfield?",
    "Bitte melden Sie sich bei mir.", "Bitte nicht abmelden, ich lese gern mit!", "Kein Problem, rufen Sie mich an.",
    "Pas de problème, appelez-moi.", "No hay problema, llámeme mañana.", "We stopped using your competitor. What "
    "is your price?",
    " ".join(["word"] * 80) + " please unsubscribe me",
]  # fmt: skip


@pytest.mark.parametrize("text", STOP)
def test_asks_to_stop(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize("text", GO_ON)
def test_does_not_ask_to_stop(text: str) -> None:
    assert not asks_to_stop(text)


def test_the_subject_counts_where_nothing_else_is_said() -> None:
    assert asks_to_stop("", "Unsubscribe")
    assert not asks_to_stop("", "Re: unsubscribe from boredom")
    assert not asks_to_stop("Call me", "unsubscribe")


def test_long_texts_take_no_time() -> None:
    begun = time.process_time()
    for text in ("stop " * 100_000, "a " * 1_000, "keine " * 400, "please remove me " * 50, "x" * 100_000):
        asks_to_stop(text, text)
    assert time.process_time() - begun < 3
