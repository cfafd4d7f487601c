"""What is known of the senders of a batch: kept true while its mails are decided one after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailgate.decide import floods
from mailgate.model.flood import Block, Turn, Unanswered
from mailgate.model.letter import LetterWanted
from mailgate.model.sender import folded, patterns


@dataclass
class Traffic:
    """Grows with each mail; the next batch goes on from it while nothing of this one is recorded."""

    blocks: Mapping[str, Block] = field(default_factory=dict)
    turns: dict[str, tuple[Turn, ...]] = field(default_factory=dict)  #: folded author -> newest first
    last: dict[str, datetime] = field(default_factory=dict)  #: folded address -> when our last automatic letter left for it
    tally: floods.FloodTally = field(default_factory=floods.FloodTally)
    untold: dict[str, tuple[Unanswered, ...]] = field(default_factory=dict)
    made: list[tuple[str, tuple[LetterWanted, ...]]] = field(default_factory=list)  #: of this batch, not recorded yet
    taken: list[Turn] = field(default_factory=list)  #: the same

    def follow(self, letters: Iterable[LetterWanted], now: datetime) -> None:
        """Automatic letters outside that leave from now on."""
        self.last.update((folded(one.person.address), now) for one in letters if one.automatic and one.audience.is_outside)

    def block_on(self, addresses: Iterable[str]) -> Block | None:
        """Whether an operator wants mail of one of these set aside."""
        for address in addresses if self.blocks else ():
            for pattern in patterns(address) if address else ():
                if pattern in self.blocks:
                    return self.blocks[pattern]
        return None
