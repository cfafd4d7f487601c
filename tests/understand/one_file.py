"""What a single attachment of a mail holds, for tests that look at one."""

from __future__ import annotations

from mailgate.model.mail import Attachment
from mailgate.understand.mime.attachments import files_of


def attachment_bytes(raw: bytes, attachment: Attachment) -> bytes | None:
    return files_of(raw, [attachment])[0]
