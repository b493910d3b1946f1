"""The files of a new repository around its desired state: workflows, editor settings; and how files are put down."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.redactor import Redactor

_TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,100}@[0-9a-f]{40}")
_PATH_IN_URL = re.compile(r"(?:[a-z+]+://[^/]+/|[^/:]+:)([^/]+/[^/]+?)(?:\.git)?/?")
DISTRIBUTION = "cxone-reconciler"
STATE = ".reconcile/"

_SECRETS = """\
    secrets:
      CXONE_CLIENT_ID: ${{ secrets.CXONE_CLIENT_ID }}
      CXONE_CLIENT_SECRET: ${{ secrets.CXONE_CLIENT_SECRET }}
"""
# The credentials live in two environments of the repository, `plan` and `production`, which the called workflows name.
_WORKFLOWS = {
    "plan": """\
name: plan
on: {pull_request: {}}
permissions: {}
jobs:
  plan:
    permissions: {contents: read, pull-requests: write} # to read the files, and to comment
    uses: %(repository)s/.github/workflows/plan.yml@%(commit)s
    with:
      directory: %(directory)s
"""
    + _SECRETS,
    "apply": """\
name: apply
on:
  push: {branches: [main]}
  # schedule: [{cron: "7,22,37,52 * * * *"}] # let this count once there are overrides: they begin and end by it
  workflow_dispatch:
    inputs:
      digest: {description: Apply exactly the plan of this digest, type: string}
      allow: {description: Let pass in this one run what a policy blocks; its code, type: string}
permissions: {}
jobs:
  apply:
    permissions: {actions: read, contents: read, pull-requests: write} # to find what was reviewed, and to comment
    uses: %(repository)s/.github/workflows/apply.yml@%(commit)s
    with:
      directory: %(directory)s
      digest: ${{ inputs.digest }}
      allow: ${{ inputs.allow }}
"""
    + _SECRETS,
    "drift": """\
name: drift
on:
  schedule: [{cron: "17 6 * * 1-5"}]
  workflow_dispatch: {}
permissions: {}
jobs:
  drift:
    permissions: {contents: read, issues: write} # to read the files, and to keep the issue
    uses: %(repository)s/.github/workflows/drift.yml@%(commit)s
    with:
      directory: %(directory)s
"""
    + _SECRETS,
}
_EDITOR = {
    ".editorconfig": """\
root = true

[*]
charset = utf-8
end_of_line = lf
insert_final_newline = true

[*.{yaml,yml}]
indent_style = space
indent_size = 2
""",
    ".vscode/extensions.json": '{\n  "recommendations": ["redhat.vscode-yaml"]\n}\n',
    ".vscode/settings.json": """\
{
  "[yaml]": {"editor.insertSpaces": true, "editor.tabSize": 2, "editor.autoIndent": "keep"},
  "files.insertFinalNewline": true,
  "yaml.yamlVersion": "1.2"
}
""",
    ".gitignore": f"{STATE}\n",
}


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be; one that is there already is kept as it is, unless it `must_be_new`."""

    path: Path
    text: str
    must_be_new: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Which files were written, and which were there already."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def repository_files(top: Path, directory: str, tool: str | None) -> list[NewFile]:
    """Make the files at the top of a repository; `directory` is the desired state's, seen from there.

    `tool` is `OWNER/NAME@COMMIT` of whose workflows are called; None for no workflows.
    """
    from reconciler.desired.writing import scalar

    files = [NewFile(top / name, text) for name, text in _EDITOR.items()]
    if tool is not None:
        repository, _, commit = tool.partition("@")
        words = {"repository": repository, "commit": commit, "directory": scalar(directory)}
        for name, text in _WORKFLOWS.items():
            files.append(NewFile(top / ".github" / "workflows" / f"{name}.yml", text % words))
    return files


def top_of(root: Path) -> Path:
    """Find the repository that a folder, which may not be there yet, is in; else where the command runs."""
    place, here = root.resolve(), Path.cwd()
    around = here if place.is_relative_to(here) else place.parent
    return next((folder for folder in (place, *place.parents) if (folder / ".git").exists()), around)


def yaml_in(root: Path) -> Path | None:
    """Find a YAML file below a folder, or a tenant above it, which would read it as its own; None where neither is."""
    for folder in root.resolve().parents:
        if (folder / "tenant.yaml").exists():
            return folder / "tenant.yaml"
    found = (path for path in root.rglob("*") if path.suffix.lower() in {".yaml", ".yml"})
    # What is hidden is not read either: a repository may hold its desired state at its top.
    return min((path for path in found if "/." not in f"/{path.relative_to(root).as_posix()}"), default=None)


def check_tool(text: str) -> "str | Diagnostic":
    """Give `OWNER/NAME@COMMIT` back, or say what is wrong with it."""
    from reconciler.diagnostics import Diagnostic

    if _TOOL.fullmatch(text):
        return text
    message = "the tool's workflows are named as OWNER/NAME@COMMIT, with all 40 digits of the commit"
    return Diagnostic("usage", message, "a branch or a tag can be moved, a commit cannot: git rev-parse HEAD")


def installed_tool() -> str | None:
    """Give `OWNER/NAME@COMMIT` of what is installed, as its installer recorded it (PEP 610); None if it did not."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        recorded = distribution(DISTRIBUTION).read_text("direct_url.json")
        document = json.loads(recorded or "{}")
        url, commit = document["url"], document["vcs_info"]["commit_id"]
    except (PackageNotFoundError, OSError, ValueError, KeyError, TypeError):
        return None
    named = _PATH_IN_URL.fullmatch(str(url))
    tool = f"{named[1]}@{commit}" if named else ""
    return tool if _TOOL.fullmatch(tool) else None


def refuse_secrets(files: Iterable[NewFile], redactor: "Redactor") -> None:
    """Refuse files that would hold the credential, which an odd name or an odd answer could have brought in."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import Refused

    for file in files:
        if redactor.mask(file.text) != file.text or redactor.mask(str(file.path)) != str(file.path):
            message = f"{file.path.name} would hold the credential of the environment; nothing was written"
            hint = "look for a name on the tenant, or an answer of yours, that repeats it"
            raise Refused(Diagnostic("init-secret", message, hint))


def place(files: Sequence[NewFile]) -> Placed:
    """Write files one after the other, over none. ReconcileError says which were written before one failed."""
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcileError

    written: list[Path] = []
    kept: list[Path] = []
    for file in files:
        try:
            is_new = _write_new(file)
        except OSError as error:
            names = ", ".join(map(shown, written)) or "nothing"
            message = f"{shown(file.path)} cannot be written: {error.strerror}; written before it: {names}"
            hint = "remove what was written, mend the cause, then type it again"
            raise ReconcileError(Diagnostic("init-file", message, hint)) from error
        (written if is_new else kept).append(file.path)
    return Placed(tuple(written), tuple(kept))


def _write_new(file: NewFile) -> bool:
    """Write a file that is not there; False where one is. What could not be written whole is taken away again."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # A folder's name may hold bytes that are no text; they go out as they came in.
        out = file.path.open("x", encoding="utf-8", errors="surrogateescape", newline="\n")
    except FileExistsError:
        if file.must_be_new:
            raise
        return False
    try:
        with out:
            out.write(file.text)
    except BaseException:
        file.path.unlink(missing_ok=True)
        raise
    return True


def shown(path: Path) -> str:
    """Name a file as it is seen from where the command runs."""
    return Path(os.path.relpath(path)).as_posix()
