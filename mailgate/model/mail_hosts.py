"""Which provider a mail server belongs to, by the name that it gives itself."""

from collections.abc import Mapping

#: Big providers hand a mail through many servers of their own. Whose names end so is one of them.
HOSTS_OF: Mapping[str, tuple[str, ...]] = {
    "google": ("google.com", "googlemail.com", "gmail.com"),
    "microsoft": ("outlook.com", "office365.com", "exchangelabs.com", "hotmail.com"),
}


def provider_of(host: str) -> str:
    """The provider behind a server's name, "" for everybody else."""
    name = host.lower().rstrip(".")
    return next((who for who, ends in HOSTS_OF.items() if any(name == end or name.endswith("." + end) for end in ends)), "")
