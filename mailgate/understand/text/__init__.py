"""The words of a mail: which of them are new, quoted or signature, what was forwarded, and in which language they are."""

from mailgate.understand.text.below import written_below
from mailgate.understand.text.body import Cut, cut

__all__ = ["Cut", "cut", "written_below"]
