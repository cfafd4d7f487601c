"""What follows from a mail, a tick of the clock or an answer of the relay. Pure: it returns facts and changes nothing itself."""
