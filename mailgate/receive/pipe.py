"""The pipe: one mail on standard input, as a mail server's pipe transport or a filter hands it over.

The exit code is all that the mail server hears. Zero means stored; 75 means that it shall keep the mail and try again. It returns
the mail to its sender on most others, so these stand only for what trying again cannot change (sysexits.h)."""

import logging
from collections.abc import Callable, Sequence
from typing import BinaryIO

from mailgate.model.mail import Arrival, Door, NoSpace
from mailgate.receive import Clock
from mailgate.receive.transfer import hops

log = logging.getLogger(__name__)

EX_OK = 0
EX_DATAERR = 65
EX_NOUSER = 67
EX_TEMPFAIL = 75

MAX_RECEIVED = 100  # RFC 5321 6.3
_AT_ONCE = 1024 * 1024


class TooLarge(Exception):
    """The mail on standard input is larger than may be taken."""


def read_standard_input(stream: BinaryIO, limit: int) -> bytes:
    """The mail on the stream, byte for byte, line ends as they are; only an mbox line (`From alice@... Mon Jun ...`) before it is cut.
    Raises `TooLarge` above `limit` octets, without keeping more than that."""
    kept = bytearray()
    while piece := stream.read(_AT_ONCE):
        kept += piece
        if len(kept) > limit + _AT_ONCE:  # room for the mbox line, which is not part of the mail
            raise TooLarge
    if kept.startswith(b"From "):
        end = kept.find(b"\n")
        del kept[: end + 1 or len(kept)]
    if len(kept) > limit:
        raise TooLarge
    return bytes(kept)


def deliver(
    stream: BinaryIO,
    sender: str | None,
    recipients: Sequence[str],
    accept_sync: Callable[[Arrival], None],
    desk_of: Callable[[str], str | None],
    now: Clock,
    limit: int,
) -> int:
    """Take in one mail; the exit code.
    `sender` is the envelope's ("" or Postfix's `MAILER-DAEMON` is the null reverse-path, None: not known). `recipients` are those
    that were named on the command line; when one of them is not ours nothing is stored, since one code cannot tell two fates. None
    named: the gateway finds the desk. `accept_sync` returns when the mail is committed."""
    try:
        unknown = [recipient for recipient in recipients if not recipient.isprintable() or desk_of(recipient) is None]
        if unknown:
            log.warning("no such mailbox here: %s", ", ".join(map(ascii, unknown)))
            return EX_NOUSER
        if sender is not None and not sender.isprintable():
            log.warning("the envelope sender is not an address")
            return EX_DATAERR
        raw = read_standard_input(stream, limit)
        if not raw.strip():
            # Whoever feeds us broke down before the mail: nothing that its sender should hear of.
            log.error("there was no mail on standard input")
            return EX_TEMPFAIL
        if hops(raw) >= MAX_RECEIVED:
            log.warning("refused a mail that goes in circles")
            return EX_DATAERR
        at = now()
        accept_sync(Arrival(raw, _reverse_path(sender), tuple(dict.fromkeys(recipients)), Door.PIPE, "pipe", at, at))
    except TooLarge:
        log.warning("refused a mail of more than %d octets", limit)
        return EX_DATAERR
    except NoSpace:
        log.error("there is no room to store a mail")
        return EX_TEMPFAIL
    except (Exception, KeyboardInterrupt):
        log.exception("could not take a mail")
        return EX_TEMPFAIL
    return EX_OK


def _reverse_path(sender: str | None) -> str | None:
    if sender is None:
        return None
    bare = sender.strip().removeprefix("<").removesuffix(">")
    return "" if bare.upper() == "MAILER-DAEMON" else bare
