"""What one mail may cost a worker."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may cost. An item over 1 MiB gets more, in proportion: a mail of 30 MiB is rare but legitimate."""

    cpu_seconds: float = 2.0
    memory_bytes: int = 256 * MIB  #: growth above what the worker needs when it is ready
    wall_seconds: float = 10.0
    answer_bytes: int = 128 * MIB
    cpu_seconds_per_mib: float = 0.25  #: for each MiB above the first
    memory_per_byte: int = 12  #: for each byte above the first MiB

    def cpu(self, size: int) -> float:
        return self.cpu_seconds + self.cpu_seconds_per_mib * max(0, size - MIB) / MIB

    def memory(self, size: int) -> int:
        return self.memory_bytes + self.memory_per_byte * max(0, size - MIB)

    def wall(self, size: int) -> float:
        return self.wall_seconds + 5 * (self.cpu(size) - self.cpu_seconds)
