"""SMTP, spoken by ourselves: kept connections, pipelining, and an exact account of what became of each mail.

RFC 5321 (the protocol), 2920 (pipelining), 3207 (STARTTLS), 4954 (AUTH), 1870 (SIZE), 6152 (8BITMIME), 6531
(SMTPUTF8), 3463 (enhanced status codes). Libraries were measured and cost more than the rest of a mail together; and
none tells a mail that surely was not taken from one that may have been.
"""

from nurture.mailers.smtp.mailer import SmtpMailer, build_smtp

__all__ = ["SmtpMailer", "build_smtp"]
