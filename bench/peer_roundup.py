"""The peer of the bench: Roundup, another tracker that lives by mail, in an environment of its own and with its gateway in process.

It gets the mails of `bench.load` from memory: no SMTP, no client, no commit before a yes. Its tracker is on SQLite and holds 1,000 issues,
all senders are known, and each new issue is acknowledged into a file. So what is compared is a mail to issue and letter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from argparse import Namespace
from pathlib import Path
from typing import Any

from bench.load import SENDERS, mails

ROOT = Path(__file__).resolve().parents[1]
PLACE, WANTED = ROOT / ".venv" / "roundup", "roundup==2.6.0"
ISSUES = 1000


def roundup(count: int, seed: int) -> dict[str, Any]:
    """One round: mails a second, µs of CPU a mail, and how many issues or letters are not as they should be."""
    python = PLACE / "bin" / "python"
    if not python.exists():
        venv.create(PLACE, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED], check=True)
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as folder:
        command = [python, "-m", "bench.peer_roundup", folder, str(count), str(seed)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measured(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """The same within Roundup's own environment."""
    from email import message_from_bytes

    from roundup import admin, instance, password  # type: ignore[import-not-found]
    from roundup.mailgw import RoundupMessage  # type: ignore[import-not-found]

    letters = folder / "letters"
    said = "tracker_web=http://localhost/,mail_domain=example.org,mail_host=localhost,nosy_messages_to_author=new"
    for words in (("install", "classic", "sqlite", f"{said},mail_debug={letters}"), ("initialise", "admin")):
        sys.argv = ["roundup-admin", "-i", str(folder), *words]
        if code := admin.AdminTool().main():
            raise SystemExit(f"roundup-admin {words[0]} ended with {code}")
    tracker = instance.open(str(folder))
    db = tracker.open("admin")
    unused = password.Password("unused", config=db.config)
    for number in range(SENDERS):
        db.user.create(username=f"user{number}", address=f"user{number}@example.com", password=unused, roles="User")
    for number in range(ISSUES):
        db.issue.create(title=f"issue {number}")
    db.commit()
    before = db.issue.count()
    db.close()
    made, arguments = mails(count, seed), Namespace(default_class="", set_value=[])
    began, spent = time.perf_counter(), time.process_time()
    for _, raw in made:
        tracker.MailGW(tracker, arguments).handle_Message(message_from_bytes(raw, RoundupMessage))
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    db = tracker.open("admin")
    opened, wanted = db.issue.count() - before, sum(b"\r\nIn-Reply-To:" not in raw for _, raw in made)
    told = letters.read_text(errors="replace").count("Subject: [issue") if letters.exists() else 0
    db.close()
    return {"per_second": count / seconds, "cpu_us": spent * 1e6 / count, "wrong": abs(opened - wanted) + abs(told - wanted)}


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
