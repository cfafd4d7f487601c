"""Words to a person: templates become text and HTML, a header is written around them, and the letter is sealed.

Letters that follow from a mail are written in workers, others than those that read (docs/decisions/0003); the few of the other rounds
where they are decided. One that is too large for the relay is sealed anew without its files, which it then names (0025)."""
