"""Mails of MJML's own gallery, compiled by us and by npm's `mjml`, side by side in a browser: `make gallery`."""
