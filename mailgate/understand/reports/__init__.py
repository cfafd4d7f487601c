"""Delivery reports: what mail servers say became of a letter, in their standard forms and in none."""

from mailgate.understand.reports.reasons import judged
from mailgate.understand.reports.reported import has_null_path

__all__ = ["has_null_path", "judged"]
