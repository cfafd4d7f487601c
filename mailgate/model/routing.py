"""Where a ticket belongs and how much it matters, as the policy says it: organisations of requesters."""

from dataclasses import dataclass
from typing import Annotated

from mailgate.model.setting import As, setting


@dataclass(frozen=True, slots=True)
class Organisation:
    """Those who write from its domains. `id` is the name in policy.toml and in `mailgate people set`."""

    id: str
    name: str = setting("", "as it stands in reports, else the one in the file", example='"Acme Ltd"')
    domains: frozenset[Annotated[str, As.DOMAIN]] = setting(
        frozenset(), "who writes from one of them belongs to it", example='["acme.example"]'
    )
    vip: bool = setting(False, "whether its people are VIPs: what they report matters more, and may be promised more")
