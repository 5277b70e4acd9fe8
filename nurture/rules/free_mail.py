"""Providers where anybody gets an address for nothing, so that the domain says nothing of a company.

Kept by hand: the providers that between them hold nearly all private mailboxes. The long lists in circulation hold
thousands of dead and disposable domains, and some companies by mistake; a wrong entry costs a good lead its grade. A
provider with one domain per country is named once, for all of them.
"""

_ONE_PER_COUNTRY = frozenset(
    {
        "yahoo", "ymail", "rocketmail", "hotmail", "live", "outlook", "msn", "gmx", "aol", "yandex", "rediffmail",
        "googlemail",
    }
)  # fmt: skip
"""First labels of domains such as `yahoo.co.jp`, `hotmail.fr` and `gmx.de`."""

_BRANDS_OF_OTHERS = frozenset({"ai", "co", "fm", "gg", "io", "me", "so", "to", "tv"})
"""Countries whose domains the world takes for brands: `live.tv` belongs to somebody else."""

_DOMAINS = frozenset(
    """
    gmail.com icloud.com me.com mac.com passport.com windowslive.com
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tutamail.com tuta.io tuta.com keemail.me
    fastmail.com fastmail.fm zohomail.com zohomail.eu zohomail.in hushmail.com hey.com posteo.de posteo.net posteo.eu
    mailbox.org mail.com email.com usa.com inbox.com inbox.lv lycos.com
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net
    netzero.com optonline.net roadrunner.com rr.com windstream.net frontier.com centurylink.net aim.com netscape.net
    shaw.ca rogers.com sympatico.ca telus.net videotron.ca bell.net
    btinternet.com btopenworld.com sky.com virginmedia.com ntlworld.com blueyonder.co.uk talktalk.net tiscali.co.uk
    web.de t-online.de freenet.de arcor.de online.de vodafone.de 1und1.de email.de kabelmail.de
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr
    libero.it virgilio.it alice.it tin.it tiscali.it tim.it email.it inwind.it iol.it fastwebnet.it
    telefonica.net terra.es ono.com sapo.pt iol.pt
    bluewin.ch hispeed.ch sunrise.ch aon.at chello.at a1.net
    ziggo.nl kpnmail.nl planet.nl home.nl hetnet.nl xs4all.nl telenet.be skynet.be proximus.be scarlet.be
    wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu poczta.onet.pl vp.pl tlen.pl gazeta.pl
    seznam.cz email.cz centrum.cz post.cz volny.cz centrum.sk azet.sk zoznam.sk freemail.hu citromail.hu
    abv.bg mail.bg ukr.net i.ua meta.ua
    mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru
    telia.com bredband.net spray.se online.no broadpark.no jubii.dk ofir.dk luukku.com suomi24.fi kolumbus.fi
    walla.co.il walla.com mynet.com
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn 21cn.com aliyun.com tom.com
    naver.com hanmail.net daum.net nate.com kakao.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp
    nifty.com bigpond.com bigpond.net.au optusnet.com.au iinet.net.au xtra.co.nz slingshot.co.nz
    uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com oi.com.br zipmail.com.br
    prodigy.net.mx fibertel.com.ar ciudad.com.ar arnet.com.ar speedy.com.ar
    sify.com indiatimes.com in.com webmail.co.za mweb.co.za telkomsa.net vodamail.co.za
    """.split()  # noqa: SIM905 -- one line a region reads better than one a domain
)


def is_free_mail(address: str) -> bool:
    """Whether the address, or the bare domain, belongs to such a provider."""
    domain = address.rpartition("@")[2].strip().lower().rstrip(".")
    if domain in _DOMAINS:
        return True
    provider, _, country = domain.partition(".")
    return provider in _ONE_PER_COUNTRY and _is_country(country)


def _is_country(ending: str) -> bool:
    """`com`, `net`, `de`, `co.uk`, `com.br`: what may follow the name of a provider that is everywhere."""
    labels = ending.split(".")
    if labels in (["com"], ["net"]):
        return True
    if labels[-1] in _BRANDS_OF_OTHERS:
        return False
    return len(labels[-1]) == 2 and labels[-1].isalpha() and labels[:-1] in ([], ["co"], ["com"], ["ne"])
