"""What mail programs put before a subject when somebody answers or forwards: "Re:", "AW:", "WG:", "RES:"."""

import re

#: Before an answer, in the programs of many countries, lower case.
ANSWERS = frozenset("re ré ref réf rif aw antw antwort sv odp ynt bls atb 回复 回覆 答复 答覆 返信 답장 отв ответ απ رد".split())
#: Before a forward, likewise.
FORWARDS = frozenset(
    "fwd fw wg tr rv i enc res doorst vs vb videresendt pd ilt i̇lt továbbítás fs redir 転送 转发 轉寄 전달 weitergeleitet vl πρθ пер "
    "пересл הועבר".split()
)
#: Before a forward in one language and an answer in another: Finnish "VS:", Portuguese "RES:".
EITHER = frozenset({"vs", "res"})

#: `Re:`, also counted (`Re[2]:`, `AW (3):`) or in brackets (`[Fwd: words]`).
_PREFIX = re.compile(r"\s{0,3}(\[?)([^\W\d_]{1,14}(?:\u0307[^\W\d_]{1,5})?)\s{0,3}(?:[\[(]\d{1,4}[\])])?\s{0,3}[:：]\s*")


def prefix_at(subject: str, position: int = 0) -> tuple[str, int, bool] | None:
    """What stands before a subject there (in lower case; not each word before a colon is a prefix), where it ends, and if in a bracket."""
    match = _PREFIX.match(subject, position)
    return (match[2].lower(), match.end(), bool(match[1])) if match is not None else None


def without_answers(subject: str, also: frozenset[str] = EITHER) -> str:
    """A subject without all that answers have put before it; `also`: words that count as well."""
    position = 0
    while (found := prefix_at(subject, position)) is not None and (found[0] in ANSWERS or found[0] in also) and not found[2]:
        position = found[1]
    return subject[position:]
