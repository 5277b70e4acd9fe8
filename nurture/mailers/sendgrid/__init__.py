"""Twilio SendGrid: one mail a request. <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>."""

from nurture.mailers.sendgrid.sending import build_sendgrid

__all__ = ["build_sendgrid"]
