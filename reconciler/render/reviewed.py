"""What a review showed, for a person, as JSON, and as outputs of a step of GitHub Actions."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from reconciler.render.escape import terminal


def _as_text(found: Mapping[str, str]) -> str:
    return "".join(f"{name + ':':<8} {terminal(value) or 'none'}\n" for name, value in found.items())


def _as_outputs(found: Mapping[str, str]) -> str:
    return "".join(f"{name}={terminal(value)}\n" for name, value in found.items())


# Takes `number` (of the pull request), `digest` and `run`, each empty where there is none.
REVIEWED_FORMATS: Mapping[str, Callable[[Mapping[str, str]], str]] = MappingProxyType(
    {
        "text": _as_text,
        "json": lambda found: json.dumps({"format_version": 1, **found}, indent=2) + "\n",
        "github": _as_outputs,
    }
)
