"""A relay for the first try without a mail server: every letter becomes a file in a maildir that any mail client opens."""

import itertools
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from mailgate.model.delivery import Deferred, Delivered, Delivery
from mailgate.send.envelope import check_address, check_letter

_count = itertools.count(1)


class MaildirRelay:
    """Delivers as a local delivery agent does: into `tmp`, synced, renamed into `new`; envelope on top, line ends of this system."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    def deliver(self, envelope_from: str, recipient: str, data: bytes, needs_utf8: bool, envelope_id: str = "") -> Delivery:
        check_address(envelope_from, null_allowed=True)
        check_address(recipient)
        check_letter(data)
        envelope = f"Return-Path: <{envelope_from}>\nDelivered-To: {recipient}\n"
        try:
            name = self._put(envelope.encode() + data.replace(b"\r\n", b"\n"))
        except OSError as error:
            return Deferred(f"cannot write to the maildir: {error.strerror}", relay_down=True)
        return Delivered(f"250 kept as {name}")

    def close(self) -> None:
        """Nothing is kept open."""

    def abort(self) -> None:
        """Nothing here takes long."""

    def _put(self, data: bytes) -> str:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in ("tmp", "new", "cur"):
            (self._path / folder).mkdir(mode=0o700, exist_ok=True)
        host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
        seconds, rest = divmod(time.time_ns(), 10**9)
        name = f"{seconds}.M{rest // 1000}P{os.getpid()}Q{next(_count)}.{host}"
        draft = self._path / "tmp" / name
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(file, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(file)
            draft.rename(self._path / "new" / name)
        except OSError:
            with suppress(OSError):  # the disk that failed us may fail here too
                draft.unlink()
            raise
        new = os.open(self._path / "new", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(new)  # else the letter is gone with the power although we said that it was delivered
        finally:
            os.close(new)
        return name
