"""The workspace: `campaigns/` and `templates/` read with positions, and everything that is wrong with them at once."""

from nurture.workspace.load import Reading, Workspace, load_agreement, load_workspace, read_workspace
from nurture.workspace.templates import TemplateFile, Templates

__all__ = ["Reading", "TemplateFile", "Templates", "Workspace", "load_agreement", "load_workspace", "read_workspace"]
