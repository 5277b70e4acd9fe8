"""Everything that is wrong with templates, found in one run, each with its place in the author's own file."""

from nurture.authoring.templates.check import Use, check_loose, check_templates

__all__ = ["Use", "check_loose", "check_templates"]
