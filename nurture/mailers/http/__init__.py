"""What all providers with an HTTP API share: a client, its bounds, and what an answer or its absence means for mails.

A provider's own file says three things (`Provider`): how mails become a request, what a good answer says of each, and
which other answers it gives a meaning of its own. All else is here: time-outs, waiting and trying again, cutting up a
refused batch, and sorting what happened into the words of `messages.Receipt`.
"""

from nurture.mailers.http.answers import Answer, NotUnderstood, Provider, Request, Unfit, ordinary
from nurture.mailers.http.connection import HttpConnection
from nurture.mailers.http.mailer import HttpMailer
from nurture.mailers.http.options import HttpOptions, read_http_options

__all__ = [
    "Answer",
    "HttpConnection",
    "HttpMailer",
    "HttpOptions",
    "NotUnderstood",
    "Provider",
    "Request",
    "Unfit",
    "ordinary",
    "read_http_options",
]
