"""A mail becomes an entry: what of it stands in the ticket's record, and under which visibility."""

from __future__ import annotations

from mailgate.decide.between import with_what_they_answer
from mailgate.decide.situation import Situation
from mailgate.model.mail import Attachment, Mail
from mailgate.model.person import Person, Role
from mailgate.model.ticket import Entry, TicketFile, Visibility


def answered(s: Situation, text: str) -> str:
    """The new text, or what is left of it below the commands; answers between the lines stand below what they answer."""
    if not s.mail.between or s.file is None:
        return text
    return with_what_they_answer(text, s.mail.between, known_outside(s.file))


def known_outside(file: TicketFile) -> list[str]:
    """What the requester has read already: the title and every public entry."""
    return [file.ticket.title, *(entry.text for entry in file.entries if entry.visibility is Visibility.PUBLIC)]


#: What a signed mail carries to prove itself (RFC 8551 3.5.3.2, RFC 3156 5), and the key that some programs add: with its writer's own
#: address, and of use to nobody once the words are ours.
_CERTIFICATES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/pgp-keys"}
)
_CERTIFICATE_NAMES = ("smime.p7s", "openpgp_signature", "openpgp_signature.asc", "signature.asc", "pgp.sig")


def files_of(mail: Mail, is_agents: bool = True) -> tuple[Attachment, ...]:
    """The files that a mail brings along: no logo of a signature that is folded, nothing that a quote shows, no agent's certificate."""
    return tuple(each for each in mail.attachments if each.part not in mail.folded and not (is_agents and _is_certificate(each)))


def _is_certificate(file: Attachment) -> bool:
    name = file.name.lower()
    return file.type in _CERTIFICATES or name.endswith(".p7s") or name in _CERTIFICATE_NAMES


def goes_outside(s: Situation) -> bool:
    """Whether a colleague's mail that was not sent by us went to the requester's side, which makes it public.

    What somebody asked a vendor or another colleague about the ticket is no answer to the requester.
    """
    if s.file is None:
        return False
    outside = set(s.file.ticket.outsiders())
    keys = {key for person in s.file.people if person.id in outside for key in person.keys}
    return any(address.key in keys for address in (*s.mail.to, *s.mail.cc))


def an_entry(
    s: Situation,
    visibility: Visibility,
    ticket: int,
    *,
    author: Person | None,
    role: Role,
    text: str | None = None,
    hidden: bool = False,
    flag: str = "",
) -> Entry:
    """The entry of this mail. `text` replaces the new text where commands were cut off its top; then no HTML stands beside it."""
    mail = s.mail
    words = answered(s, mail.new_text) if text is None else text
    whole = words.strip() == mail.new_text.strip()
    flags = [flag] if flag else []
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
        text=words,
        html=mail.new_html if whole else None,
        quoted=mail.quoted,
        signature=mail.signature,
        attachments=files_of(mail, role.is_agent),
        inbox=s.inbox,
        message_id=mail.message_id,
        recorded_at=s.now,
        arrived_at=s.arrived_at,
        hidden=hidden,
        flags=tuple(flags),
        reverse=mail.authors[0].address if visibility is Visibility.UNVERIFIED and mail.authors else None,
    )
