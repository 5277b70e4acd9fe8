"""Postmark: up to 500 mails a request, each with its own answer. <https://postmarkapp.com/developer/api/email-api>."""

from nurture.mailers.postmark.sending import build_postmark

__all__ = ["build_postmark"]
