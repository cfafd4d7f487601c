"""A mail becomes an entry: what of it stands in the ticket's record, and under which visibility."""

from __future__ import annotations

from mailgate.decide.situation import Situation
from mailgate.model.person import Person, Role
from mailgate.model.ticket import Entry, Visibility


def an_entry(
    s: Situation,
    visibility: Visibility,
    ticket: int,
    *,
    author: Person | None,
    role: Role,
    text: str | None = None,
    hidden: bool = False,
) -> Entry:
    """The entry of this mail. `text` replaces the new text where commands were cut off its top; then no HTML stands beside it."""
    mail = s.mail
    whole = text is None or text == mail.new_text.strip()
    flags = []
    if s.same_message_id:
        flags.append("same_message_id")
    if mail.inline_answers:
        flags.append("inline_answers")
    name = (author.name if author else "") or (mail.authors[0].name if mail.authors else "")
    return Entry(
        id=s.ids.entries[0],
        ticket=ticket,
        visibility=visibility,
        author=author.id if author else None,
        author_role=role,
        author_name=name,
        text=mail.new_text if text is None else text,
        html=mail.new_html if whole else None,
        quoted=mail.quoted,
        signature=mail.signature,
        attachments=mail.attachments,
        inbox=s.inbox,
        message_id=mail.message_id,
        recorded_at=s.now,
        arrived_at=s.arrived_at,
        hidden=hidden,
        flags=tuple(flags),
        reverse=mail.authors[0].address if visibility is Visibility.UNVERIFIED and mail.authors else None,
    )
