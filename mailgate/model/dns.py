"""What is asked of the domain name system and what it said: data only, so that whoever judges a mail needs no network."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Question = tuple[str, str]  #: (name in lower case without the last dot, "TXT" | "A" | "AAAA" | "MX" | "PTR")


class DnsReply(StrEnum):
    FOUND = "found"
    NOTHING = "nothing"  #: no such name, or nothing of this type
    FAILED = "failed"  #: no answer in time, or the server of the name is broken. It may be there another time


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """Records as text: TXT with its strings joined, MX as the names of its hosts, the most preferred first."""

    heard: DnsReply
    records: tuple[str, ...] = ()


Answers = Mapping[Question, DnsAnswer]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be known before there can be an answer. Whoever has it asks again."""

    questions: frozenset[Question]
