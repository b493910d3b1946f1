"""Where in the files of a tenant something was written."""

from dataclasses import dataclass

COLUMN_BITS = 24
_COLUMN_MASK = (1 << COLUMN_BITS) - 1


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """A place in a file: `file` relative to the tenant's folder with `/`, `line` and `column` from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def pack_position(line: int, column: int) -> int:
    """Put `line` and `column` (both from 1) into one integer, so that a column of an array can hold it."""
    return line << COLUMN_BITS | min(column, _COLUMN_MASK)


def unpack_position(file: str, packed: int) -> SourcePosition:
    """Undo `pack_position`."""
    return SourcePosition(file, packed >> COLUMN_BITS, packed & _COLUMN_MASK)
