"""What a writing worker does: it imports this, so it imports what writes letters and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mailgate.compose import dates
from mailgate.compose.templates import Templates
from mailgate.compose.templates import load as load_templates
from mailgate.compose.writing import LetterWriter, Sheet, write_sheet
from mailgate.compose.writing import Sealed as Letters
from mailgate.model.policy import Policy
from mailgate.model.token import Keyring

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
#: In a worker: the letters' templates, each compiled once.
_templates: list[Templates] = []


def prepare(sources: Mapping[str, str], catalogues: Mapping[str, bytes]) -> None:
    """What a writing worker does once, before it is confined."""
    _templates[:] = [load_templates(sources, catalogues, checked=True)]
    for language in _templates[0].languages:
        # The names of days and months are read from files, some MiB a language: no mail's memory.
        dates.when(_ANY_DAY, "UTC", language)


@dataclass(frozen=True, slots=True)
class _Scribe:
    """The writing desk without its templates, which do not travel."""

    policy: Policy
    ring: Keyring
    reverse_path: str
    operator: str
    web: str

    def write(self, sheet: Sheet) -> Letters:
        return write_sheet(sheet, LetterWriter(self.policy, self.ring, _templates[0], self.reverse_path, self.operator, False, self.web))


def scribe_of(desk: LetterWriter) -> _Scribe:
    return _Scribe(desk.policy, desk.ring, desk.reverse_path, desk.operator, desk.web)


def write_with(scribe: _Scribe, sheet: Sheet) -> Letters:
    return scribe.write(sheet)
