"""What kind of mail is it, and may a machine answer it?"""

from mailgate.understand.kinds.absences import signs_of_absence

__all__ = ["signs_of_absence"]
