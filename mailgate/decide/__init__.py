"""What follows from a mail, a tick of the clock or an answer of the relay. Pure: it returns facts and changes nothing itself.

Why it is as it is, in docs/decisions: a command in the wrong place comes back (0020), so does what answers nothing of its ticket (0022),
or carries outside what we signed for somebody else (0023); who hears of a mail for two desks (0024); a question lets a mail be read once
more (0026); who may silence an address (0028); how a machine is told that does not say so (0029) and what one sender may cause (0030)."""
