"""Resend: up to 100 mails a request, which may be repeated. <https://resend.com/docs/api-reference/emails/send-batch-emails>."""

from nurture.mailers.resend.sending import build_resend

__all__ = ["build_resend"]
