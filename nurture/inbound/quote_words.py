"""What mail programs write, in many languages, around what was said before: introductions, headers, lines, signatures.

Written from the programs' own interfaces. A pattern asks for what they always write together (a date and who wrote), so
that a person's own sentence is not taken for one.
"""

import re

WROTE = re.compile(
    r"(?<!\w)(?:wrote|writes|has written|schrieb|geschrieben|a [ée]crit|[ée]crivait|escribi[óo]|ha escrit|va escriure"
    r"|ha scritto"
    r"|scrive|escreveu|schreef|geschreven|napisana przez|napisa[łl](?:\(?a\)?)?|pisze|skrev|skrifa[ðd]i|kirjoitti"
    r"|napsala?|nap[íi]sala?|p[íi][šs]e"
    r"|[íi]rta|yazd[ıi]|пишет|писал(?:\(а\)|а)?|написал(?:\(а\)|а)?|пише|написав|a scris|έγραψε|написа|kirjutas"
    r"|rakstīja|parašė"
    r"|je napisal[ao]?|napisao(?: je)?|wrote on|viết|menulis|כתב|כתבה|كتب|đã viết)(?!\w)"
    r"|写道|寫道|写于|のメール|さんのメッセージ|書きました|は書き|님이 작성|작성",
    re.IGNORECASE,
)
"""The verb of an introduction such as "On … Ada wrote:"."""

DATED = re.compile(
    r"\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}|\d{1,2}[:.h]\d{2}|(?:19|20)\d\d|\d{1,2}\s?[月]\s?\d{1,2}|\d{1,2}(?:\."
    r"|st|nd|rd|th)?,?\s"
    r"(?:de\s)?[^\W\d]{3,12}|[^\W\d]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,",
    re.IGNORECASE,
)
"""A date or a time of day."""

ADDRESSED = re.compile(r"[\w.+%-]{1,64}@[\w.-]{1,250}")

BEGINS = re.compile(
    r"\W{0,6}(?:On|Am|Le|El|Il(?: giorno)?|Em|Op|W dniu|Dnia|Den|Vào|Pada|На|Am|Στις|La|Pe|Dana|Dne|Në|V|On the)\s"
    r"|\W{0,6}(?:在|于|於)|\W{0,6}\d{1,4}\s?[./年-]|\W{0,6}(?:\d{1,2})\s[^\W\d]"
    r"|\W{0,6}[^\W\d]{2,12}[.,]{0,2}\s\W?\d{1,2}",
    re.IGNORECASE,
)
"""How an introduction without a verb begins: with a preposition, a date, or a weekday before one."""

ORIGINAL = re.compile(
    r"^\W{0,3}?[-_=*]{2,80}+\s{0,4}(?:original (?:message|mail|appointment)|forwarded (?:message|by\b.{0,80}|mail)"
    r"|reply (?:above|message)"
    r"|urspr[üu]ngliche nachricht|urspr[üu]nglicher termin|original-?nachricht|weitergeleitete (?:nachricht|mail)"
    r"|message (?:d['’]origine|original|transf[ée]r[ée]|initial)|mail original|courriel original"
    r"|mensaje (?:original|reenviado)|mensagem (?:original|encaminhada|reencaminhada)|messaggio (?:originale"
    r"|inoltrato)"
    r"|oorspronkelijk bericht|doorgestuurd bericht|oryginalna wiadomo[śs][ćc]|wiadomo[śs][ćc] (?:oryginalna"
    r"|przekazana)"
    r"|treść przekazanej wiadomości|исходное сообщение|пересылаемое сообщение|пересланное сообщение"
    r"|оригинальное сообщение"
    r"|urspr(?:ungligt|ungliga)? ?meddelandet?|vidarebefordrat (?:meddelande|brev)|(?:den )?oprindelige? (?:meddelelse"
    r"|besked)"
    r"|videresendt (?:meddelelse|besked|melding)|opprinnelig melding|alkuper[äa]inen viesti|v[äa]litetty viesti"
    r"|edelleenl[äa]hetetty"
    r"|p[ůu]vodn[íi] (?:zpr[áa]va|e-?mail|spr[áa]va)|p[řr]eposlan[áa] zpr[áa]va|eredeti [üu]zenet"
    r"|tov[áa]bb[íi]tott [üu]zenet"
    r"|orijinal (?:mesaj|ileti)|[öo]zg[üu]n ileti|y[öo]nlendirilmi[şs] mesaj|mesaj original|αρχικό μήνυμα"
    r"|оригінальне повідомлення"
    r"|元のメッセージ|転送メッセージ|原始邮件|原始郵件|原邮件|转发邮件|轉寄郵件|邮件原件|원본 메시지|원본 메일"
    r"|전달된 메시지)"
    r"\s{0,4}[-_=*]{0,80}+\W{0,3}$"
    r"|^\W{0,3}(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|d[ée]but du (?:message"
    r"|courriel) (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée])"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|in[íi]cio da mensagem reencaminhada"
    r"|begin doorgestuurd bericht"
    r"|pocz[ąa]tek przekazywanej wiadomo[śs]ci|начало переадресованного сообщения|vidarebefordrat brev"
    r"|start på videresendt besked"
    r"|videresendt melding|v[äa]litetty viesti alkaa|za[čc][áa]tek p[řr]eposlan[ée] zpr[áa]vy"
    r"|tov[áa]bb[íi]tott levél kezdete"
    r"|転送されたメッセージ|下面是被转发的邮件|以下是轉寄的郵件|전달된 메시지 시작)\s?[:：]?\W{0,3}$",
    re.IGNORECASE,
)
"""A line that says that the mail answered, or passed on, begins here."""

_FROM = (
    "from|von|de|da|van|od|от|från|fra|lähettäjä|feladó|kimden|gönderen|от кого|de la|από|від|差出人|送信者"
    "|发件人|寄件者|寄件人"
    "|보낸 사람|발신|מאת|من"
)
_DATE = (
    "sent|date|gesendet|datum|envoyé|enviado|enviado el|enviado em|enviada em|enviada|fecha|inviato|data|verzonden"
    "|wysłano|wysłane"
    "|отправлено|дата|skickat|sendt|dato|lähetetty|päivämäärä|päiväys|odesláno|odoslané|küldve|elküldve|dátum"
    "|gönderildi|tarih"
    "|gönderme tarihi|надіслано|trimis|ημερομηνία|στάλθηκε|送信日時|日付|日時|发送时间|日期|时间|寄件日期"
    "|傳送時間|發送時間"
    "|보낸 날짜|날짜|보낸 시간|date d'envoi|sent at|datum der sendung|נשלח|تاريخ"
)
_TO = (
    "to|an|à|a|para|aan|do|кому|till|til|vastaanottaja|komu|címzett|kime|alıcı|către|προς|宛先|收件人|收件者"
    "|받는 사람|수신|אל|إلى|pro"
)
_SUBJECT = (
    "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|ämne|emne|aihe|předmět|predmet|tárgy|konu"
    "|subiect|θέμα"
    "|件名|主题|主旨|主題|제목|נושא|الموضوع"
)
_CC = (
    "cc|bcc|kopie|copie à|copie|kopia|dw|do wiadomości|копия|kopi|kopio|másolatot kap|másolat|bilgi|c\\.c\\.|kópia"
    "|cópia|抄送|副本|참조|κοιν"
    "|reply-to|antwort an|importance|wichtigkeit|priorität|attachments?|anlagen?|pièces jointes|priority|organization"
    "|mailed-by"
)
HEADER = re.compile(
    rf"^[\s>*_|]{{0,6}}(?:(?P<sender>{_FROM})|(?P<date>{_DATE})|(?P<to>{_TO})|(?P<subject>{_SUBJECT})|(?P<cc>{_CC}))"
    r"\s?\*{0,2}\s?[:：]\s?\*{0,2}(?=\s|\S)",
    re.IGNORECASE,
)
"""A line of the header that Outlook and others put above the mail answered."""

SENT_WITH = re.compile(
    r"^\W{0,4}(?:"
    r"sent (?:from|via|on|with|using) my (?:[\w'’®™/+-]+\s?){1,6}"
    r"|sent (?:from|via|on|with|using|by) (?:[\w'’-]+ ){0,3}(?:iphone|ipad|ios|android|blackberry|outlook|mail|yahoo"
    r"|gmail|samsung|galaxy|xperia|htc"
    r"|huawei|nokia|windows|proton\w*|mobile|smartphone|phone|sparrow|spark|mailbox|aol|zoho|nine|email\w*|handheld"
    r"|touch|superhuman)\b.{0,80}"
    r"|get (?:outlook|bluemail|yahoo mail|thunderbird)\b.{0,60}"
    r"|(?:diese (?:nachricht|e-?mail) wurde )?(?:gesendet|von unterwegs gesendet) (?:von|mit|über|aus) .{2,60}"
    r"|von (?:mein\w+|unterwegs|dem|outlook|mail|samsung|android|yahoo)\b.{0,50} (?:gesendet|geschickt|aus gesendet)"
    r"|diese nachricht wurde von mein\w+ .{2,60} gesendet|holen sie sich outlook .{0,40}|outlook für (?:ios"
    r"|android) (?:beziehen|herunterladen)"
    r"|envoy[ée]e? (?:de|depuis|à partir de|avec|par) .{2,60}|(?:obtenez|téléchargez) outlook .{0,40}"
    r"|enviad[oa] (?:desde|do|de|a partir d\w|através d\w|con|com|pelo) .{2,60}|(?:obtener|obter"
    r"|obtenha) (?:o )?outlook .{0,40}"
    r"|inviato (?:da|dal|con|tramite) .{2,60}|(?:scarica|ottieni) outlook .{0,40}"
    r"|(?:verstuurd|verzonden) (?:vanaf|van|vanuit|met|via) .{2,60}|(?:outlook voor (?:ios|android) (?:downloaden"
    r"|ophalen))"
    r"|wys[łl]an[eoy] (?:z|ze|za pomocą) .{2,60}|pobierz (?:aplikację )?outlook .{0,40}"
    r"|отправлено (?:с|из|через|от) .{2,60}|надіслано (?:з|із) .{2,60}"
    r"|skickat (?:från|med|via) .{2,60}|(?:sendt|send) (?:fra|via|med) .{2,60}|(?:hämta|hent) outlook .{0,40}"
    r"|l[äa]hetetty .{2,50}|odesl[áa]no (?:z|ze|pomocí) .{2,60}|odoslané z .{2,60}"
    r"|.{0,40}(?:r[óő]l|ről|ből|ból) k[üu]ldve|elk[üu]ldve .{2,50}|.{2,50}(?:dan|den|ımdan|umdan|imden) g[öo]nderildi"
    r"|trimis de pe .{2,60}|στάλθηκε από .{2,60}"
    r"|.{0,40}から送信(?:されました)?|发自我的.{1,40}|发自.{1,40}|從我的.{1,40}(?:傳送|寄出)|.{0,30}에서 보냄"
    r")[.!。]?\W{0,3}$",
    re.IGNORECASE,
)
"""The line that phones and mail programs put below a mail."""

DELIMITER = re.compile(r"^(?:-- ?|– ?|— ?|__ ?)$")
"""What stands above a signature (RFC 3676 section 4.3), as it is and as it is typed."""

SIGNED_OFF = re.compile(r"^[-–—~] ?[A-ZÀ-ÞА-Я][\w.'’-]{0,24}(?: [A-ZÀ-ÞА-Я][\w.'’-]{0,24}){0,2}$")
"""A name behind a dash, by which a mail ends."""

REPLY_ABOVE = re.compile(
    r"^\W{0,8}(?:please )?(?:(?:type|write|reply|respond)\b.{0,30}\babove this line|reply above"
    r"|antworten sie oberhalb dieser linie"
    r"|r[ée]pondez au-dessus de cette ligne|responda (?:por )?encima de esta línea)\b.{0,40}$",
    re.IGNORECASE,
)
