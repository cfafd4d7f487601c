"""Reasons that rows are counted by: how they begin in a column, with their codes, and as versions before codes wrote them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_

#: An absence that is about nothing of ours, mail of a blocked author, and mail from a junk folder. The sentences stay for good: rows of
#: such mail are kept as they were written.
STRANGERS_ABSENCE = ('["stray_report",["a.auto_reply"]', "auto_reply that belongs to no ticket")
BLOCKED = ('["blocked"', "blocked: ")
JUNK_FOLDER = ('["junk"]', "in the junk folder")


def begins(column: Any, how: Iterable[str]) -> ColumnElement[bool]:
    """Whether the text of a column begins in one of these ways."""
    return or_(*(column.startswith(one, autoescape=True) for one in how))
