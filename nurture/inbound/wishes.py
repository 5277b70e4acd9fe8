"""Whether a person's reply asks for no more mail.

Only the person's own words are looked at, and only short ones: who writes at length has something else to say, and a
person of ours reads it. A single word counts where there is little beside it; a whole request counts anywhere in a
short text, unless it is denied ("please do not take me off the list").
"""

import re

_MOST_WORDS = 60
_MOST_WORDS_BESIDE = 4

_ONE_WORD = re.compile(
    r"(?<!\w)(?:stop|unsubscribe[d]?|un-subscribe|unsub|remove(?: me)?|opt[- ]?out|cancel|abmelden|abbestellen"
    r"|austragen|stopp"
    r"|désinscri(?:re|ption|vez)|desinscription|désabonn(?:er|ement|ez)|baja|cancelar(?: suscripci[óo]n)?"
    r"|desuscribir(?:me)?"
    r"|disiscri(?:vi|vermi|zione)|cancella(?:mi|zione)|rimuovi(?:mi)?|descadastrar|remover|uitschrijven|afmelden"
    r"|wypisz|wypisać"
    r"|rezygnuję|отписаться|отписка|отпишите|avregistrera|avsluta|afmeld|avmeld|stop|odhlásit|odhlasit|leiratkoz[aá]s"
    r"|leiratkozom|peru|peruuta|iptal|退订|退訂|取消订阅|配信停止|解除|수신거부)(?!\w)",
    re.IGNORECASE,
)

_COURTESIES = re.compile(
    r"(?<!\w)(?:please|pls|thanks?|thank you|thx|kindly|hi|hello|dear|sir|madam|all|regards|best|cheers|bitte"
    r"|danke|hallo|gruß"
    r"|viele grüße|mfg|merci|svp|s'il vous plaît|bonjour|cordialement|gracias|por favor|hola|saludos|grazie|per "
    r"favore|ciao"
    r"|obrigad[oa]|olá|bedankt|alstublieft|aub|groeten|dzi[ęe]kuj[ęe]|prosz[ęe]|спасибо|пожалуйста|tack|hej|tak"
    r"|kiitos|děkuji"
    r"|prosím|köszönöm|kérem|teşekkürler|lütfen|me|us|now|it|this|sofort|immediately)(?!\w)",
    re.IGNORECASE,
)

_REQUEST = re.compile(
    r"(?<!\w)(?:unsubscribe (?:me|us|my|this|from)|(?:like|want|wish|need|asked?|request) (?:you )?to "
    r"(?:unsubscribe|opt[- ]?out|be removed)"
    r"|(?:remove|delete|take|drop|strike) (?:me|us|my (?:e-?mail|address|name|contact|data)\w*(?: address)?|this "
    r"(?:e-?mail )?address)"
    r"(?: off| out)?(?: (?:of|from|please|immediately|now|at once|asap)\b|\W*$)"
    r"|take (?:me|us) off|(?:stop|quit|cease) (?:sending|e-?mailing|mailing|contacting|messaging|spamming"
    r"|bothering|writing|(?:this|these|the|your|all)(?: \w+)? (?:e-?mails?|mails?|messages?|newsletters?|spam))"
    r"|(?:do not|don['’]?t|never|no longer|please not) (?:send|e-?mail|mail|contact|write|message|spam|bother) "
    r"(?:to )?(?:me|us|this|any|again)"
    r"|(?:do not|don['’]?t) (?:want|wish|need) (?:to (?:receive|get|hear)|(?:any )?(?:more|further|your|these) )"
    r"|no (?:more|further) (?:e-?mails?|mails?|messages?|newsletters?|contact)|opt(?:ing)? (?:me |us )?out(?: of)?"
    r"|(?:melde|melden sie|meld) (?:mich|uns) (?:\w+ ){0,3}ab|(?:mich|uns) (?:\w+ ){0,5}(?:abmelden|austragen"
    r"|abzumelden|streichen|löschen)"
    r"|(?:keine|nie mehr|nicht mehr|nie wieder|nicht länger) (?:\w+ ){0,4}(?:e-?mails?|mails?|newsletter"
    r"|nachrichten|werbung|anschreiben|kontaktieren|schicken|senden|schreiben)"
    r"|(?:schicken|senden|schreiben) sie (?:mir|uns) (?:\w+ ){0,3}(?:nicht mehr|keine|nichts mehr)"
    r"|(?:aus|von) (?:ihre[mr]|dem|der|eurem?) (?:\w*verteiler|\w*liste|\w*newsletter)(?:\w|\s){0,30}(?:nehmen"
    r"|streichen|löschen|austragen|entfernen|abmelden)"
    r"|(?:streichen|löschen|nehmen|entfernen) sie (?:mich|uns|meine)"
    r"|(?:désinscri(?:re|vez)|désabonne[rz]|retire[rz]|supprime[rz]|enleve[rz]|enlève|enlevez)[- ](?:moi|nous"
    r"|mon|mes|me|ces)|(?:me|nous) (?:désinscrire|désabonner|retirer|supprimer)"
    r"|(?:ne )?(?:plus|pas) (?:recevoir|me contacter|nous contacter|m['’]envoyer|m['’]écrire)|ne (?:m['’]|me "
    r"|nous )(?:envoyez|écrivez|contactez) plus|cesse[rz] (?:de|d['’])"
    r"|(?:dar(?:me|nos)?|d[ée]n?(?:me|nos)|dame|deme|darse) de baja|no (?:quiero|deseo|queremos) (?:recibir"
    r"|m[áa]s)|no (?:me|nos) (?:env[íi]e[ns]?|escriba[ns]?|mande[ns]?|contacte[ns]?)|elim[íi]n(?:ar|e|en)(?:me"
    r"|nos)|b[óo]rr(?:ar|e|en)(?:me|nos)"
    r"|(?:cancell|rimuov|disiscriv|elimin|togli)\w*(?:mi|ci|temi|etemi|ermi)(?!\w)|non (?:voglio|desidero"
    r"|intendo) (?:più )?(?:ricevere|altre|essere)|non (?:mi |ci )?(?:inviat|scriv|mandat|contattat)\w+ più"
    r"|(?:remov|retir|descadastr|exclu)\w*(?:-me| me| meu| o meu)|não (?:quero|desejo) (?:mais )?(?:receber"
    r"|mais)|n[ãa]o (?:me )?(?:envie|escreva|mande|contate)\w* mais"
    r"|(?:schrijf|meld|haal|verwijder) (?:mij|me|ons) (?:\w+ ){0,4}(?:uit|af|van)|geen (?:\w+ ){0,2}(?:mails?"
    r"|e-?mails?|berichten|nieuwsbrie\w+) (?:meer|ontvangen|sturen)|stop met (?:mailen|sturen|e-?mailen)"
    r"|(?:proszę o |prosze o )?(?:usuni[ęe]cie|wypisanie) (?:mnie|mojego|z)|wypisz(?:cie)? mnie|nie "
    r"(?:wysyłajcie|wysylajcie|chcę|chce|życzę) (?:\w+ ){0,3}(?:otrzymywać|więcej|mi|wiadomości|maili)"
    r"|отпишите (?:меня|нас)|(?:не|больше не) (?:пишите|присылайте|отправляйте|хочу получать)|удалите (?:меня"
    r"|мой|нас)|прекратите"
    r"|(?:ta bort|avregistrera) (?:mig|oss|min)|(?:inga|inte) (?:fler|skicka) (?:mejl|mail|mer)|(?:fjern|slett"
    r"|afmeld|meld) (?:meg|mig|os|oss) (?:fra|af|av)?|ikke (?:send|kontakt)\w* (?:meg|mig|flere|mer)"
    r"|(?:odhlaste|vyřaďte|odstraňte) (?:mě|nás)|neposílejte|již (?:si )?nepřeji|(?:töröljenek|iratkoztassanak"
    r"|iratkozzanak)|ne (?:küldjenek|írjanak) többet"
    r"|poistakaa (?:minut|minun)|älkää (?:lähettäkö|enää)|(?:listeden|beni) (?:çıkar|sil)\w*|(?:bir daha "
    r")?(?:mail|e-?posta|mesaj) (?:göndermeyin|atmayın)"
    r"|配信(?:を)?(?:停止|解除|不要)|メール(?:は|を)(?:不要|止め|送らない|停止)|(?:请|請)(?:不要再|别再|停止"
    r"|取消|退订|退訂)|不要再(?:发|發|给|給|联系|聯絡)|수신(?:을)? ?(?:거부|중단|원하지))",
    re.IGNORECASE,
)

_DENIED = re.compile(
    r"(?<!\w)(?:not|don['’]?t|do not|never|no need to|nicht|kein\w*|ne|pas|no|non|não|niet|nie|не|inte|ikke"
    r"|should we|how (?:do|can|would) (?:i|we)"
    r"|can i|did (?:i|we)|would not|wouldn['’]?t|before (?:i|we|you)|if (?:i|we|you))\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_DENIES_ITSELF = re.compile(
    r"^(?:do not|don|never|no\b|not|nicht|kein|nie|ne\b|não|n[ãa]o|non|не|больше|inga"
    r"|inte|ikke|geen|plus|pas|älkää|já|již)",
    re.IGNORECASE,
)


def asks_to_stop(text: str, subject: str = "") -> bool:
    """Tell whether somebody's own words ask for no more mail.

    Args:
        text: What the person wrote, without quoted parts.
        subject: The mail's; counts only where nothing is written, as when a program answers a `mailto:` to unsubscribe.
    """
    said = " ".join(text.split())
    if not said:
        return len(subject) < 100 and _ANSWERS.match(subject) is None and _is_little_else(subject)
    if len(said) > 2_000 or len(said.split()) > _MOST_WORDS:
        return False
    return _is_little_else(said) or any(_is_meant(said, found) for found in _REQUEST.finditer(said))


_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|fwd?|wg|tr|rv)\s?:", re.IGNORECASE)


def _is_little_else(said: str) -> bool:
    """Tell whether the text is a word such as "stop", a courtesy, perhaps a name."""
    rest, count = _ONE_WORD.subn(" ", said)
    if not count or "?" in said or "？" in said:
        return False
    found = _ONE_WORD.search(said)
    if found is not None and _DENIED.search(said[: found.start()]):
        return False
    return len(re.findall(r"\w+", _COURTESIES.sub(" ", rest))) <= _MOST_WORDS_BESIDE


def _is_meant(said: str, found: re.Match[str]) -> bool:
    """Tell whether a request stands as it is: neither denied nor asked about."""
    if _DENIES_ITSELF.match(found[0]):
        return True
    return _DENIED.search(said[max(0, found.start() - 60) : found.start()]) is None
