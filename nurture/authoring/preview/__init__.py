"""`nurture preview`: every mail for any lead, on a local page that follows the files as they are saved.

`desk.Desk` keeps the newest reading of the files (`edition`) and who may be looked at (`leads`); `mailroom` makes the
mails, `dressing` fits one for a frame; `application` answers requests, `server` listens. No database, no network, and
nothing that is shown here does anything.
"""
