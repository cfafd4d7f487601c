"""What is this mail, and may a machine answer it? Two tables of small questions; the first that says yes decides.

The two answers are apart: a mail that asks not to be answered is still a person's mail, and a list mail may open a ticket."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mailgate.model.account import Asked
from mailgate.model.mail import Kind, Mail, Reading
from mailgate.model.reason import Because, Reason
from mailgate.model.sender import DAEMONS, is_noreply
from mailgate.model.token import Keyring, read_own_id
from mailgate.understand.kinds.absences import absence_in
from mailgate.understand.mime.headers import without_comments
from mailgate.understand.reports.as_json import notice_in
from mailgate.understand.reports.reported import has_null_path as null_path_of
from mailgate.understand.reports.reported import locals_of, says_undelivered


@dataclass(frozen=True, slots=True)
class Case:
    """What the questions are asked about."""

    mail: Mail
    null_path: bool  #: the reverse-path is <>: the envelope says so, or where no envelope is known, Return-Path
    submitted: tuple[str, ...]  #: the keywords of Auto-Submitted and its kin, lower case
    ring: Keyring
    headers: Mapping[str, tuple[str, ...]]  #: name -> values, topmost first
    names: str  #: all names of headers, one on a line: searched before they are gone through

    def first(self, name: str) -> str | None:
        values = self.headers.get(name)
        return values[0] if values else None

    def each(self, *names: str) -> list[str]:
        return [value for name in names for value in self.headers.get(name, ())]


#: A question: the evidence when the answer is yes, else None.
Question = Callable[[Case], Because | None]


def classify(mail: Mail, reverse_path: str | None, ring: Keyring) -> tuple[Kind, Because, bool, Because]:
    """(kind, because, whether a machine may answer, because)."""
    case = _case(mail, reverse_path, ring)
    kind, because = next((kind, _yes("is", name, evidence)) for kind, name, question in RULES if (evidence := question(case)) is not None)
    if kind not in _ANSWERED:
        return kind, because, False, _never(kind)
    silence = next((_yes("silent", name, evidence) for name, question in SILENCE if (evidence := question(case)) is not None), None)
    return kind, because, silence is None, silence or Reason("answerable")


def _yes(table: str, rule: str, evidence: Because) -> Reason:
    return Reason(f"{table}.{rule}", (evidence,))


def looked_at(mail: Mail, reverse_path: str | None, ring: Keyring) -> tuple[tuple[Asked, ...], tuple[Asked, ...]]:
    """The questions that `classify` asks of this mail, each with its answer, up to the one that decides: of what it is, and of silence."""
    case = _case(mail, reverse_path, ring)
    kinds = _until_yes(Asked(name, question(case), kind) for kind, name, question in RULES)
    answered = kinds[-1].kind in _ANSWERED
    return kinds, _until_yes(Asked(name, question(case)) for name, question in SILENCE) if answered else ()


def _until_yes(asked: Iterable[Asked]) -> tuple[Asked, ...]:
    told: list[Asked] = []
    for each in asked:
        told.append(each)
        if each.evidence is not None:
            break
    return tuple(told)


def _case(mail: Mail, reverse_path: str | None, ring: Keyring) -> Case:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in mail.headers:
        headers[name] = (*headers.get(name, ()), value)
    return Case(mail, null_path_of(mail, reverse_path), _submitted(headers), ring, headers, "\n".join(headers))


# --- Auto-Submitted, RFC 3834 section 5 -----------------------------------------------------------------------------------


def _submitted(headers: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keyword of each Auto-Submitted: without comments and parameters. An empty one is "" and not "no"."""
    names = ("auto-submitted", "x-auto-submitted", "x-autosubmitted")
    return tuple(without_comments(value).partition(";")[0].strip().strip('"').lower() for name in names for value in headers.get(name, ()))


def _words(value: str) -> list[str]:
    return without_comments(value).lower().replace(",", " ").replace(";", " ").replace('"', " ").split()


# --- what is it? ------------------------------------------------------------------------------------------------------------


def is_unreadable(case: Case) -> Because | None:
    return Reason("seen.no_header") if not case.mail.headers else None


def is_our_own(case: Case) -> Because | None:
    # Only a good MAC counts: who forges our name must not be able to have a customer's mail dropped.
    own = read_own_id(case.ring, case.mail.message_id or "")
    return Reason.of("seen.own_letter", own.letter) if own is not None and not own.anchor and not own.check else None


_OWN = "our own letter"


def own_letter(reading: Reading, ring: Keyring) -> tuple[Kind, Because, bool, Because] | None:
    """What `classify` says of a letter of our own, None where it is none; for whoever has the keys, of a mail that was read without."""
    if reading.kind is Kind.UNREADABLE:
        return None
    evidence = is_our_own(Case(reading.mail, False, (), ring, {}, ""))
    return None if evidence is None else (Kind.LOOP, _yes("is", _OWN, evidence), False, _never(Kind.LOOP))


def own_asked(kinds: tuple[Asked, ...], because: Because) -> tuple[Asked, ...]:
    """The questions that were asked of it, up to the one that decides with the keys at hand."""
    before = next(place for place, asked in enumerate(kinds) if asked.rule == _OWN)
    evidence = next((one for one in because.values if not isinstance(one, int)), None) if isinstance(because, Reason) else because
    return (*kinds[:before], Asked(_OWN, evidence, Kind.LOOP))


def _never(kind: Kind) -> Reason:
    return Reason.of("never_answered", Reason(f"a.{kind.value}"))


def is_complaint(case: Case) -> Because | None:
    if case.mail.report_type == "feedback-report" or _has_part(case, "message/feedback-report"):
        return Reason("seen.feedback")
    notice = notice_in(case.mail.text) if writes_from_nowhere(case) else None
    return Reason("seen.feedback_json") if notice is not None and notice.kind == "complaint" else None


def is_complaint_of_a_provider(case: Case) -> str | None:
    """Outlook.com and AOL have forms of their own: a fixed subject, the mail attached, and not a word of a person beside it."""
    mail = case.mail
    # Where a mail has no word of its own, its text is that of the mail attached.
    said = mail.text.strip() not in ("", mail.forwarded.text.strip() if mail.forwarded else "")
    low = mail.subject[:100].lower()
    if not low.startswith(("complaint about message from ", "email feedback report for ip ")) or not _has_part(case, "message/rfc822"):
        return None
    # AOL says what it is in a sentence.
    return mail.subject[:80] if not said or mail.text.lstrip()[:40].lower().startswith("this is an email abuse report") else None


def is_unsubscription(case: Case) -> str | None:
    # Apple Mail writes it when somebody presses "unsubscribe": like a complaint, it asks that nothing more be sent.
    return "x-apple-unsubscribe" if (case.first("x-apple-unsubscribe") or "").lower() == "true" else None


def is_failure_report(case: Case) -> Because | None:
    failed = [report for report in case.mail.reports if report.action == "failed"]
    return Reason.of("seen.failed", failed[0].recipient, failed[0].status or Reason("seen.no_status")) if failed else None


def is_other_report(case: Case) -> Because | None:
    reports = case.mail.reports
    return Reason.of("seen.reported", reports[0].action, reports[0].recipient) if reports else None


def is_read_receipt(case: Case) -> Because | None:
    is_one = case.mail.report_type == "disposition-notification" or _has_part(case, "message/disposition-notification")
    return Reason("seen.disposition") if is_one else None


def is_warning_of_a_daemon(case: Case) -> Because | None:
    subject = case.mail.subject.lower()
    if (daemon := _daemon(case)) and any(words in subject for words in _DELAY_WORDS):
        return Reason.of("seen.writes", daemon, repr(case.mail.subject[:80]))
    return None


def is_empty_report(case: Case) -> Because | None:
    return Reason("seen.no_recipient") if case.mail.report_type == "delivery-status" else None


def is_failure_by_header(case: Case) -> str | None:
    return (case.first("x-failed-recipients") or "")[:200] or None


def is_failure_of_a_daemon(case: Case) -> Because | None:
    daemon = _daemon(case)
    # postmaster@ is also a person: only a subject in the words of a report makes it a machine.
    if daemon and (daemon != "postmaster" or case.null_path or says_undelivered(case.mail.subject)):
        return Reason.of("seen.writes", daemon, repr(case.mail.subject[:80]))
    return None


def is_auto_submitted(case: Case) -> str | None:
    # RFC 3834: a reply; RFC 5436: a notification. auto-generated is a machine's own request and opens a ticket.
    replies = ("auto-replied", "auto-notified", "auto-reply")
    return next((word for word in case.submitted if word.replace("_", "-").startswith(replies)), None)


def is_auto_reply_by_header(case: Case) -> str | None:
    for name in _REPLY_HEADERS:
        value = case.first(name)
        if value is not None and value.lower() not in ("no", "false", "0"):
            return f"{name}: {value[:80]}"
    for name in case.headers if "auto" in case.names or "vacation" in case.names else ():
        # Each maker has a name of its own for it: X-YMail-Vacation, X-HelpScout-Auto-Reply.
        if ("auto" in name or "vacation" in name) and name.startswith("x-") and not any(word in name for word in _WANTS_NONE):
            bare = name.replace("-", "")
            value = case.headers[name][0].strip().lower()
            # X-Acme-Vacation-Balance is a person's.
            says_so = bare.endswith("vacation") or any(words in bare for words in ("autoreply", "autorespon", "vacationre", "vacationno"))
            if says_so and value not in _NO:
                return f"{name}: {value[:80]}"
    for name, word in _REPLY_VALUES:
        # A word of its own, at least at its beginning: a person may write with VacationHomes 2.0.
        if any(word in value.lower() and (word != "vacation" or word in _words(value.replace("/", " "))) for value in case.each(name)):
            return f"{name}: {word}"
    if any("auto_reply" in _words(value) or "auto-reply" in _words(value) for value in case.each(*_PRECEDENCE)):
        return "precedence: auto_reply"
    if any(address.lower().partition("@")[0] == "autoresponder" for address in (*case.mail.delivered_to, *case.each("delivered-to"))):
        return "delivered-to: autoresponder"
    return None


def is_inbox_rule_reply(case: Case) -> str | None:
    # Exchange marks what a rule sends; only what it sends by itself also asks for silence of every kind.
    if case.first("x-ms-exchange-inbox-rules-loop") and "all" in _suppressed(case):
        return "x-ms-exchange-inbox-rules-loop, and x-auto-response-suppress: all"
    return None


def is_marked_absence(case: Case) -> str | None:
    """The subject of an absence, and beside it a machine's mark.
    That it answers a mail is none: a person who answers may write "Auto: the brakes" over it, and then nobody would hear of it."""
    absent = _absent(case)
    marks = (came_from_a_machine, has_low_precedence, asks_for_silence, has_a_machine_header)
    return absent if absent is not None and any(mark(case) for mark in marks) else None


def is_vacation_notice(case: Case) -> Because | None:
    # A vacation notice sent with a null reverse-path is still not a request; an alarm sent with one is.
    if case.null_path and (case.mail.in_reply_to or _absent(case)):
        return Reason("seen.null_path_answer" if case.mail.in_reply_to else "seen.null_path_subject")
    return None


def is_list(case: Case) -> str | None:
    name = next((name for name in _LIST_HEADERS if name in case.headers), None)
    if name is None and any("list" in _words(value) for value in case.each(*_PRECEDENCE)):
        return "precedence: list"
    return name


def is_written(case: Case) -> Because | None:
    return Reason("seen.nothing")


RULES: tuple[tuple[Kind, str, Question], ...] = (
    (Kind.UNREADABLE, "unreadable", is_unreadable),
    (Kind.LOOP, _OWN, is_our_own),
    (Kind.COMPLAINT, "complaint", is_complaint),
    (Kind.COMPLAINT, "complaint of a provider", is_complaint_of_a_provider),
    (Kind.COMPLAINT, "unsubscription", is_unsubscription),
    (Kind.BOUNCE, "delivery report", is_failure_report),
    (Kind.DELIVERY_NOTICE, "delivery report", is_other_report),
    (Kind.DELIVERY_NOTICE, "read receipt", is_read_receipt),
    (Kind.DELIVERY_NOTICE, "warning", is_warning_of_a_daemon),
    (Kind.BOUNCE, "delivery report", is_empty_report),
    (Kind.BOUNCE, "x-failed-recipients", is_failure_by_header),
    (Kind.BOUNCE, "report without its form", is_failure_of_a_daemon),
    (Kind.AUTO_REPLY, "auto-submitted", is_auto_submitted),
    (Kind.AUTO_REPLY, "auto-reply header", is_auto_reply_by_header),
    (Kind.AUTO_REPLY, "inbox rule", is_inbox_rule_reply),
    (Kind.AUTO_REPLY, "vacation notice", is_vacation_notice),
    (Kind.AUTO_REPLY, "absence", is_marked_absence),
    (Kind.LIST, "list header", is_list),
    (Kind.WRITTEN, "written", is_written),
)
_ANSWERED = frozenset({Kind.WRITTEN})

_REPLY_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoresponse", "x-auto-response", "x-mail-autoreply", "x-autoreply-from",
    "x-vacation", "x-auto-reply-from", "x-auto-reply",
)  # fmt: skip
#: X-Auto-Response-Suppress and others of its kind want no automatic reply: people's mails have them, too.
_WANTS_NONE = ("suppress", "skip", "disable", "prevent", "avoid", "block", "without", "-no-", "-dont-", "-do-not-", "noauto")
_NO = frozenset({"no", "false", "0", "off", "none", "never", "disabled"})
#: Headers that say it with a word of theirs.
_REPLY_VALUES = (
    ("x-autogenerated", "reply"), ("x-apple-action", "vacation"), ("x-ms-exchange-generated-message-source", "mailbox rules agent"),
    ("x-loop", "vacation"), ("x-mailer", "vacation"), ("x-mailer", "autorespon"), ("delivered-by-the-graces-of", "vacation"),
)  # fmt: skip
_LIST_HEADERS = (
    "list-id", "list-post", "mailing-list", "x-mailing-list", "x-mailinglist", "x-beenthere", "x-mailman-version", "x-ml-name",
    "x-mlserver",
)  # fmt: skip
_PRECEDENCE = ("precedence", "x-precedence")
_DELAY_WORDS = (
    "delayed", "delay", "warning: could not send", "still being retried", "verzögert", "not yet delivered", "temporarily", "retrying",
)  # fmt: skip


# --- may a machine answer it? -----------------------------------------------------------------------------------------------


def has_null_path(case: Case) -> str | None:
    return "<>" if case.null_path else None


def came_from_a_machine(case: Case) -> str | None:
    # RFC 3834: anything but "no" was sent by a machine.
    return next((word or "(empty)" for word in case.submitted if word != "no"), None)


def asks_for_silence(case: Case) -> str | None:
    asked = _suppressed(case) & {"all", "oof", "autoreply"}
    return ", ".join(sorted(asked)) if asked else None


def has_low_precedence(case: Case) -> str | None:
    low = {"bulk", "list", "junk", "auto_reply", "auto-reply"}
    return next((value[:80] for value in case.each(*_PRECEDENCE) if not low.isdisjoint(_words(value))), None)


def has_a_machine_header(case: Case) -> str | None:
    if not _MACHINE_HEADERS.isdisjoint(case.headers) or "list-" in case.names or "loop" in case.names:
        return next(
            (name for name in case.headers if name in _MACHINE_HEADERS or name.startswith("list-") or "loop" in name.split("-")), None
        )
    return None


def has_no_one_author(case: Case) -> Because | None:
    found = len(case.mail.authors)
    return None if found == 1 else Reason("seen.no_author") if found == 0 else Reason.of("seen.authors", found)


def writes_from_nowhere(case: Case) -> str | None:
    """A person who answers to noreply@ reads nothing; neither does a daemon."""
    for address in (*case.mail.authors, *case.mail.reply_to):
        local = address.key.rpartition("@")[0].partition("+")[0]
        if local in _NOBODY or is_noreply(address.key):
            return address.address
    return None


def is_a_statistic(case: Case) -> str | None:
    """What mail hosts report to each other about a domain: DMARC (RFC 7489 7.2.1.1) and SMTP TLS (RFC 8460 5.3)."""
    subject = case.mail.subject[:200].lower()
    if case.mail.content_type == "multipart/report" or (subject.startswith("report domain:") and "submitter:" in subject):
        return case.mail.report_type or case.mail.subject[:80]
    return None


def _absent(case: Case) -> str | None:
    return absence_in(case.mail.subject)


SILENCE: tuple[tuple[str, Question], ...] = (
    ("null reverse-path", has_null_path),
    ("auto-submitted", came_from_a_machine),
    ("x-auto-response-suppress", asks_for_silence),
    ("precedence", has_low_precedence),
    ("machine header", has_a_machine_header),
    ("author", has_no_one_author),
    ("nobody reads there", writes_from_nowhere),
    ("report", is_a_statistic),
    ("subject of an absence", _absent),  # words are the last and weakest hint: they only withhold an answer
)

#: X-Feedback-ID and X-CSA-Complaints are none of them.
_MACHINE_HEADERS = frozenset({
    *_REPLY_HEADERS, *_LIST_HEADERS, "x-loop", "x-no-loop", "x-autogenerated", "x-auto-generated", "x-fc-machinegenerated",
    "x-cron-env", "x-jira-fingerprint", "x-bugzilla-reason", "x-trac-project", "x-gitlab-project", "x-jenkins-job",
    "x-amazon-mail-relay-type", "x-ms-exchange-inbox-rules-loop", "x-failed-recipients",
})  # fmt: skip
_NOBODY = DAEMONS | {"daemon", "root", "cron", "nobody", "listserv", "majordomo"}


def _suppressed(case: Case) -> set[str]:
    return {word for value in case.each("x-auto-response-suppress") for word in _words(value)}


def _daemon(case: Case) -> str:
    return next((local for local in locals_of(case.mail) if local in DAEMONS), "")


def _has_part(case: Case, kind: str) -> bool:
    return any(attachment.type == kind for attachment in case.mail.attachments)
