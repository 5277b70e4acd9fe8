"""Mailgun: one mail a request, as it is. <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>."""

from nurture.mailers.mailgun.sending import build_mailgun

__all__ = ["build_mailgun"]
