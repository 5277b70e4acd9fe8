"""Breaks what can be broken while the real processes work, and then looks whether a mail is lost or doubled."""
