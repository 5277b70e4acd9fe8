"""The flows' app is the doctor's, too."""

from tests.flows.conftest import app, app_with

__all__ = ["app", "app_with"]
