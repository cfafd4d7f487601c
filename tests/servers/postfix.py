"""A real Postfix of our own: its own queue, its own folders, a free port on loopback, gone when the test is over.

Three kinds of recipients, by domain:

- `lmtp_domain` is handed on by LMTP to the port that the test names (mailgate's door);
- `MAILBOXES` takes anybody and puts every letter into one maildir, where `letters()` reads it;
- `REFUSING` answers 550 5.1.1 to every RCPT.

Mail for `FORWARDING` is taken and sent on to nobody@`lmtp_domain`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from tests.servers import find, require_server

MAILBOXES = "people.test"
REFUSING = "nobody.test"
FORWARDING = f"forwards@{MAILBOXES}"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
daemon_directory = {daemons}
command_directory = {commands}
maillog_file_prefixes = {root}
maillog_file = {root}/log
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
myhostname = relay.test
mydomain = relay.test
myorigin = relay.test
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
alias_database =
recipient_delimiter = +
# What was sent is what arrives: no header is added for clients on this machine either.
local_header_rewrite_clients =
# Nothing but the named domains exists: no name is ever looked up, nothing leaves the machine.
default_transport = error:5.1.2 only the domains of the test exist
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
relay_domains = {lmtp_domain}
relay_recipient_maps =
transport_maps = inline:{{ {lmtp_domain}=lmtp:inet:127.0.0.1:{lmtp_port} }}
lmtp_send_xforward_command = no
lmtp_destination_recipient_limit = 50
virtual_mailbox_domains = {mailboxes}, {refusing}
virtual_mailbox_maps = static:letters/
virtual_mailbox_base = {root}/mail
virtual_minimum_uid = 1
# Somebody who forwards his mail to where nobody is.
virtual_alias_maps = inline:{{ {forwarding}=nobody@{lmtp_domain} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ {refusing} = 550 5.1.1 No such person here }} }}, permit
# A letter that was deferred is tried again while the test still looks.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
message_size_limit = 104857600
virtual_mailbox_limit = 0
smtpd_client_connection_count_limit = 0
smtputf8_enable = yes
"""

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def free_port() -> int:
    """A port on loopback that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Postfix:
    """A running Postfix. Make one with `running_postfix`."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port  #: SMTP on 127.0.0.1
        self.pid = 0  #: of the master process

    @property
    def log(self) -> str:
        """What Postfix wrote down so far: print it when a test fails."""
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def raw_letters(self) -> list[bytes]:
        """Every letter in the maildir, as the bytes that were delivered, oldest first."""
        folder = self.root / "mail" / "letters" / "new"
        files = sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name)) if folder.exists() else []
        return [path.read_bytes() for path in files]

    def letters(self, recipient: str | None = None) -> list[Message]:
        """The letters in the maildir, read; only those for one address when `recipient` is given (as its envelope said)."""
        read = [message_from_bytes(raw) for raw in self.raw_letters()]
        return [one for one in read if recipient is None or one["X-Original-To"] == recipient]

    def wait_for_letters(self, count: int, recipient: str | None = None, seconds: float = 100) -> list[Message]:
        """The letters once there are at least `count` of them. Fails with Postfix's log when they do not come."""
        deadline = time.monotonic() + seconds
        while len(found := self.letters(recipient)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} letters came\n{self.log}"
            time.sleep(0.02)
        return found

    def wait_for_log(self, words: str, times: int = 1, seconds: float = 100) -> None:
        """Returns once Postfix has written these words into its log so many times."""
        deadline = time.monotonic() + seconds
        while self.log.count(words) < times:
            assert time.monotonic() < deadline, f"Postfix never said {words!r}\n{self.log}"
            time.sleep(0.02)


def _lay_out(root: Path, port: int, lmtp_domain: str, lmtp_port: int, also: str) -> Path:
    """Folders and configuration; where Postfix's programs are. It gives up its rights early, so the way down must be open to its users."""
    postfix = pwd.getpwnam("postfix")
    nobody = pwd.getpwnam("nobody")
    root.chmod(0o755)
    for name in ("etc", "queue", "data", "mail"):
        (root / name).mkdir(mode=0o755)
    os.chown(root / "data", postfix.pw_uid, postfix.pw_gid)
    os.chown(root / "mail", nobody.pw_uid, nobody.pw_gid)
    default = {
        key: subprocess.run([find("postconf") or "postconf", "-d", "-h", key], check=True, capture_output=True, text=True).stdout.strip()
        for key in ("daemon_directory", "command_directory")
    }
    main = _MAIN.format(
        root=root,
        daemons=default["daemon_directory"],
        commands=default["command_directory"],
        lmtp_domain=lmtp_domain,
        lmtp_port=lmtp_port,
        mailboxes=MAILBOXES,
        refusing=REFUSING,
        forwarding=FORWARDING,
        uid=nobody.pw_uid,
        gid=nobody.pw_gid,
    )
    (root / "etc" / "main.cf").write_text(main + also)
    (root / "etc" / "master.cf").write_text(_MASTER.format(port=port))
    # Makes the folders of the queue with their owners.
    subprocess.run([find("postfix") or "postfix", "-c", str(root / "etc"), "check"], check=True, capture_output=True)
    return Path(default["daemon_directory"])


def _wait_until_open(postfix: Postfix, master: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 150
    while True:
        assert master.poll() is None, f"Postfix ended at once\n{postfix.log}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", postfix.port), timeout=5) as door:
            if door.recv(3) == b"220":
                return
        assert time.monotonic() < deadline, f"Postfix did not open its port\n{postfix.log}"
        time.sleep(0.02)


def _stop(master: subprocess.Popen[bytes]) -> None:
    """The master ends its children on SIGTERM; whoever is left of its own session (nobody else is in it) goes after them."""
    master.send_signal(signal.SIGTERM)
    try:
        master.wait(10)
    except subprocess.TimeoutExpired:
        master.kill()
        master.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(master.pid, signal.SIGKILL)


@contextlib.contextmanager
def running_postfix(*, lmtp_port: int = 9, lmtp_domain: str = "desk.test", port: int | None = None, also: str = "") -> Iterator[Postfix]:
    """Starts a Postfix for the length of a `with`. Mail for `lmtp_domain` goes by LMTP to 127.0.0.1:`lmtp_port` (9: to nobody).
    `also`: further lines of main.cf, of which the last word counts.

    Skips the test, or fails it in CI, where there is no Postfix.
    """
    require_server("postfix")
    # Not pytest's own folder: that one is closed to other users, and Postfix delivers as `nobody`.
    root = Path(tempfile.mkdtemp(prefix="mailgate-postfix-"))
    try:
        postfix = Postfix(root, port or free_port())
        daemons = _lay_out(root, postfix.port, lmtp_domain, lmtp_port, also)
        # Straight to the master: `postfix start-fg` puts a shell between us, and the master would outlive it.
        command = [str(daemons / "master"), "-c", str(root / "etc"), "-s"]
        # A session of its own: the master signals its whole process group when it ends, and pytest must not be in it.
        master = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        postfix.pid = master.pid
        try:
            _wait_until_open(postfix, master)
            yield postfix
        finally:
            _stop(master)
    finally:
        shutil.rmtree(root, ignore_errors=True)
