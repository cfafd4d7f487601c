"""A machine writes that a mail did not arrive: gathers what it reports, from the form where it has one, else from its words.

Only a mail that bears a machine's mark is read so: what a person pastes from a bounce is a person's mail."""

from dataclasses import replace

from mailgate.model.mail import Mail, Report
from mailgate.model.sender import DAEMONS
from mailgate.understand.limits import ReadingLimits
from mailgate.understand.mime.transfer import undo
from mailgate.understand.mime.tree import MimePart, grow
from mailgate.understand.reports.as_json import notice_in
from mailgate.understand.reports.as_text import ReportedDelivery, says_failed, seen_too_late, told_in
from mailgate.understand.reports.dsn import REPORT_PARTS, RETURNED, delivery_reports, ids_of, in_text

#: How reporting programs call themselves beside their address, lower case.
DAEMON_NAMES = (
    "mail delivery s", "mailer-daemon", "mailer daemon", "mail administrator", "system administrator", "mail system", "mail subsystem",
    "delivery subsystem", "interscan", "content-filter", "microsoft outlook", "postmaster",
)  # fmt: skip
#: Local parts from which no person writes, points and dashes left out.
_MACHINES = frozenset({"noreply", "donotreply", "mailsystem", "maildeliverysystem", "mailsubsystem", "bounce", "bounces", "mta", "imss"})
#: Words in a local part that a person may have in it, too: then the subject has to be a report's.
_PERHAPS_MACHINES = frozenset({
    "daemon", "mailer", "smtp", "gateway", "gateways", "antivirus", "antispam", "delivery", "maildelivery", "postmaster",
    "administrator", "mailadmin", "sysadmin", "system", "admin", "mailmarshal", "mailsweeper", "mimesweeper", "messagelabs", "mailguard",
})  # fmt: skip
_BETWEEN_WORDS = str.maketrans("._-+", "    ")
#: Of reports, beside the sentences of their text.
_SUBJECTS = (
    "undeliver", "delivery fail", "failure notice", "delivery status", "returned mail", "mail delivery", "message delivery", "non-delivery",
    "mail system error", "delivery notification", "rejected", "zustellung", "message you sent blocked", "mail blocked", "message blocked",
    "nonexistent local address", "returning message", "退信", "not deliverable",
)  # fmt: skip


def completed(mail: Mail, raw: bytes, reverse_path: str | None, limits: ReadingLimits) -> Mail:
    """The mail with all that it reports. `reverse_path` as in `read`. What a person forwards or pastes is no report."""
    sure = _is_report(mail)
    if not sure and not _is_machine(mail) and not has_null_path(mail, reverse_path) and not _has_daemons_path(mail, reverse_path):
        return replace(mail, reports=()) if mail.reports else mail
    notice = notice_in(mail.text)
    if notice is not None:
        return replace(mail, reports=notice.reports, reported_ids=tuple(dict.fromkeys((*mail.reported_ids, *notice.message_ids))))
    if _is_receipt(mail):
        return mail
    parts = grow(raw, limits).leaves() if _has_original(mail) else []
    reports = mail.reports or in_text(mail.text, limits) or (_wrapped(parts, limits) if sure else ())
    told = told_in(mail.text, _failed(mail), _getters(mail), mail.subject)
    if reports:
        reports = tuple(_with_words(report, told) for report in _addressed(reports, _failed(mail)))
    elif sure or _is_believed(mail, told):
        reports = told.reports
    if not reports:
        return mail
    found = (*mail.reported_ids, *_returned_ids(parts, limits), *ids_of(told.returned.encode("utf-8", "replace"), limits))
    return replace(mail, reports=reports, reported_ids=tuple(dict.fromkeys(found)))


def has_null_path(mail: Mail, reverse_path: str | None) -> bool:
    """Whether the reverse-path is <>: the envelope says so, or where no envelope is known, Return-Path."""
    return reverse_path == "" if reverse_path is not None else (mail.header("return-path") or "").strip() == "<>"


def says_undelivered(subject: str) -> bool:
    low = subject[:500].lower()
    return any(words in low for words in _SUBJECTS) or says_failed(low)


def _has_daemons_path(mail: Mail, reverse_path: str | None) -> bool:
    path = reverse_path if reverse_path is not None else (mail.header("return-path") or "").strip("<> ")
    return path.lower().partition("@")[0] in DAEMONS


def _is_report(mail: Mail) -> bool:
    """By its form, its header or its author it can be nothing else. A postmaster is also a person."""
    if mail.report_type == "delivery-status" or mail.header("x-failed-recipients"):
        return True
    return any(local in DAEMONS and local != "postmaster" for local in locals_of(mail))


def _is_machine(mail: Mail) -> bool:
    """It may be a machine: then its words must say clearly that they are a report."""
    locals_ = locals_of(mail)
    if mail.content_type == "multipart/report" or any("".join(_words_of(local)) in _MACHINES for local in locals_):
        return True
    if "post_master" in locals_:
        return True  # gateways from mail to short messages
    named = any(author.name.lower().startswith(DAEMON_NAMES) for author in mail.authors)
    perhaps = named or any(not _PERHAPS_MACHINES.isdisjoint(_words_of(local)) for local in locals_)
    return perhaps and says_undelivered(mail.subject)


def _words_of(local: str) -> list[str]:
    return local.strip('"').translate(_BETWEEN_WORDS).split()


def locals_of(mail: Mail) -> tuple[str, ...]:
    """The authors' local parts, lower case, where they have one."""
    if mail.authors:
        return tuple(author.key.rpartition("@")[0] or author.key for author in mail.authors)
    # Some servers have no domain, or no address at all: `From: Mail Delivery Subsystem <MAILER-DAEMON>`.
    words = (word.strip("<>()\"',").partition("@")[0] for word in (mail.header("from") or "")[:500].lower().split())
    return tuple(word for word in words if word != "postmaster")


def _is_receipt(mail: Mail) -> bool:
    """A receipt or a complaint. A mailbox that refuses by a rule of its owner (RFC 5429) sends a receipt, too, and says so in words."""
    if mail.report_type == "disposition-notification":
        return "automatically rejected" not in mail.text[:2_000].lower()
    return mail.report_type == "feedback-report"


def _is_believed(mail: Mail, told: ReportedDelivery) -> bool:
    """Whether words alone make a report of this mail. The less its author is known to be a mail server, the more they must say.
    A parcel "could not be delivered" either, and who is absent says that nothing was passed on, and names a deputy."""
    titled = says_undelivered(mail.subject)
    coded = any((report.reply_code or report.status or "2") > "4" for report in told.reports)
    if "postmaster" in locals_of(mail) or not mail.authors:
        return told.says_so or titled
    if not told.says_so:
        return titled and coded
    returned = bool(told.returned) or _has_original(mail)
    if not _is_machine(mail):
        return coded and titled if _is_auto_reply(mail) else coded or titled or returned
    named = any(report.cause for report in told.reports)
    if _reads_nothing(mail):
        replied = any((report.reply_code or "2") > "4" for report in told.reports)
        return named and (replied or returned)
    return coded or named or returned


def _is_auto_reply(mail: Mail) -> bool:
    return (mail.header("auto-submitted") or "").strip().lower().startswith(("auto-replied", "auto-notified"))


def _reads_nothing(mail: Mail) -> bool:
    """noreply@ is nobody's mail server: shops and parcel services write so as well."""
    return any("".join(_words_of(local)) in ("noreply", "donotreply") for local in locals_of(mail))


def _with_words(report: Report, told: ReportedDelivery) -> Report:
    """A report in form that says nothing of the reason, with the reason that the text for people gives."""
    if report.hard and told.after_data and len(told.reports) == 1:
        return seen_too_late(report)
    words = next((one for one in told.reports if one.recipient.lower() == report.recipient.lower()), None)
    if words is None or report.reply_code or report.hard:
        return report
    same = words.status is not None and (report.status is None or report.status.endswith(".0.0"))
    return replace(
        words, action=report.action, status=words.status if same else report.status, hard=words.hard and report.action == "failed"
    )


def _addressed(reports: tuple[Report, ...], failed: tuple[str, ...]) -> tuple[Report, ...]:
    """A local delivery reports on a pipe or a file: then the header says whose it was."""
    if len(reports) == 1 and len(failed) == 1 and reports[0].recipient.startswith(("|", "/", ":")):
        return (replace(reports[0], recipient=failed[0]),)
    return reports


def _failed(mail: Mail) -> tuple[str, ...]:
    named = (one.strip("<> ") for value in mail.header_all("x-failed-recipients") for one in value[:20_000].split(","))
    return tuple(one for one in named if "@" in one)


def _getters(mail: Mail) -> frozenset[str]:
    own = [one.key for one in mail.to] or [one.lower() for one in mail.delivered_to]
    return frozenset((*own, *(one.key for one in mail.authors)))


def _has_original(mail: Mail) -> bool:
    return any(one.type in RETURNED for one in mail.attachments)


def _wrapped(parts: list[MimePart], limits: ReadingLimits) -> tuple[Report, ...]:
    """A virus filter has wrapped another server's report: it is the attached mail."""
    for part in parts:
        if part.type.type == "message/rfc822":
            inner = grow(undo(part.body, part.encoding)[0], limits)
            leaves = (undo(leaf.body, leaf.encoding)[0] for leaf in inner.leaves() if leaf.type.type in REPORT_PARTS)
            if found := tuple(report for data in leaves for report in delivery_reports(data, limits)):
                return found
    return ()


def _returned_ids(parts: list[MimePart], limits: ReadingLimits) -> tuple[str, ...]:
    returned = [undo(part.body, part.encoding)[0][: limits.header_block] for part in parts if part.type.type in RETURNED]
    return tuple(one for header in returned[:20] for one in ids_of(header.replace(b"\r\n", b"\n"), limits))
