"""The workspace: `campaigns/` and `templates/` read with positions, and everything that is wrong with them at once."""

from nurture.workspace.load import Workspace, load_agreement, load_workspace
from nurture.workspace.templates import TemplateFile

__all__ = ["TemplateFile", "Workspace", "load_agreement", "load_workspace"]
