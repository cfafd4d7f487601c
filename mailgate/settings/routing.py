"""What is wrong with priorities, categories and the rules by which mail is sorted."""

from re import _constants as op  # type: ignore[attr-defined]  # the only place where an expression is known in parts
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from mailgate.model.policy import Policy
from mailgate.model.routing import LONGEST_LINE, PrioritySettings, RoutingRule
from mailgate.settings.forms import value_of
from mailgate.settings.safety import Say
from mailgate.settings.words import expression, known_are

#: An expression of an operator's is asked of what strangers write: two repeats without end may stand in it, and some `?`.
MOST_WAYS = 4 * LONGEST_LINE**2
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_FEW = 3  #: so often what may be read in several ways may be repeated


def priorities(form: Any, say: Say) -> PrioritySettings:
    """The matrix has nine cells, or it is said and the ordinary one stands in."""
    if len(form.matrix) != 3 or any(len(row) != 3 for row in form.matrix):
        say(("priority", "matrix"), "needs three rows of three priorities, as in the sample: impact 1 to 3, and in each row urgency 1 to 3")
        return PrioritySettings()
    return value_of(PrioritySettings, form)


def check_routing(policy: Policy, say: Say) -> None:
    """Names that point to nothing, addresses that are no desk's, and rules that decide nothing, or would take too long."""
    for key, priority in (("default_priority", policy.default_priority), ("request_priority", policy.request_priority)):
        if all(priority not in row for row in policy.priority.matrix):
            say(("tickets", key), f"no cell of the matrix in [priority] is P{priority}")
    domains: dict[str, str] = {}
    for id_, organisation in policy.organisations.items():
        for domain in sorted(organisation.domains):
            if domain in domains:
                say(("organisations", id_, "domains"), f"{domain} belongs to organisations.{domains[domain]} as well")
            domains[domain] = id_
    owners: dict[str, str] = {}
    desks = {key for desk in policy.desks.values() for key in desk.keys}
    for id_, category in policy.categories.items():
        at = ("categories", id_)
        _group(policy, category.group, (*at, "group"), say)
        if id_ in policy.groups and category.group != id_:
            say(at, f'is the name of a group, too, and "+{id_}" in an address could mean either: give it group = "{id_}", or another name')
        for address in category.addresses:
            if address.lower() not in desks:
                say((*at, "addresses"), f"{address} is no address of a desk: put it into the aliases of one")
            elif address.lower() in owners:
                say((*at, "addresses"), f"{address} belongs to categories.{owners[address.lower()]} as well")
            owners[address.lower()] = id_
    for number, rule in enumerate(policy.routing):
        _rule(policy, rule, ("routing", str(number)), say)


def _rule(policy: Policy, rule: RoutingRule, at: tuple[str, ...], say: Say) -> None:
    if rule.category is not None and rule.category not in policy.categories:
        say((*at, "category"), f'no category "{rule.category}"{known_are(rule.category, policy.categories)}')
    _group(policy, rule.group, (*at, "group"), say)
    for desk in sorted(rule.desk - policy.desks.keys()):
        say((*at, "desk"), f'no desk "{desk}"{known_are(desk, policy.desks)}')
    for one in sorted(rule.organisation - policy.organisations.keys()):
        say((*at, "organisation"), f'no organisation "{one}"{known_are(one, policy.organisations)}')
    for kind in rule.attachment:
        if "/" not in kind:
            say((*at, "attachment"), f'"{kind}" is no type of a file, and would never fit: write one like "application/pdf"')
    for one in sorted(rule.language):
        if len(one) not in (2, 3):
            say((*at, "language"), f'"{one}" is no code of a language, and would never fit: write its letters, "de" for example')
    if rule.category is None and rule.group is None and rule.impact is None and rule.urgency is None:
        say(at, "decides nothing: give it a category, a group, an impact or an urgency")
    patterns = [("subject", rule.subject), ("text", rule.text), *(("header", pattern) for pattern in rule.header.values())]
    for key, pattern in patterns:
        if pattern is not None and (words := expression(pattern) or too_slow(pattern)):
            say((*at, key), words)


def _group(policy: Policy, group: str | None, at: tuple[str, ...], say: Say) -> None:
    if group is None:
        return
    if group not in policy.groups:
        say(at, f'no group "{group}"{known_are(group, policy.groups)}')
    elif not policy.members(group):
        say(at, f'nobody is in the group "{group}": its tickets would be announced to no one')


# --- expressions that could take too long -------------------------------------------------------------------------------------


def too_slow(pattern: str) -> str:
    """Why an expression must not be asked of what strangers write, or nothing. What is repeated without end is tried at each length of a
    line, and lines are short (`decide/routing`)."""
    ways = _ways(parser.parse(pattern))
    if ways is None:
        return "repeats what may be read in several ways, and could take hours for one line: write it without * and + around that"
    return "" if ways <= MOST_WAYS else "has too many of * and +, and could take hours for one line: two are enough, or write {0,20}"


def _ways(parts: Any) -> int | None:
    """In how many ways a line may be laid out on it, as a bound; None: in a number that grows by the power of its length."""
    ways = 1
    for what, arguments in parts:
        if what in _REPEATS:
            least, most, below = arguments
            inner = _ways(below)
            if inner is None or (inner > 1 and most > _FEW):
                return None
            ways *= (min(most, LONGEST_LINE) - min(least, LONGEST_LINE) + 1) * inner**_FEW
        elif what is op.BRANCH:
            each = [_ways(one) for one in arguments[1]]
            if None in each:
                return None
            ways *= sum(one for one in each if one is not None)
        else:
            for one in arguments if isinstance(arguments, tuple) else (arguments,):
                if isinstance(one, parser.SubPattern):
                    inner = _ways(one)
                    if inner is None:
                        return None
                    ways *= inner
    return ways
