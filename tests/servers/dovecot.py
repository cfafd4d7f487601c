"""A real Dovecot of our own: its own folders, ports and users, in the foreground, gone when the test is over.

Every user has the password `PASSWORD`, or a token that the token server of the tests knows (XOAUTH2 and OAUTHBEARER). Mails lie in
maildirs under `root`, and can be looked at over IMAP with `client()`.
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
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from tests.fakes.certificates import Certificate
from tests.servers import find, require_server
from tests.servers.postfix import free_port

PASSWORD = "canary-horse-7"

_CONF = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
auth_failure_delay = 0
auth_mechanisms = plain login {oauth}
disable_plaintext_auth = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:{root}/mail/%u
mailbox_list_index = no
shutdown_clients = yes
{tls}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{passdbs}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Done {{
    auto = create
  }}
}}
"""

_BY_PASSWORD = f"""
passdb {{
  driver = static
  mechanisms = plain login
  args = password={PASSWORD}
}}
"""

_BY_TOKEN = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
"""

_OAUTH2 = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot:
    """A running Dovecot. `client` is somebody else's mail program."""

    def __init__(self, root: Path, port: int, imaps: int) -> None:
        self.root, self.port, self.imaps = root, port, imaps
        self.master: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextlib.contextmanager
    def client(self, user: str, folder: str = "INBOX") -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=100) as client:
            client.normalise_times = False
            client.login(user, PASSWORD)
            client.select_folder(folder)
            yield client

    def append(self, user: str, raw: bytes, folder: str = "INBOX", flags: tuple[bytes, ...] = (), at: datetime | None = None) -> None:
        """Puts a mail there, as a mail program or another server would."""
        with self.client(user) as client:
            client.append(folder, raw, flags, at)

    def flags(self, user: str, folder: str = "INBOX") -> dict[int, set[bytes]]:
        """UID -> flags of everything in a folder, \\Recent left out."""
        with self.client(user, folder) as client:
            found = client.get_flags(client.search("ALL"))
            return {uid: set(flags) - {rb"\Recent"} for uid, flags in found.items()}

    def start(self) -> None:
        command = [find("dovecot") or "dovecot", "-F", "-c", str(self.root / "dovecot.conf")]
        self.master = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 150
        while True:
            assert self.master.poll() is None, f"Dovecot ended at once\n{self.log}"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as door:
                if door.recv(4) == b"* OK":
                    return
            assert time.monotonic() < deadline, f"Dovecot did not open its port\n{self.log}"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it, with everything that it started (nobody else is in its session)."""
        master, self.master = self.master, None
        if master is None:
            return
        if how is signal.SIGKILL:
            os.killpg(master.pid, signal.SIGKILL)
        else:
            master.send_signal(how)
        try:
            master.wait(10)
        except subprocess.TimeoutExpired:
            master.kill()
            master.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(master.pid, signal.SIGKILL)


@contextlib.contextmanager
def running_dovecot(*, certificate: Certificate | None = None, introspection: str = "") -> Iterator[Dovecot]:
    """Starts a Dovecot for the length of a `with`. Tokens are good that `introspection` (an address) says are good.

    Skips the test, or fails it in CI, where there is no Dovecot.
    """
    require_server("dovecot")
    # Not pytest's own folder: that one is closed to other users, and Dovecot gives up its rights.
    root = Path(tempfile.mkdtemp(prefix="mailgate-dovecot-"))
    try:
        root.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        (root / "mail").mkdir(mode=0o755)
        os.chown(root / "mail", nobody.pw_uid, nobody.pw_gid)
        dovecot = Dovecot(root, free_port(), free_port())
        tls = "ssl = no"
        if certificate is not None:
            tls = f"ssl = yes\nssl_cert = <{certificate.chain}\nssl_key = <{certificate.key}"
        passdbs = _BY_PASSWORD + (_BY_TOKEN.format(root=root) if introspection else "")
        (root / "oauth2.conf").write_text(_OAUTH2.format(url=introspection))
        conf = _CONF.format(
            root=root,
            port=dovecot.port,
            imaps=dovecot.imaps,
            tls=tls,
            oauth="xoauth2 oauthbearer" if introspection else "",
            passdbs=passdbs,
            uid=nobody.pw_uid,
            gid=nobody.pw_gid,
        )
        (root / "dovecot.conf").write_text(conf)
        dovecot.start()
        try:
            yield dovecot
        finally:
            dovecot.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)
