"""What is wrong with an installation, and what to do: each thing looked at gives one line."""

from nurture.doctor.case import Case
from nurture.doctor.examination import examine
from nurture.doctor.finding import Finding, Level
from nurture.doctor.names import Names

__all__ = ["Case", "Finding", "Level", "Names", "examine"]
