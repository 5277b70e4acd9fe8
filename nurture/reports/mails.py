"""Mails as reports count them, and what came back of each. What programs did, and test mails, are not among it."""

REPORTED = """
    (SELECT delivery_id, bool_or(type = 'delivered') AS delivered, bool_or(type = 'bounced') AS bounced,
            coalesce(bool_or(type = 'bounced' AND (
                severity = 'hard' OR (severity IS NULL AND reject_reason = 'invalid'))), false) AS hard,
            bool_or(type = 'complained') AS complained, min(provider) AS provider
     FROM mail_report
     WHERE delivery_id IS NOT NULL AND received_at >= CAST(:since AS timestamptz) - interval '2 days'
     GROUP BY delivery_id)
"""
"""What providers and servers reported on each mail; nothing is heard of one long before it goes."""

WENT_AT = """
    CASE WHEN d.state = 'sent' THEN d.sent_at
         WHEN d.state IN ('sending', 'unknown', 'failed') THEN coalesce(d.sending_at, d.slot_at)
         ELSE d.slot_at END
"""
"""When a mail counts: when it was sent; else when that was tried; else when it is, or was, to go."""
