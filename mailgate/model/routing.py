"""Where a ticket belongs and how much it matters, as the policy says it: organisations, categories, rules, and the matrix of priorities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from mailgate.model.setting import Address, As, Between, Name, Priority, setting

#: Of impact and urgency: 1 is high, 3 is low.
Degree = Annotated[int, Between(1, 3)]
#: So much of a subject, and of each line of a text, is an expression asked of.
LONGEST_LINE = 200
#: Where the matrix has no cell for a priority.
_OF_ONE_PERSON = (3, 2)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Those who write from its domains. `id` is the name in policy.toml and in `mailgate people set`."""

    id: str
    name: str = setting("", "as it stands in reports, else the one in the file", example='"Acme Ltd"')
    domains: frozenset[Annotated[str, As.DOMAIN]] = setting(
        frozenset(), "who writes from one of them belongs to it", example='["acme.example"]'
    )
    vip: bool = setting(False, "whether its people are VIPs: what they report matters more, and may be promised more")


@dataclass(frozen=True, slots=True)
class Category:
    """What tickets are about. `id` is the name in policy.toml, in `#category`, behind the plus of an address and as [tag] in a subject."""

    id: str
    name: str = setting("", "as agents read it, else the one in the file", example='"VPN and remote access"')
    group: Name | None = setting(None, "who answers for it, else the desk's group", example='"network"')
    impact: Degree | None = setting(None, "of its new tickets: 1 many, 2 a team, 3 one person", example="2")
    urgency: Degree | None = setting(None, "of its new tickets: 1 work stands still, 2 it is slower, 3 it can wait", example="1")
    skills: Mapping[Name, Annotated[int, Between(1, 3)]] = setting(
        {}, "what its tickets ask for, 1 to 3: an agent who has less of it is not given one", example="{ network = 2 }"
    )
    addresses: tuple[Address, ...] = setting((), "aliases of a desk: what is written there is about this", example='["vpn@example.org"]')


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """What is known of a new ticket by its mail. The rules are asked in their order, and the first that fits decides; all of its
    conditions have to hold, and of a list one."""

    name: str = setting("", "how its reason calls it, else its number", example='"invoices"')
    desk: frozenset[Name] = setting(frozenset(), "only at these desks", example='["it"]')
    sender: frozenset[Annotated[str, As.DOMAIN]] = setting(
        frozenset(), "the domain of who wrote, or one above it", example='["acme.example"]'
    )
    organisation: frozenset[Name] = setting(frozenset(), "that of who wrote", example='["acme"]')
    language: frozenset[str] = setting(frozenset(), "that of the mail", example='["de"]')
    subject: str | None = setting(None, "a regular expression that is found in the subject", example="'invoice|bill'")
    text: str | None = setting(None, "one that is found in a line of the new text", example="'order \\d{6}'")
    header: Mapping[str, str] = setting({}, "one for each header that is to be there", example="{ x-monitor = '.' }")
    attachment: tuple[str, ...] = setting((), "types of files; image/ is every picture", example='["application/pdf"]')
    category: Name | None = setting(None, "what it is about", example='"billing"')
    group: Name | None = setting(None, "who answers for it, else that of the category", example='"finance"')
    impact: Degree | None = setting(None, "else that of the category", example="2")
    urgency: Degree | None = setting(None, "else that of the category", example="3")


@dataclass(frozen=True, slots=True)
class PrioritySettings:
    """Priority from impact and urgency, and how far what requesters write may go."""

    matrix: tuple[tuple[Priority, ...], ...] = setting(
        ((1, 2, 3), (2, 3, 4), (3, 4, 5)),
        "a row for each impact, 1 to 3, with a priority for each urgency, 1 to 3",
        example='[["P1", "P2", "P3"], ["P2", "P3", "P4"], ["P3", "P4", "P5"]]',
    )
    words_reach: Annotated[int, As.PRIORITY] = setting(
        3,
        "the best that words and headers of a requester make of a ticket that is about one person; P5: they count for nothing",
        of=Literal["P2", "P3", "P4", "P5"],
    )
    wide_words_reach: Annotated[int, As.PRIORITY] = setting(
        2,
        "the same where they say that many are concerned, that a critical service is down, or that it is about security",
        of=Literal["P2", "P3", "P4", "P5"],
    )
    critical_services: tuple[str, ...] = setting(
        (), "what these are called in mails: that one of them is down concerns many", example='["SAP", "mail server"]'
    )
    urgent_per_month: Annotated[int, Between(0)] = setting(
        3, "how often in 30 days somebody's answer that is the one word `urgent` counts; 0: never"
    )

    def of(self, impact: int, urgency: int) -> int:
        return self.matrix[impact - 1][urgency - 1]

    def cell(self, priority: int) -> tuple[int, int]:
        """An impact and an urgency that make this priority: of several the most ordinary, medium urgency and few people."""
        cells = ((i, u) for i in (1, 2, 3) for u in (1, 2, 3) if self.of(i, u) == priority)
        return min(cells, key=lambda cell: (abs(cell[1] - 2), -cell[0]), default=_OF_ONE_PERSON)
