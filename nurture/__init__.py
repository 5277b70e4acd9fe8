"""Nurture keeps leads warm that sales refused or that are not ready, and hands them back when they are.

rules/ decide (pure) · flows/ do (one verb a file) · workers/ call (outside this package). The picture and the two walks
are in docs/ARCHITECTURE.md.
"""

__version__ = "0.1.0"
