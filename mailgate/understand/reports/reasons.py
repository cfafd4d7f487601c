"""Why a mail was not delivered: the words and codes of mail hosts, as tables, and which of them is believed.

The reason is one of a few words of ours; whether the address itself does not work follows from the reason alone."""

import re

from mailgate.model.mail import Report
from mailgate.understand.mime.headers import decode_words

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
REPLY = re.compile(r"(?<![\w.])([245][0-5]\d)(?=[\s#,;:'\"-])")
REFUSAL = re.compile(r"(?<![\w.])[45][0-5]\d(?=[\s#,;:'\"-])")
#: A code and a status side by side say more than a number somewhere in a sentence. \x23 is the sign # of qmail and Exchange.
_BOTH = re.compile(r"(?<![\d.])[45]\d\d[ -]{1,2}\x23?([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
#: A host that quotes the reply of the next one: 550-'5.7.1 ...', or <421 4.4.2 ...> behind its own words.
_QUOTED_REPLY = re.compile(r"\d\d\d-'(?=[245]\.\d)|<(?=[245]\d\d[ -][245]\.\d)")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>]{1,500}")
_ADDRESS = re.compile(
    r"(?<![^\s<>()\[\]:;,\"'\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef])[^\s<>()\[\]:;,\"'\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]{1,100}@[^\s<>()\[\]:;,\"'\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]{1,255}"
)
_TYPE = re.compile(r"[\w-]{1,20}\s?;")
_MOST_WORDS = 2_000

#: The address itself does not work, whatever is sent there. A mailbox that is full or shut for now may come back.
HARD = frozenset({"user unknown", "host unknown", "user moved", "address faulty", "host takes no mail"})

#: RFC 3463, RFC 7372, RFC 7505 and the registry behind them; the long ones are Exchange Online's own. Class left out.
STATUSES: dict[str, str] = {
    "1.1": "user unknown", "1.2": "host unknown", "1.3": "address faulty", "1.4": "address ambiguous", "1.6": "user moved",
    "1.7": "sender not accepted", "1.8": "sender not accepted", "1.10": "host takes no mail", "1.350": "user unknown",
    "1.351": "user unknown", "2.1": "mailbox disabled", "2.2": "mailbox full", "2.3": "mail too big", "2.4": "list expansion failed",
    "3.1": "mail system full", "3.2": "host takes no mail", "3.4": "mail too big", "3.5": "system error", "4.1": "no answer from host",
    "4.2": "bad connection", "4.4": "host unknown", "4.6": "mail loop", "4.7": "expired", "4.310": "host unknown",
    "4.312": "no answer from host", "4.316": "expired", "4.14": "mail loop", "5.2": "syntax", "5.3": "too many recipients",
    "5.4": "syntax", "6.0": "content not accepted", "6.1": "content not accepted", "6.3": "content not accepted",
    "6.6": "content not accepted", "6.9": "content not accepted", "7.2": "not allowed to write there", "7.8": "authentication failed",
    "7.13": "mailbox disabled", "7.17": "owner changed", "7.20": "authentication failed", "7.23": "authentication failed",
    "7.24": "authentication failed", "7.25": "no reverse DNS", "7.26": "authentication failed", "7.27": "sender not accepted",
    "7.28": "too many mails", "7.509": "authentication failed",
}  # fmt: skip
#: Numbers that many hosts give for everything: the words beside them say more.
_GENERAL = frozenset({"7.0", "7.1", "5.1", "4.0", "2.0", "1.0", "3.0", "5.0", "0.0"})
_GENERAL_WORDS = {
    "2.0": "mailbox problem", "3.0": "system error", "4.0": "network problem", "5.0": "protocol error", "5.1": "protocol error",
    "7.0": "refused by policy", "7.1": "refused by policy",
}  # fmt: skip

_OF_THE_SENDER = frozenset({"1.7", "1.8"})
#: RFC 7504, RFC 5321: what the code alone says, where neither status nor words say more.
_BY_CODE = {"521": "host takes no mail", "556": "host takes no mail", "552": "mailbox full", "551": "user moved", "452": "mailbox full"}

#: (reason, words that prove it), lower case, the first that fits. These outweigh any number that stands beside them.
_PLAIN_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mailbox full", (
        "mailbox full", "full mailbox", "box space not enough", "quota violation", "mailbox is full", "mailbox was full",
        "mailfolder is full", "mailbox size limit", "over quota", "overquota", "over the quota", "over its quota", "over his quota",
        "exceeded their quota", "quota exceeded", "exceeded the quota", "exceeds quota", "quota is exceeded", "quota full", "disk quota",
        "exceeded storage", "exceeds storage", "out of storage", "storage quota", "not enough storage space",
        "mailbox exceeds allowed size", "exceeded its allotted", "user is overquota", "inbox is full", "account is full",
        "no space left for", "mailbox exceeded", "mailbox quota", "boîte pleine", "boîte aux lettres pleine", "postfach ist voll",
        "postfach voll", "empfängers ist voll", "ящик переполнен", "buzón lleno", "buzón de correo está lleno",
        "bandeja de entrada está llena", "destinatario está lleno", "casella piena", "casella di posta è piena", "destinatario è piena",
        "destinataire est pleine", "messagerie est pleine", "caixa de correio cheia", "caixa de entrada está cheia", "postvak is vol",
        "skrzynka jest pełna", "skrzynka odbiorcy jest pełna", "schránka je plná", "容量オーバー", "いっぱい", "満杯", "邮箱已满",
        "信箱已滿", "空间已满", "가득 찼", "용량 초과", "용량이 초과", "exceeded the local limit",
    )),
    ("user moved", (
        "has moved to", "has moved, ", "user has moved", "address has changed", "no longer on this server", "moved to another",
    )),
    ("mailbox disabled", (
        "mailbox disabled", "mailbox is disabled", "account disabled", "account is disabled", "account has been disabled",
        "user is disabled", "user disabled", "account that you tried to reach is disabled", "inactive user", "user is inactive",
        "account inactive", "account is inactive", "mailbox is inactive", "mailbox inactive", "tried to reach is inactive", "suspended",
        "account is locked", "account has been locked", "mailbox is locked", "account expired", "account is not active", "not activated",
        "mailbox currently suspended", "mailbox is frozen", "address no longer accepts mail",
    )),
    ("sender not accepted", (
        "sender address rejected", "sender rejected", "sender address does not", "sender address domain", "domain of sender",
        "sender domain", "unroutable sender", "sender verify", "sender verification", "invalid sender", "bad sender", "unknown sender",
        "sender unknown", "sender is not", "sender not", "sender denied", "senders not allowed", "backscatter", "from: domain is invalid",
        "domain is invalid. please provide a valid from", "responsible address", "valid sender", "unverified address",
        "email address is not verified", "sender has", "envelope sender", "return path", "null mx sender", "sender address has null mx",
        "originator",
    )),
    ("mail too big", (
        "too big", "too large", "size limit", "message size exceeds", "maximum message size", "exceeds the maximum size",
        "length exceeds", "line limit exceeded", "message size exceeded", "exceeded message size", "line too long",
    )),
    ("refused by the recipient", (
        "recipient preferences", "refused by the recipient", "blocked by the recipient", "recipient has blocked", "受信拒否",
    )),
    ("too many mails", ("too many ", "rate limit", "rate is limited", "daily relay quota", "sending quota", "throttl", "too fast")),
    ("user unknown", (
        "user unknown", "unknown user", "user not known", "not a user", "did not exactly match", "unknown local", "no such user",
        "no such recipient", "no such mailbox", "no such address", "no such local user", "no such person", "no such account",
        "no such name", "no such email", "unknown recipient", "recipient unknown", "recipient is unknown", "unknown address",
        "address unknown", "unknown account", "user is unknown", "unknown or illegal user", "unknown or illegal alias", "unknown mailbox",
        "unknown e-mail", "unknown email", "user does not exist", "user doesn't exist", "account does not exist", "account doesn't exist",
        "account that does not exist", "mailbox does not exist", "mailbox doesn't exist", "address does not exist", "address doesn't exist",
        "recipient does not exist", "recipient doesn't exist", "account that you tried to reach does not exist", "user not found",
        "recipient not found", "recipientnotfound", "recipnotfound", "mailbox not found", "address not found", "account not found",
        "wasn't found at", "wasn’t found at", "was not found in", "could not be found", "user name not found", "invalid recipient",
        "invalid mailbox", "invalid user", "invalid final delivery", "invalid address", "invalid local address", "no mailbox here",
        "no mailbox by that name", "no user by that name", "mailbox unknown", "mailbox for user is unavailable", "not a valid mailbox",
        "not a valid user", "not a valid recipient", "not a known user", "is not known here", "not our customer", "user doesn't have",
        "doesn't have an account", "does not have an account", "no account by that name", "recipient is invalid",
        "recipient name is not recognized", "is not a user here", "is not listed in", "not listed in", "user unavailable",
        "ディレクトリのリストにありません", "no longer available", "no longer valid", "no longer exists", "no longer in use",
        "no longer employed", "recipient address rejected: access denied", "check if address is correct", "bad destination mailbox",
        "addressee unknown", "requested action not taken: mailbox unavailable", "unknown in virtual", "unknown virtual", "not exist here",
        "dosn't exist", "address not found", "address unknown", "address is unknown", "address is invalid", "address is not valid",
        "address isn't valid", "couldn't be found", "couldn’t be found", "no longer has an account", "not have an account",
        "adresse n'existe pas", "compte n'existe pas", "utilisateur n'existe pas", "destinataire inconnu", "adresse destinataire invalide",
        "destinataire invalide", "utilisateur inconnu", "adresse existiert nicht", "unbekannter empfänger", "empfänger unbekannt",
        "benutzer unbekannt", "destinatario desconocido", "usuario desconocido", "usuário desconhecido", "destinatario sconosciuto",
        "utente sconosciuto", "пользователь не найден", "нет такого пользователя", "宛先不明", "存在しません",
    )),
    ("host unknown", (
        "host unknown", "unknown host", "host not found", "host or domain name not found", "domain not found", "no such domain",
        "no such host", "domain does not exist", "domain doesn't exist", "host does not exist", "unrouteable", "unroutable",
        "unrouteable mail domain", "unrouteable address", "name or service not known", "could not find any mail server",
        "couldn't find any host", "couldn't be found or", "no mx found", "account or domain may not exist", "invalid domain",
        "bad destination system", "domain name not found", "name service error", "all relevant mx records point to non-existent",
        "lookup failure: host", "couldn't find a mail exchanger", "unable to find a host", "nxdomain", "no mx or a record",
        "illegal host/domain name", "unable to look up host", "mail server not found", "domain not exist", "no mail exchanger",
    )),
    ("user unknown", (
        "nicht gefunden", "existiert nicht", "nicht im domino-verzeichnis", "introuvable", "n'a pas été trouvé",
        "ne figure pas dans", "no se encontró", "no se ha encontrado", "no se encuentra", "no aparece en el directorio", "no existe",
        "non è stato trovato", "non è stata trovata", "non esiste", "não foi encontrad", "não pôde ser encontrad", "não existe",
        "niet gevonden", "bestaat niet", "nie znaleziono", "nie istnieje", "nelze najít", "neexistuje", "nem található", "nem létezik",
        "nu a fost găsit", "nu există", "kunde inte hittas", "finns inte", "ikke fundet", "findes ikke", "finner ikke", "finnes ikke",
        "ei löydy", "ei ole olemassa", "bulunamadı", "не найден", "не существует", "не знайден", "не існує", "δεν βρέθηκε", "δεν υπάρχει",
        "アドレス不明", "見つかりません", "見つからない", "存在しない", "找不到", "不存在", "查无此", "查無此", "찾을 수 없", "존재하지 않",
        "5.1.0 address rejected", "address invalid", "mailbox not available", "unable to find", "non-existent account",
        "nonexistent account",
        "non-existent user", "no one here by that name", "no active account", "not have an active account", "account deleted",
        "account has been deleted", "account closed", "account is closed", "account has been closed", "not in domino directory",
        "empfaenger unbekannt", "empfänger nicht", "cannot route to", "i cannot deliver mail for", "mailbox unavailable or access denied",
        "wasn't able to find that user", "unable to find user", "is not defined", "undefined user", "لم يتم العثور",
    )),
    ("host takes no mail", (
        "no smtp service", "does not accept mail", "doesn't accept mail", "does not receive mail", "nullmx", "null mx",
        "no mail is accepted", "smtp service not available for this domain", "not accepting network messages",
    )),
)  # fmt: skip
#: The same, but only where the number beside them says nothing: these words stand in many a polite explanation.
_WEAK_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("relaying denied", (
        "relay access denied", "relaying denied", "unable to relay", "not permitted to relay", "no relaying", "relay not permitted",
        "relaying not", "mail relay", "relay prohibited",
    )),
    ("no reverse DNS", ("reverse dns", "ptr record", "no ptr", "rdns", "unverifyable sending", "cannot find your hostname")),
    ("authentication failed", ("spf", "dkim", "dmarc", "authentication check", "not authenticated", "authentication required")),
    ("virus", ("virus", "malware", "infected")),
    ("spam", ("spam", "bulk e-mail", "junk mail", "unsolicited", "content filter")),
    ("refused by policy", (
        "blocked", "blacklist", "blocklist", "block list", "black list", "block-list", "policy", "access denied", "denied", "rejected",
        "refused to", "not authorized", "not allowed", "permission", "reputation", "use the smtp server of your isp", "restricted",
        "prohibited", "greylist", "graylist", "not accepted",
    )),
    ("mail loop", ("mail loop", "too many hops", "routing loop", "looping", "loop detected", "hop count")),
    ("expired", (
        "expired", "timeout exceeded", "retry time", "too long", "for a long time", "aborted after", "in the queue",
        "could not find a gateway", "gave up", "giving up", "retried for",
    )),
    ("no answer from host", (
        "timed out", "connection refused", "connection reset", "unable to establish", "able to establish", "socket error", "unreachable",
        "did not accept our requests to connect", "no route to host", "connection dropped", "connection lost", "lost connection",
        "temporary lookup failure", "not responding", "closed connection", "broken pipe", "dns query failed", "conversation",
    )),
    ("mail system full", ("insufficient system storage", "no space left", "disk full", "insufficient disk")),
    ("content not accepted", ("header error", "content", "attachment", "8bit", "mime", "malformed", "not rfc", "compliant", "newline")),
    ("system error", (
        "mailer error", "system error", "local error", "configuration error", "internal error", "command output", "cannot update",
    )),
    ("syntax", ("syntax", "command not", "bad sequence")),
)  # fmt: skip
#: All reasons that there are.
REASONS = frozenset({
    *STATUSES.values(), *_GENERAL_WORDS.values(), *_BY_CODE.values(), *(row[0] for row in _PLAIN_WORDS), *(row[0] for row in _WEAK_WORDS),
})  # fmt: skip
#: What was said before RCPT is about the sender or their host, and proves nothing about the recipient.
_BEFORE_RCPT = (
    "after mail from", "after initial connection", "after ehlo", "after helo", "mail from:<", "did not like our mail from",
    "after starttls",
)  # fmt: skip


def judged(recipient: str, action: str, status: str | None, said: str) -> Report:
    """A report with what follows from its parts; `said` are the words of the host that refused."""
    said = " ".join(decode_words(said[: 2 * _MOST_WORDS]).split())
    plain = said.partition(";")[2].strip() if _TYPE.match(said) else said
    quoted = _QUOTED_REPLY.search(plain)
    if quoted is not None:
        status, plain = None, plain[quoted.start() :].lstrip("<") if plain[quoted.start()] == "<" else plain[quoted.start() :]
    status = _better(status, plain)
    # What a program on the host itself has returned (`x-unix; 255`) is no SMTP reply.
    reply = REPLY.search(f"{plain} ") if not said.lower().startswith(("x-unix", "x-local")) else None
    reason = _reason(status, plain, reply)
    permanent = action == "failed" and not (status or (reply[1] if reply else "5")).startswith("4")
    hard = permanent and reason in HARD and not _about_the_sender(plain)
    words = plain[:500]
    because = f"{reason}: {words}" if reason and words else reason or words
    return Report(recipient, action, status, reply[1] if reply else None, hard, because, cause=reason)


def status_in(words: str) -> str | None:
    """The status that a host's words give (RFC 3463), beside its reply code before anywhere else."""
    found = _BOTH.search(words) or next((one for one in STATUS.finditer(words) if one[1][0] != "2"), None)
    return found[1] if found else None


def _better(status: str | None, plain: str) -> str | None:
    """The status that stands beside the reply code of the host that refused, before what the reporting host made of it."""
    beside = _BOTH.search(plain)
    if beside is not None and not (status and beside[1].endswith(".0.0")):
        return beside[1]
    said = status_in(plain)
    if said is None or (status is not None and (not status.endswith(".0.0") or said[0] != status[0])):
        return status
    return said


def _reason(status: str | None, plain: str, reply: re.Match[str] | None) -> str:
    # The address itself is no word of the host: spam-reports@ is not spam, and "<jo@example.org> does not exist" is about an address.
    low = _ADDRESS.sub("address", _LINK.sub(" ", plain[:_MOST_WORDS].lower()))
    low = " ".join(low.replace("<", " ").replace(">", " ").split())
    detail = status.partition(".")[2] if status else ""
    known = STATUSES.get(detail, "")
    if detail not in _OF_THE_SENDER and (found := _first(_PLAIN_WORDS, low)):
        return found
    if known and detail not in _GENERAL:
        return known
    return _first(_WEAK_WORDS, low) or _GENERAL_WORDS.get(detail, "") or (_BY_CODE.get(reply[1], "") if reply and not detail else "")


def _first(table: tuple[tuple[str, tuple[str, ...]], ...], low: str) -> str:
    return next((reason for reason, phrases in table if any(words in low for words in phrases)), "")


def _about_the_sender(plain: str) -> bool:
    low = plain[:_MOST_WORDS].lower()
    return any(words in low for words in _BEFORE_RCPT) and "rcpt to" not in low
