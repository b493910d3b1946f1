"""Where an editor finds the schema of a file: beside the files of a tenant, named in the first line of each."""

from enum import StrEnum

# Hidden, so that nothing below it is taken for desired state.
FOLDER = ".schema"


class Kind(StrEnum):
    """The kinds of files, each with a schema of its own."""

    AGENTS = "agents"
    TENANT = "tenant"


def schema_file(kind: Kind) -> str:
    """Give the path of a schema, below the tenant's folder."""
    return f"{FOLDER}/{kind}.json"


def modeline(kind: Kind, path: str) -> str:
    """Write the line that leads from the file at `path`, below the tenant's folder, to its schema."""
    return f"# yaml-language-server: $schema={'../' * path.count('/')}{schema_file(kind)}\n"
