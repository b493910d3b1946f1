"""Writes a file whole or not at all, for its owner's eyes only."""

from pathlib import Path
from tempfile import NamedTemporaryFile


def write_whole(path: Path, text: str) -> None:
    """Replace the file at `path` in one step. OSError where that cannot be; nothing is left beside it then."""
    # Made with mode 0600, beside its place, so that the move stays within one file system.
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
