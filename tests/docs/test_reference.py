"""Each reference page names all that there is, and nothing that there is not."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.app import COMMANDS, app
from reconciler.cli.exits import Exit
from reconciler.desired.codes import CODES
from reconciler.desired.shapes import CoverageFloor, Policies, RateLimitShape, TenantDocument, TenantShape
from tests.cli.conftest import Reconcile
from tests.docs.pages import REFERENCE, ROOT, codes_in, rows_of, section_of, text_of

SOURCES = sorted((ROOT / "reconciler").rglob("*.py"))


def _command(name: str) -> click.Command:
    found = app if name == "reconcile" else app.get_command(click.Context(app), name.removeprefix("reconcile "))
    assert found
    return found


@pytest.mark.parametrize("name", ["reconcile", *(f"reconcile {name}" for name in COMMANDS)])
def test_a_command_has_exactly_the_options_and_choices_of_its_page(name: str) -> None:
    documented = {}
    for row in rows_of(section_of(REFERENCE / "command-line.md", f"`{name}`")):
        code = " ".join(codes_in(row[0]))
        if code.startswith("-"):
            names = re.findall(r"(?<!\S)--?[a-z][a-z-]*|-[A-Za-z]\b", code)
            value = code.rpartition(" ")[2]
            documented[frozenset(names)] = set(value.split("|")) if re.fullmatch(r"[a-z][a-z0-9|-]*", value) else set()
    real = {frozenset({"-h", "--help"}): set[str]()}
    for parameter in _command(name).params:
        if isinstance(parameter, click.Option):
            choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
            real[frozenset(parameter.opts)] = set(choices)
    assert documented == real


def test_every_command_has_its_section_and_its_arguments() -> None:
    page = text_of(REFERENCE / "command-line.md")
    headings = re.findall(r"^## `reconcile (\w+)`$", page, re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)
    for name in COMMANDS:
        section = section_of(REFERENCE / "command-line.md", f"`reconcile {name}`")
        usage = f"reconcile {name}"
        for parameter in _command(name).params:
            if isinstance(parameter, click.Argument):
                usage += f" {(parameter.name or '').upper()}"
                assert f"`{usage}`" in section
                choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
                assert set(choices) <= set(codes_in(section))


def test_the_exit_codes_are_those_of_the_code() -> None:
    rows = list(rows_of(text_of(REFERENCE / "exit-codes.md").partition("## ")[0]))
    assert [int(row[0]) for row in rows] == [code.value for code in Exit]


def _option_variables() -> set[str]:
    commands = [_command("reconcile"), *(_command(f"reconcile {name}") for name in COMMANDS)]
    found = [parameter.envvar for command in commands for parameter in command.params if parameter.envvar]
    return {name for names in found for name in ([names] if isinstance(names, str) else names)}


def _commands_by_variable() -> dict[str, set[str]]:
    """Give the commands that have the option of each general variable; `reconcile` for those of all commands."""
    found: dict[str, set[str]] = {}
    for name in ("reconcile", *COMMANDS):
        for parameter in _command(name if name == "reconcile" else f"reconcile {name}").params:
            if isinstance(parameter, click.Option) and parameter.envvar:
                names = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
                found.setdefault(names[-1], set()).add(name)
    return found


def _variables_read() -> set[str]:
    """Find what the code asks the environment for; a prefix that a file may choose counts as the default one."""
    names: set[str] = set()
    for path in SOURCES:
        names.update(re.findall(r'environ(?:\.get\(|\[)f?"([^"]+)"', path.read_text(encoding="utf-8")))
    connection = text_of(ROOT / "reconciler" / "settings" / "connection.py")
    suffixes = re.findall(r'f"\{[\w.]*prefix\}(_[A-Z_]+)', connection)
    return {name for name in names if "{" not in name} | {f"CXONE{suffix}" for suffix in suffixes}


def test_every_variable_that_is_read_is_documented() -> None:
    page = text_of(REFERENCE / "environment.md")
    read = _variables_read()
    assert {"CXONE_CLIENT_SECRET", "CXONE_BASE_URL", "RECONCILE_STATE_DIR", "NO_COLOR"} <= read
    of_the_system = {"PATH", "_RECONCILE_COMPLETE"}
    assert {name for name in read if f"`{name}" not in page} == of_the_system


def test_every_option_has_its_variable_on_the_page_and_no_other_is_named() -> None:
    rows = [row for row in rows_of(section_of(REFERENCE / "environment.md", "Options")) if row]
    documented = {codes_in(row[0])[0] for row in rows}
    assert {codes_in(row[0])[0]: set(codes_in(row[2])) or {"reconcile"} for row in rows} == _commands_by_variable()
    known = _option_variables()
    general = {name for name in known if not re.match(rf"RECONCILE_({'|'.join(COMMANDS).upper()})_", name)}
    assert documented == general
    named = set(re.findall(r"`(RECONCILE_[A-Z_]+)`", text_of(REFERENCE / "environment.md")))
    assert named <= known | {"RECONCILE_STATE_DIR", "RECONCILE_RATE_LEDGER"}


@pytest.mark.usefixtures("example")
def test_the_state_folder_holds_what_the_page_lists(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_RATE_LEDGER", "sqlite")
    assert reconcile("apply", "--yes").code == 0
    assert reconcile("fmt").code == 0
    rows = rows_of(section_of(REFERENCE / "environment.md", "The state folder"))
    documented = {codes_in(row[0])[0].replace("TENANT", "acme-demo") for row in rows}
    # The page speaks of the one beside the state of the simulator there.
    files = [path for path in (folder / "state").rglob("*") if path.is_file() and path.suffixes != [".json", ".lock"]]
    names = {path.relative_to(folder / "state").as_posix() for path in files}
    assert {re.sub(r"(?<=^runs/).*(?=\.jsonl$)", "RUN", name) for name in names} == documented


def _keys(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _keys(value)
    elif isinstance(document, list):
        for item in document:
            yield from _keys(item)


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.json")), ids=lambda path: path.name)
def test_every_key_of_a_document_is_explained(path: Path) -> None:
    """In the page's words, not only in its examples."""
    explained = set(re.findall(r"[a-z_]+", " ".join(codes_in(_without_blocks(text_of(REFERENCE / "plan-json.md"))))))
    assert set(_keys(json.loads(path.read_text(encoding="utf-8")))) <= explained


def _without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_json_page_have_the_keys_of_the_golden_files() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", text_of(REFERENCE / "plan-json.md"), re.MULTILINE | re.DOTALL)
    golden = [
        ROOT / "tests" / "golden" / f"{name}.json" for name in ("plan", "outcome-troubles", "messages", "calendar")
    ]
    for block, path in zip(blocks, golden, strict=True):
        assert set(_keys(json.loads(block))) == set(_keys(json.loads(path.read_text(encoding="utf-8"))))


def test_every_key_of_tenant_yaml_is_in_its_table() -> None:
    rows = rows_of(section_of(REFERENCE / "desired-state.md", "`tenant.yaml`"))
    documented = {codes_in(row[0])[0] for row in rows}
    expected = set(TenantDocument.model_fields)
    expected |= {f"tenant.{name}" for name in TenantShape.model_fields}
    expected |= {f"tenant.rate_limit.{name}" for name in RateLimitShape.model_fields}
    expected |= {f"policies.{name}" for name in Policies.model_fields}
    expected |= {f"policies.coverage.{name}" for name in CoverageFloor.model_fields}
    assert documented == expected


# The functions that are handed a code, with those who hand them one: their callers' codes are in `CODES` or below.
HANDED_ON = {
    "desired/report.py": 2,
    "cli/exits.py": 1,
    "publish/failures.py": 1,
    "render/plan_json.py": 1,
    "render/report.py": 1,
}


def _codes_in_code() -> set[str]:
    """Find the code of every Diagnostic that is made, also where a variable holds it."""
    found: set[str] = set()
    unclear: dict[str, int] = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                for codes in _codes_made_in(scope):
                    found |= codes
                    if not codes:
                        name = path.relative_to(ROOT / "reconciler").as_posix()
                        unclear[name] = unclear.get(name, 0) + 1
    assert unclear == HANDED_ON
    return found


def _codes_made_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[set[str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _called(node.func) in {"Diagnostic", "_message", "unusable"}:
            yield _strings(node.args[0]) or _assigned(function, node.args[0])


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _assigned(function: ast.AST, name: ast.expr) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(name, ast.Name):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for each, value in zip(names, values, strict=False):
                    if isinstance(each, ast.Name) and each.id == name.id:
                        found |= _strings(value)
    return found


def _strings(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _strings(node.body) | _strings(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_every_code_of_a_message_is_on_the_page_and_no_other() -> None:
    rows = list(rows_of(text_of(REFERENCE / "messages.md")))
    documented = [codes_in(row[0])[0] for row in rows]
    assert len(documented) == len(set(documented))
    assert set(documented) == _codes_in_code() | set(CODES)
    assert all(cell for row in rows for cell in row)


def test_the_codes_of_the_files_are_explained_as_in_the_code() -> None:
    rows = rows_of(section_of(REFERENCE / "messages.md", "The files"))
    assert {codes_in(row[0])[0]: row[1] for row in rows} == CODES


def test_no_page_names_a_code_that_does_not_exist() -> None:
    known = _codes_in_code() | set(CODES)
    section = section_of(REFERENCE / "desired-state.md", "What is refused, and why")
    named = {code for row in rows_of(section) for code in codes_in(row[1])}
    assert named <= known


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    lists = [project["project"]["dependencies"], project["build-system"]["requires"]]
    lists += project["project"]["optional-dependencies"].values()
    required = {re.split(r"[<>=\[]", each)[0] for each in (name for names in lists for name in names)}
    rows = list(rows_of(text_of(ROOT / "docs" / "decisions" / "0002-libraries.md")))
    assert {codes_in(row[0])[0] for row in rows} == required
    assert all(row[1] for row in rows)
