"""What the pages tell people to type and to write works as they say."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.app import COMMANDS, app
from reconciler.desired import load
from tests.cli.conftest import Ended, Reconcile, Served
from tests.docs.pages import PAGES, REFERENCE, ROOT, Block, blocks_of, codes_in, prose_of, rows_of, section_of

_FILE = re.compile(r"# file: (\S+)\n")
_COMMAND = re.compile(r"(?:^|exec |\$\()(reconcile [^)\"]+)")
WHOLE_FILES = [block for page in PAGES for block in blocks_of(page, "yaml") if _FILE.match(block.text)]
CONSOLES = [block for page in PAGES for block in blocks_of(page, "console")]
TENANT = "version: 1\ntenant: {name: acme, api: simulator}\n"
AGENTS = "agents:\n  ana@example.com:\n    skills: {Billing: 60}\n"


def _path_of(block: Block) -> str:
    found = _FILE.match(block.text)
    assert found
    return found[1].removeprefix("desired-state/")


def _put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("block", WHOLE_FILES, ids=str)
def test_a_whole_file_is_valid(block: Block, tmp_path: Path) -> None:
    name = _path_of(block)
    if name.endswith("tenant.yaml"):
        _put(tmp_path, name.replace("tenant.yaml", "agents.yaml"), AGENTS)
    else:
        _put(tmp_path, "tenant.yaml", TENANT)
    _put(tmp_path, name, block.text)
    if re.search(r"^(overrides|holds):", block.text, re.MULTILINE):
        # Whom they are about stands in the shipped example.
        shutil.copytree(ROOT / "desired-state" / "agents", tmp_path / "agents")
        shutil.copy(ROOT / "desired-state" / "profiles.yaml", tmp_path)
    assert load(tmp_path).diagnostics == ()


def test_the_whole_files_of_the_main_pages_are_marked() -> None:
    """If the mark were lost, nothing above would be checked."""
    assert {block.page.name for block in WHOLE_FILES} >= {"README.md", "desired-state.md"}
    assert {block.page.name for block in CONSOLES} >= {"README.md", "command-line.md", "exit-codes.md"}


REFUSED_VALUES = [
    (codes_in(row[0])[0], codes_in(row[1])[0])
    for row in rows_of(section_of(REFERENCE / "desired-state.md", "Values of a skill"))
]


@pytest.mark.parametrize(("written", "code"), REFUSED_VALUES)
def test_a_value_that_the_page_calls_refused_is_refused_with_that_code(written: str, code: str, tmp_path: Path) -> None:
    _put(tmp_path, "tenant.yaml", TENANT)
    _put(tmp_path, "agents.yaml", f"agents:\n  ana@example.com:\n    skills:\n      {written}\n")
    assert code in {diagnostic.code for diagnostic in load(tmp_path).diagnostics}


def _steps(block: Block) -> Iterator[tuple[str, str]]:
    """Give the commands of a console with what the page shows below each."""
    for step in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = step.partition("\n")
        yield command, shown


def _arguments(command: str) -> list[str] | None:
    """Give the arguments of `reconcile`; None for a command that is not run here."""
    words = shlex.split(command)
    if words == ["make", "plan"]:
        return ["--plan"]
    words = words[2:] if words[:2] == ["uv", "run"] else words
    return words[1:] if words[0] == "reconcile" else None


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("block", CONSOLES, ids=str)
def test_a_console_shows_what_really_happens(block: Block, reconcile: Reconcile) -> None:
    """`…` stands for anything; `echo $?` for the code of the command before it, which is 0 where nothing is said."""
    steps = list(_steps(block))
    asked = [shown for command, shown in [*steps[1:], ("", "")] for shown in [shown if command == "echo $?" else "0"]]
    for (command, shown), code in zip(steps, asked, strict=True):
        arguments = _arguments(command)
        if arguments is None:
            assert command in {"echo $?", "make test", "uv run pytest"}, f"nobody runs `{command}`: use a block `sh`"
            continue
        ended = reconcile(*arguments)
        assert ended.code == int(code), ended.err
        screens = _screens(ended)
        assert not shown or any(re.fullmatch(_pattern(shown), each, re.DOTALL) for each in screens), screens[0]


def _screens(ended: Ended) -> tuple[str, ...]:
    """Give what may stand on a screen: the order of the two streams is not known; talk on the way may be left out."""
    return (ended.err + ended.out, ended.out + ended.err, ended.out)


def _pattern(shown: str) -> str:
    """A `…` on a line of its own stands for any number of lines, none too."""
    lines = ("(?:.*\n)?" if line == "…\n" else re.escape(line) for line in shown.splitlines(keepends=True))
    return "".join(lines).replace("…", ".*")


COMMANDS_IN_TEXT = sorted(
    {
        (page.relative_to(ROOT).as_posix(), command)
        for page in PAGES
        for text in [*codes_in(prose_of(page)), *(line for b in blocks_of(page, "sh") for line in b.text.splitlines())]
        for command in _COMMAND.findall(text.partition(" | ")[0].partition(" > ")[0])
    }
)


@pytest.mark.parametrize(("page", "command"), COMMANDS_IN_TEXT)
def test_no_page_names_a_command_or_an_option_that_does_not_exist(page: str, command: str) -> None:
    options, is_before_command = _options(app), True
    words = iter(shlex.split(re.sub(r"[\[\]…]", " ", command), comments=True)[1:])
    for word in words:
        if word.startswith("-"):
            assert word in options, f"{page}: {command}"
            if is_before_command and options[word]:
                next(words)
        elif is_before_command and not word.isupper():
            assert word in COMMANDS, f"{page}: {command}"
            found = app.get_command(click.Context(app), word)
            assert found
            options, is_before_command = _options(found), False


def _options(command: click.Command) -> dict[str, bool]:
    """Give the names of a command's options, with whether each takes a value."""
    found = {"-h": False, "--help": False}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            found |= dict.fromkeys(parameter.opts, not parameter.is_flag)
    return found


def test_the_five_steps_of_the_readme_lead_to_an_apply(reconcile: Reconcile, served: Served, folder: Path) -> None:
    """From an empty folder, with the README's own files, against a tenant that answers over HTTP."""
    for path in (folder / "desired-state").rglob("*.yaml"):
        path.unlink()
    for block in blocks_of(ROOT / "README.md", "yaml"):
        _put(folder / "desired-state", _path_of(block), block.text)
    assert reconcile("validate").code == 0
    assert served.app.requests == []
    planned = reconcile("plan")
    assert planned.code == 0
    assert "acme-prod: 1 agent managed, 1 to change" in planned.out
    assert reconcile("apply", "--yes").code == 0
    held = served.app.tenant.agent_named("ana.silva@example.com").skills
    assert len(held) == 4
