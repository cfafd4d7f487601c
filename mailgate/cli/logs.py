"""How the log of `serve` looks: a line for each fact, as words or as JSON, in which nothing of a mail and no secret can stand."""

import json
import logging
import re
import time
from types import TracebackType
from typing import Literal

#: Chatty libraries, of which some repeat what was said on the wire.
NOISY = ("apscheduler", "mail.log", "alembic", "imapclient", "asyncio", "sqlalchemy", "dns", "httpx", "urllib3", "psycopg")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=@]{1,64}@[^\s<>\"'(),;:=@]{1,255}")
#: Whose own words may be shown with a failure: written by us, about files and locks and never about a mail.
_OURS = ("mailgate.record.", "mailgate.guard")


def start_logging(verbose: bool, form: Literal["text", "json"] = "text") -> None:
    """On standard error. `verbose` adds what only helps to find a fault."""
    handler = logging.StreamHandler()
    handler.setFormatter(AsJson() if form == "json" else AsWords())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def clean(text: str) -> str:
    """On one line, with control characters shown and not obeyed, and without anybody's address."""
    if not text.isprintable():
        text = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in text)
    return _ADDRESS.sub("(address)", text) if "@" in text else text


def failure(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> str:
    """Which failure, and where: never its words, which may quote a mail, but for those that we wrote ourselves."""
    name = kind.__name__ if kind else "failure"
    if isinstance(error, OSError) and error.strerror:
        name += f" ({error.strerror})"
    elif error is not None and type(error).__module__.startswith(_OURS):
        name += f" ({error})"
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{name} at {' < '.join(reversed(places[-8:]))}" if places else name


class AsWords(logging.Formatter):
    """`2026-11-30 20:59:20,117 INFO    mailgate.journal mail_taken_in inbox=42 ...`"""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}: {failure(*record.exc_info)}"
        return f"{self.formatTime(record)} {record.levelname:<7} {record.name} {clean(message)}"


class AsJson(logging.Formatter):
    """One object a line: at, level, logger, and either the event with its facts, or a message."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        at = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        line: dict[str, object] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        fact = record.args[0] if isinstance(record.args, tuple) and record.args else None
        facts = getattr(fact, "facts", None)
        if isinstance(facts, dict):
            line["event"] = getattr(fact, "event", "")
            line |= {name: clean(value) if isinstance(value, str) else value for name, value in facts.items() if value not in (None, "")}
        else:
            line["event"], line["message"] = "message", clean(record.getMessage())
        if record.exc_info:
            line["failure"] = clean(failure(*record.exc_info))
        return json.dumps(line, ensure_ascii=False)
