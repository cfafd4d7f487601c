"""What kind of mail is it, and may a machine answer it?"""

from __future__ import annotations

from mailgate.understand.kinds.absences import signs_of_absence

__all__ = ["signs_of_absence"]
