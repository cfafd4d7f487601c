"""What a door says to its clients: short, kind, with an enhanced status code (RFC 3463), and never why we failed."""

from mailgate.receive.transfer import NotTaken

STORED = "250 2.0.0 Stored"
TRY_LATER = "451 4.3.0 Try again later"
NO_SUCH_MAILBOX = "550 5.1.1 No such mailbox here"
NO_ROOM = "452 4.3.1 No room for this mail at the moment, try again later"
TOO_LARGE = "552 5.3.4 This mail is larger than we can take"
SHUTTING_DOWN = "421 4.3.2 We are closing for a moment, try again later"
BROKEN = "421 4.3.0 Try again later"
TOO_SLOW = "421 4.4.2 This took too long, try again later"
TOO_MANY_CONNECTIONS = "421 4.7.0 Too many connections, try again later"
TOO_MANY_COMMANDS = "421 4.7.0 Too many commands in one session, try again later"
NOT_SAID = "252 2.1.5 We do not say who is here; write, and the mail server will answer"


#: why a mail was not taken -> the reply to its last dot
FAULTY = {
    NotTaken.BARE_LINE_END: "554 5.6.0 Lines must end with CR LF; this mail has a CR or LF that stands alone",
    NotTaken.LINE_TOO_LONG: "554 5.6.0 This mail has a line longer than we can take",
    NotTaken.TOO_LARGE: TOO_LARGE,
    NotTaken.NO_ROOM: NO_ROOM,
}
