"""How large the measurements are."""

from dataclasses import dataclass
from pathlib import Path

_AGENTS = 100_000
_FRACTION = 20


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes and repetitions; `cache` is the folder for generated data."""

    cache: Path
    is_quick: bool

    @property
    def agents(self) -> int:
        """Agents of the big tenant."""
        return self.scaled(_AGENTS)

    @property
    def repeats(self) -> int:
        """How often a dear thing is measured; the median counts."""
        return 1 if self.is_quick else 3

    @property
    def starts(self) -> int:
        """How often a cheap thing is measured."""
        return 3 if self.is_quick else 21

    def scaled(self, size: int) -> int:
        """Give a size, or a twentieth of it."""
        return size // _FRACTION if self.is_quick else size
