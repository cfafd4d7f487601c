"""That it still fails, in the words that people write beside a rating."""

import re

#: That it still fails, beside a rating, as people say it. Read only to ask whether it is to be opened again.
_UNSOLVED = re.compile(
    r"""
      \b(?:still|again|yet)\s(?:\w+\s){0,2}(?:not|broken|fails?|failing|down|happens|happening|(?:does|is|can)n?[’']t)\b
    | \b(?:not|(?:is|was)n[’']t|never)\s(?:\w+\s)?(?:solved|resolved|fixed|working|work)\b
    | \bdoes(?:\snot|n[’']t)\s(?:\w+\s)?work\b | \bun(?:re)?solved\b
    | \b(?:immer\snoch|noch\simmer|weiterhin|wieder|noch)\s(?:\w+\s){0,2}(?:nicht|kein|keine|kaputt|defekt|fehlerhaft)\b
    | \bnicht\s(?:\w+\s)?(?:gelöst|behoben|erledigt|repariert)\b | \bungelöst\b
    | \b(?:geht|funktioniert|klappt|läuft)\s(?:\w+\s){0,2}nicht\b
    | \btoujours\s(?:pas|en\spanne)\b | \b(?:pas|non)\s(?:\w+\s)?(?:résolu|réglé|réparé)e?\b
    | \bne\s(?:marche|fonctionne)\s(?:\w+\s)?pas\b
    | \b(?:sigue|siguen|todavía|aún)\s(?:\w+\s){0,2}(?:sin|no|igual|fallando|mal)\b
    | \bno\s(?:\w+\s){0,2}(?:resuelto|solucionado|funciona)\b
    | لم\s(?:يتم\s)?(?:حل|تُحل|يُحل|تحل|يحل) | لا\s(?:يعمل|تعمل|زالت|يزال|تزال)
    | (?:まだ|未だ|いまだ)[^。\n]{0,12}(?:ない|ません|できない|直ら)
    | 解決(?:して|されて)い?(?:ない|ません) | 直ってい?(?:ない|ません) | 未解決
    """,
    re.IGNORECASE | re.VERBOSE,
)


def says_unsolved(comment: str) -> bool:
    """Whether the words beside a rating say that it still fails: "still not solved"."""
    return bool(_UNSOLVED.search(" ".join(comment.split())))
