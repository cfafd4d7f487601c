"""What one mail may cost a worker."""

from dataclasses import dataclass

MIB = 1024 * 1024
LARGEST = 64 * MIB  #: octets of an item that still gets more than a smaller one


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may cost. An item over 1 MiB gets more, in proportion: a mail of 30 MiB is rare but legitimate."""

    cpu_seconds: float = 2.0
    memory_bytes: int = 256 * MIB  #: growth above what the worker needs when it is ready
    wall_seconds: float = 10.0
    answer_bytes: int = 32 * MIB  #: what is read of any mail is less: texts are cut long before
    answer_per_byte: int = 2  #: beside it: the files of a mail are hardly longer than the mail
    cpu_seconds_per_mib: float = 0.25  #: for each MiB above the first
    memory_per_byte: int = 12  #: for each byte above the first MiB

    def cpu(self, size: int) -> float:
        return self.cpu_seconds + self.cpu_seconds_per_mib * max(0, size - MIB) / MIB

    def memory(self, size: int) -> int:
        return self.memory_bytes + self.memory_per_byte * max(0, size - MIB)

    def answer(self, size: int) -> int:
        return self.answer_bytes + self.answer_per_byte * size

    def wall(self, size: int) -> float:
        return self.wall_seconds + 5 * (self.cpu(size) - self.cpu_seconds)
