"""A calendar part (iCalendar, RFC 5545) in words: what, when, where. For mails that say nothing else."""

import re

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"([A-Za-z-]{1,40})((?:;[^:\n]{0,400})?):(.*)")
_ZONE = re.compile(r";TZID=\"?([^;:\"]{1,60})", re.IGNORECASE)
_INSTANT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z)?)?")
_ESCAPED = re.compile(r"\\(.)")
#: Lines of one event that are looked at, and events.
_MOST_LINES, _MOST_EVENTS = 2_000, 20


def words_of(calendar: str) -> str:
    """The events of a calendar part as lines of text; "" when it has none."""
    told: list[str] = []
    facts: dict[str, str] | None = None
    nested = 0
    for line in _FOLD.sub("", calendar).split("\n")[:_MOST_LINES]:
        match = _LINE.match(line)
        if match is None:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3].strip()
        if name == "BEGIN":
            if facts is not None:
                nested += 1  # an alarm within the event
            elif value.upper() in ("VEVENT", "VTODO"):
                facts = {}
        elif name == "END" and nested:
            nested -= 1
        elif name == "END" and facts is not None:
            told.append(_told(facts))
            facts = None
            if len(told) == _MOST_EVENTS:
                break
        elif facts is not None and not nested:
            facts.setdefault(name, _instant(value, parameters) if name in ("DTSTART", "DTEND", "DUE") else _plain(value))
    return "\n\n".join(filter(None, told))


def _told(facts: dict[str, str]) -> str:
    when = " - ".join(filter(None, (facts.get("DTSTART"), facts.get("DTEND") or facts.get("DUE"))))
    lines = (facts.get("SUMMARY", ""), when, facts.get("LOCATION", ""))
    told = "\n".join(filter(None, (*lines, "\n" + facts["DESCRIPTION"] if facts.get("DESCRIPTION") else ""))).strip()
    # Whoever accepts an invitation sends its words back: none of them shall read as their command.
    return "\n".join(line if not line or line[0].isalnum() else f"- {line}" for line in told.split("\n"))


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _instant(value: str, parameters: str) -> str:
    """An instant as it is written there, with its zone; nothing is reckoned, for no zone of a stranger is to be trusted."""
    match = _INSTANT.fullmatch(value)
    if match is None:
        return value[:40]
    year, month, day, hour, minute, utc = match.groups()
    zone = _ZONE.search(parameters)
    return f"{year}-{month}-{day}{f' {hour}:{minute}' if hour else ''}{' UTC' if utc else f' ({zone[1]})' if zone else ''}"
