"""The words of a mail: which of them are new, quoted or signature, what was forwarded, and in which language they are."""

from mailgate.understand.text.below import written_below
from mailgate.understand.text.body import Cut, cut
from mailgate.understand.text.html import without_lines
from mailgate.understand.text.lines import above_the_marker, bare, lines_that_say

__all__ = ["Cut", "above_the_marker", "bare", "cut", "lines_that_say", "without_lines", "written_below"]
