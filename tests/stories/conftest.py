"""Stories use the same HTTP server as the tests of the web."""

from tests.web.conftest import serving

__all__ = ["serving"]
