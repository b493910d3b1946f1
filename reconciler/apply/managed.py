"""Remembers which agents the last apply managed, so that a plan can say who is no longer managed."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from reconciler.apply.whole_file import write_whole


class ManagedRecord:
    """One small file a tenant, below the state folder; losing it costs a note in the next plan, nothing else."""

    def __init__(self, state_folder: Path, tenant: str) -> None:
        self._path = state_folder / "managed" / f"{quote(tenant, safe='')}.json"

    def read(self) -> tuple[str, ...]:
        """Give the refs of the last apply, or nothing where there was none or the file is no good."""
        try:
            refs = json.loads(self._path.read_bytes())["refs"]
        except (OSError, ValueError, KeyError, TypeError):
            return ()
        return tuple(ref for ref in refs if isinstance(ref, str)) if isinstance(refs, list) else ()

    def write(self, refs: Iterable[str]) -> None:
        """Replace the record; a state folder that cannot be written never fails an apply."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps({"refs": sorted(refs)}))
