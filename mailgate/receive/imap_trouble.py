"""What can be wrong with a mailbox, and what that means for the connection and for the operator."""


class Trouble(Exception):
    """Why a mailbox cannot be read now. The text is for the operator and holds no secret."""

    kind = "mailbox_down"  #: of the alarm


class Unsafe(Trouble):
    """TLS fails or is not offered: nothing secret was said."""

    kind = "mailbox_unsafe"


class LoginRefused(Trouble):
    """Credentials were sent, and the server does not let us in."""

    kind = "mailbox_login_refused"


class TokenTrouble(Trouble):
    """There is no token to log in with."""

    kind = "token_refused"


class ConnectionLost(Trouble):
    """The connection ended, or what came over it makes no sense any more: this session is over."""


class TooLong(ConnectionLost):
    """The server began to send more than was asked for, and it was not read."""


class Refusal(Exception):
    """The server said NO or BAD to one command; the connection is still good."""
