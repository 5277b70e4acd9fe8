"""Words by which automatic answers give themselves away, in the languages that mail programs speak most."""

import re

_BEGINS = r"^\W{0,3}(?:\[[^\]]{1,40}\]\s{0,3})?"
_AWAY = (
    r"(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer|respond\w*)|out[- ]of[- ](?:the[- ])?office"
    r"|ooo\b|oof\b|away from (?:the office|my (?:mail|desk|e-?mail))|i(?: am|'m|’m) (?:currently )?(?:out of|away"
    r"|on (?:vacation|leave|holiday|annual|parental|maternity|paternity|pto))|on vacation\b|away until|(?:annual"
    r"|maternity|parental|sick) leave|vacation (?:reply|response|notice|message)|absence (?:notice|du bureau)"
    r"|abwesenheit|automatische (?:antwort|antwoord|reactie)|abwesend|außer haus|nicht im büro|ich bin (?:derzeit"
    r"|zur zeit|bis|vom|im urlaub|nicht)|réponse automatique|reponse automatique|message d'absence|absent du bureau"
    r"|je suis (?:actuellement )?(?:absent|en congé|hors du bureau)|respuesta autom[aá]tica"
    r"|fuera de (?:la )?oficina|ausente|ausencia|estoy fuera|estar[eé] (?:fuera|ausente)|risposta automatica"
    r"|fuori (?:sede|ufficio)|assente|sono (?:fuori|assente)|resposta autom[aá]tica|fora do escrit[oó]rio|ausência"
    r"|estou (?:fora|ausente|de férias)|automatisch (?:antwoord|bericht)|afwezig|buiten kantoor|niet aanwezig"
    r"|ik ben (?:afwezig|met vakantie)|autosvar|automatisk(?:t)? svar|frånvar|fraværende|fravær|jag är (?:borta"
    r"|ledig|på semester)|automaattinen vastaus|poissa|odpowied[zź] automatyczna|automatyczna odpowied[zź]"
    r"|nieobecno|poza biurem|jestem (?:nieobecn|na urlopie)|automatick[aá] odpov[eě][dď]|mimo kancel[aá][rř]"
    r"|automatikus v[aá]lasz|házon kívül|r[aă]spuns automat|otomatik (?:yanıt|cevap)|ofis dışında|автоответ"
    r"|автоматический ответ|автоматична відповідь|нет на месте|в отпуске|меня нет|отсутству|自動(?:返信|応答|回答)"
    r"|不在(?:通知|のお知らせ)?|休暇|自动(?:回复|答复|應答|应答)|自動回覆|外出(?:通知)?|休假|不在办公室|부재"
    r"|자동 ?(?:회신|응답|답장)|תשובה אוטומטית|מענה אוטומטי|رد تلقائي|automatyczn|αυτόματη απάντηση|tự động trả lời"
    r"|balasan otomatis)"
)
AWAY = re.compile(_BEGINS + _AWAY, re.IGNORECASE)
"""At the beginning of a subject: somebody is away."""

AWAY_SAID = re.compile(r"(?<!\w)" + _AWAY, re.IGNORECASE)
"""Anywhere in the text of an answer that is known to be automatic."""
CHALLENGE = re.compile(
    r"^\W{0,3}(?:please (?:confirm|verify) (?:your|that you|you sent|receipt)|confirm (?:your )?(?:message|email"
    r"|e-mail) to|verification required|sender (?:verification|confirmation)|your (?:message|email"
    r"|e-mail) (?:to .{1,80} )?(?:is |was )?(?:awaiting|requires|needs) (?:verification|confirmation|approval)"
    r"|\[?(?:spamarrest|boxbe|challenge)\b|(?:action required|approval needed"
    r"|bitte bestätigen sie)\b.{0,40}(?:deliver|zustell|message|mail))",
    re.IGNORECASE,
)
NOTICE = re.compile(
    r"^\W{0,3}(?:auto(?:matic|mated)?:|auto ?(?:re|reply)?:|(?:read|delivery|delivered|return)[ -]receipt|read:"
    r"|gelesen:|lu\s?:|leído:|letto:|not read:|nicht gelesen|disposition|recall:|message recall|(?:we(?: have"
    r"|'ve)? received|thank you for (?:contacting|your (?:e-?mail|message|inquiry|enquiry)))|your (?:request|ticket"
    r"|message|e-?mail|case) (?:.{0,40})?(?:has been|was|is) (?:received|created|registered|opened|logged)"
    r"|(?:ticket|case|request|incident) (?:received|created|opened|registered|\[?#)|\[(?:ticket|case|request)[ #:-]"
    r"|acknowledg\w+ of (?:receipt|your)|eingangsbestätigung|empfangsbestätigung|lesebestätigung"
    r"|accusé de (?:réception|lecture)|acuse de recibo|受付(?:完了|のお知らせ)|開封)",
    re.IGNORECASE,
)
SPEAKS_OF_ITSELF = re.compile(
    r"(?:this is|you have reached|please note that this is) an? (?:auto(?:matic|mated|mat(?:ed|ically generated)"
    r"|-?generated)?|system[- ]generated|computer[- ]generated)\w*[- ](?:generated )?(?:reply|response|message"
    r"|e-?mail|answer|notification|acknowledg)|(?:this )?(?:message|e-?mail|reply|response) (?:was|is"
    r"|has been) (?:generated|sent|created) automatically|(?:automatically|auto)[- ]generated (?:message|reply"
    r"|response|e-?mail|mail)|please do not (?:reply|respond) to this (?:automat\w+ |auto-generated )?(?:message"
    r"|e-?mail|mail)|do not reply to this (?:automat\w+ )?(?:message|e-?mail)|diese (?:nachricht|e-?mail"
    r"|antwort) wurde automatisch|dies ist eine automatisch|(?:ceci est|il s'agit d')(?: un|une) (?:message|réponse"
    r"|e-?mail) automatique|(?:este es|esta es) una? (?:mensaje|respuesta|correo) autom[aá]tic"
    r"|questa è una risposta automatica|dit is een automatisch|(?:это|данное) (?:сообщение|письмо) (?:создано"
    r"|сформировано|отправлено) автоматически|このメールは(?:自動|システム)|自動(?:送信|返信|配信)(?:メール|され)"
    r"|本邮件由系统自动",
    re.IGNORECASE,
)
QUOTE_BEGINS = re.compile(
    r"^(?:>|-{2,}|_{5,}|\*?(?:from|von|de|da|van|från|fra|od|от|发件人|差出人)\*?\s?:|(?:on|am|le|el|il|op|em|den"
    r"|w dniu)\b.{5,120}:\s*$)",
    re.IGNORECASE,
)
