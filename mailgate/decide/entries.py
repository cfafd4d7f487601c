"""A mail becomes an entry: what of it stands in the ticket's record, and under which visibility."""

from mailgate.decide import authority, desks
from mailgate.decide.between import with_what_they_answer
from mailgate.decide.renaming import subject_of
from mailgate.decide.residue import folded
from mailgate.decide.situation import Situation
from mailgate.model.letters import letter_kind
from mailgate.model.mail import Address, Attachment, Door, Kind, Mail
from mailgate.model.masking import masked
from mailgate.model.person import Person, Role
from mailgate.model.ticket import Entry, TicketFile, Visibility
from mailgate.model.understood import LetterFacts

#: Flag of what a list or a program wrote that nobody may answer by machine.
MACHINE = "machine"
#: So many people in copy are kept and named.
MOST_COPIED = 50


def answered(s: Situation, text: str) -> str:
    """The new text, or what is left of it below the commands; answers between the lines stand below what they answer."""
    if not s.mail.between or s.file is None:
        return text
    return with_what_they_answer(text, s.mail.between, known_outside(s.file))


def with_what_is_below(s: Situation, text: str) -> str:
    """The new text, and below it what was written into the quote: each run under the lines that it answers, as far as they are public."""
    if not s.below or s.file is None:
        return text
    answers = "\n".join(answer.text for answer in s.below)
    return f"{text.rstrip()}\n\n{with_what_they_answer(answers, s.below, known_outside(s.file))}".strip("\n")


def known_outside(file: TicketFile) -> list[str]:
    """What the requester has read already: the title, every public entry, and what they wrote themselves beside and below their words.
    Notices name the author of a mail with their address and signature, and who had it in copy: those are no secrets to them."""
    public = [entry for entry in file.entries if entry.visibility is Visibility.PUBLIC]
    said = [file.ticket.title, *(entry.text for entry in public)]
    for entry in public:
        if entry.author_role is Role.REQUESTER:
            said += filter(None, (entry.signature, entry.subject, entry.reverse, *(address.address for address in entry.copied)))
    # Letters show these without card numbers and passwords, and so do quotes of letters.
    said += [shown for each in said if (shown := masked(each)) != each]
    requester = file.person(file.ticket.requester)
    return [*said, *(sorted(requester.keys) if requester else ())]


def copied(s: Situation) -> tuple[Address, ...]:
    """Who else has this mail: everybody in To and Cc but its author and the desk itself, in order, nobody twice."""
    mine = {author.key for author in s.mail.authors} | (s.author.keys if s.author else frozenset())
    found: dict[str, Address] = {}
    for address in (*s.mail.to, *s.mail.cc):
        if "@" in address.address and address.key not in mine and not s.policy.is_own(address.key):
            found.setdefault(address.key, address)
    # Of other desks the bare address: what stands in the mail may be signed for its author.
    theirs = (Address(each.name, each.address) for each in desks.others(s.mail, s.desk, s.policy))
    return (*theirs, *found.values())[:MOST_COPIED]


def proof_flags(s: Situation) -> tuple[str, ...]:
    """How far it is proven who wrote the mail, as its entry keeps it."""
    if s.arrival.door is Door.IMAP_SENT:
        return ("proof:mailbox",)
    proof, _ = authority.entry_proof_in(s)
    if proof.failed:
        return ("proof:failed",)
    if s.confirmed and s.role.is_agent:
        return ("proof:token",)  # by the answer to the question, which only this person had
    return tuple(flag for flag, given in (("proof:token", proof.token), ("proof:domain", proof.domain)) if given) or ("proof:none",)


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


_TELLING = 10  #: letters of a line that says something by itself
_MOST_COMPARED = 300_000  #: beyond it nothing is made an exception of


def own_words_inside(file: TicketFile, author: int, answered: LetterFacts | None) -> list[str]:
    """Lines of an agent's own notes that they may say to the requester after all.
    Not where the mail answers a notice that shows the note: then a quote may have brought them. Not what stands in anybody else's
    internal words as well, and nothing with an address, a link or a token in it."""
    inside = [e for e in file.entries if e.visibility is not Visibility.PUBLIC and not e.hidden]
    own = [e for e in inside if e.author == author and answered is not None and not _shows(answered, e)]
    if not own:
        return []
    others = [bare for e in inside if e.author != author for line in e.text.splitlines() if len(bare := folded(line)) >= _TELLING]
    lines = (line for e in own for line in e.text.splitlines() if not any(sign in line for sign in ("@", "://", "www.", "[")))
    found = [(line, bare) for line in lines if (bare := folded(line))]
    if len(found) * len(others) > _MOST_COMPARED:
        return []
    return [line for line, bare in found if not any(bare in other or other in bare for other in others)]


def _shows(letter: LetterFacts, note: Entry) -> bool:
    return letter.entry == note.id or (letter.made_at >= note.recorded_at and letter_kind(letter.event, letter.audience).shows_notes)


def goes_outside(s: Situation) -> bool:
    """Whether a colleague's mail that was not sent by us went to the requester's side, which makes it public.
    What somebody asked a vendor or another colleague about the ticket is no answer to the requester."""
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
    words = with_what_is_below(s, answered(s, mail.new_text)) if text is None else text
    whole = words.strip() == mail.new_text.strip()
    flags = list(proof_flags(s)) if role is not Role.OPERATOR or author is not None else []
    if flag:
        flags.append(flag)
    if s.file is not None and s.file.ticket.desk != s.desk.id:
        flags.append(f"desk:{s.desk.id}")
    if not role.is_agent and (s.reading.kind is Kind.LIST or not s.reading.answer):
        flags.append(MACHINE)
    if s.same_message_id:
        flags.append("same_message_id")
    if mail.inline_answers or (text is None and s.below):
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
        reverse=mail.authors[0].address if mail.authors and flags else None,
        subject=subject_of(s) if visibility is not Visibility.INTERNAL else None,
        copied=copied(s),
    )
