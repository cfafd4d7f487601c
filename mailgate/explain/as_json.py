"""The public form of `mailgate explain --json`: one object for each mail. It only grows."""

from mailgate.explain.dry_run import NO_NUMBER, Explained
from mailgate.model.decision import Decision
from mailgate.model.events import name_of
from mailgate.model.evidence import Verdict
from mailgate.model.mail import Address, Forwarded, Kind, Reading

VERSION = 1


def as_json(path: str, told: Explained) -> dict[str, object]:
    reading, decided = told.reading, told.decided
    mail, decision = reading.mail, decided.wanted if decided else None
    verdict = decided.read.verdict if decided else Verdict()
    return {
        "version": VERSION,
        "file": path,
        "message_id": mail.message_id,
        "date": mail.date.isoformat() if mail.date else None,
        "subject": mail.subject,
        "from": _address(mail.authors[0] if mail.authors else mail.unaddressed or Address("", "")),
        "reply_to": [_address(a) for a in mail.reply_to],
        "to": [_address(a) for a in mail.to],
        "cc": [_address(a) for a in mail.cc],
        "kind": reading.kind.value,
        "kind_because": str(reading.kind_because),
        "answer": reading.answer,
        "answer_because": str(reading.answer_because),
        "text": mail.text,
        "html": mail.html,
        "new_text": mail.new_text,
        "quoted": mail.quoted,
        "forwarded": _forwarded(mail.forwarded) if mail.forwarded else None,
        "signature": mail.signature,
        "inline_answers": mail.inline_answers,
        "language": mail.language,
        "attachments": [{"name": a.name, "type": a.type, "size": a.size, "sha256": a.sha256, "inline": a.inline} for a in mail.attachments],
        "bounce": _bounce(reading),
        "authentication": {"verdict": verdict.verdict.value, "domain": verdict.domain, "by": verdict.by},
        "thread": {
            "ticket": decision.ticket.number if decision and decision.ticket and decision.ticket.number != NO_NUMBER else None,
            "evidence": [
                {"kind": e.kind.value, "where": e.where, "value": e.value, "ticket": e.ticket, "valid": e.valid}
                for e in (decided.read.evidence if decided else ())
            ],
        },
        "commands": [{"verb": c.verb, "args": list(c.args), "line": c.line} for c in reading.heard.commands],
        "defects": list(mail.defects),
        "would": list(would(decision)) if decision else [],
    }


def _bounce(reading: Reading) -> dict[str, object] | None:
    mail = reading.mail
    if reading.kind is not Kind.BOUNCE and not (reading.kind is Kind.DELIVERY_NOTICE and mail.reports):
        return None
    names = ("recipient", "action", "status", "reply_code", "hard", "reason")
    return {
        "message_id": mail.reported_ids[0] if mail.reported_ids else None,
        "reports": [{name: getattr(report, name) for name in names} for report in mail.reports],
    }


def _forwarded(mail: Forwarded) -> dict[str, object]:
    return {"from": _address(mail.author), "date": mail.date, "subject": mail.subject, "message_id": mail.message_id, "form": mail.form}


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def would(decision: Decision) -> tuple[str, ...]:
    words = []
    if decision.set_aside:
        words.append(f"set aside: {decision.set_aside}")
    for change in decision.changes:
        number = "a new ticket" if change.before is None else f"ticket {change.after.number}"
        words.extend(f"{name_of(event)} on {number}" for event in change.events)
        words.extend(f"{entry.visibility.value} entry on {number}" for entry in change.entries)
    words.extend(f"letter {letter.event} to {letter.person.address} ({letter.audience.value})" for letter in decision.letters)
    return tuple(words) or ("nothing",)
