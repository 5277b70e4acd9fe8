"""Amazon SES v2: one mail a request, as it is. <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>."""

from nurture.mailers.ses.sending import build_ses

__all__ = ["build_ses"]
