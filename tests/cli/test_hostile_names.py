"""P16: no name, wherever it comes from, moves a terminal's cursor, breaks a line, or starts a CI command."""

import ast
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.cli.console import Console, Verbosity
from reconciler.cli.exits import tell
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.render.escape import WorkflowCommands, runner
from reconciler.simulator import Fault, Kind, Skill
from tests.cli.conftest import Ended, Reconcile, Served

HOSTILE = "::error::\x1b[2J\u202e\n::set-output name=x::y\r##[error]\u2028\u200bz\x07\x9b1m\U000e0041#\ufe0f#[x]"
ANNOTATION = re.compile(r"::(error|warning|notice) (file=[^:]*,)?title=[a-z-]+::")
SOURCES = sorted((Path(__file__).parents[2] / "reconciler").rglob("*.py"))


def obeyed(text: str) -> list[str]:
    """Find what a terminal or a GitHub runner would obey; our own annotations, which are meant, are left out."""
    controls = [char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}]
    lines = [line for line in text.splitlines() if not ANNOTATION.match(line)]
    # As the runner reads: blanks before `::` do not count, nor do marks that are not seen.
    bare = [re.sub(r"[^\w\s!-~]", "", line).lstrip() for line in lines]
    return controls + [line for line in bare if line.startswith("::") or "##[" in line]


def check(ended: Ended) -> None:
    assert obeyed(ended.out) == []
    assert obeyed(ended.err) == []
    assert "surprise" not in ended.err


@pytest.fixture(autouse=True)
def _on_a_runner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.is_dir()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")


@pytest.fixture
def hostile_tenant(served: Served) -> Served:
    """A tenant whose names are all hostile: of an agent that is declared by its id, and of a skill that it holds."""
    ana = served.app.tenant.agent_named("ana.silva@example.com")
    served.app.tenant.put_skill(Skill("skill-x", HOSTILE))
    served.app.tenant.put_agent(replace(ana, email=HOSTILE, user_name=HOSTILE[1:]))
    held = next(iter(ana.skills.values()))
    served.app.tenant.edit_skills(ana.id, {"skill-x": held})
    return served


@pytest.fixture
def by_id(hostile_tenant: Served, example: Path) -> Served:
    """Declare that agent by its id."""
    ana = hostile_tenant.app.tenant.agent_named(HOSTILE)
    for path in example.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("ana.silva@example.com", ana.id), encoding="utf-8")
    return hostile_tenant


VARIANTS = (
    "--log-format json plan",
    "plan --format json",
    "apply --yes",
    "--log-format json apply --yes --format json",
    "validate --online",
    "validate --online --format github",
)


@pytest.mark.parametrize("command", VARIANTS)
def test_a_tenant_cannot_speak_to_terminal_or_runner(reconcile: Reconcile, by_id: Served, command: str) -> None:
    """Neither by names nor by the words of its refusals."""
    words = json.dumps({"message": HOSTILE}).encode()
    by_id.app.faults.add(Fault(Kind.STATUS, "PATCH", status=400, body=words, times=None))
    ended = reconcile("-v", *command.split())
    check(ended)
    assert ended.code == (6 if "apply" in command else 0)
    if " --format json" in command:
        json.loads(ended.out)
    if "--log-format json" in command:
        assert all(json.loads(line) for line in ended.err.splitlines())


def test_in_json_a_name_is_still_the_same_name(reconcile: Reconcile, by_id: Served) -> None:
    """For scripts: what is escaped for a runner is the same text."""
    changes = json.loads(reconcile("plan", "--format", "json", "--agent", HOSTILE).out)["changes"]
    assert [change["agent"]["email"] for change in changes] == [HOSTILE]
    assert HOSTILE in {each["skill"]["name"] for each in changes[0]["skills"]}
    assert by_id.app.requests


@pytest.mark.usefixtures("by_id")
def test_a_saved_plan_cannot_either(reconcile: Reconcile, folder: Path) -> None:
    """Its digest does not cover what others wrote into its findings."""
    reconcile("plan", "--out", HOSTILE[2:].replace("/", ""))
    (saved,) = [path for path in folder.iterdir() if path.is_file()]
    document = json.loads(saved.read_text())
    finding = {"code": HOSTILE, "severity": "warn", "message": HOSTILE, "hint": HOSTILE}
    document["findings"] = [finding | {"source": {"file": HOSTILE, "line": 1, "column": 1}}]
    saved.write_text(json.dumps(document))
    for format_ in ("text", "json"):
        ended = reconcile("show", saved.name, "--format", format_)
        check(ended)
        assert ended.code == 0
    saved.write_text("{")
    check(reconcile("show", saved.name))
    check(reconcile("apply", saved.name))


YAML = {
    "tenant": ("tenant.yaml", "version: 1\ntenant: {name: %s, api: simulator}\n"),
    "realm": ("tenant.yaml", "version: 1\ntenant: {name: x, realm: %s, api: simulator}\n"),
    "agent": ("more.yaml", "agents:\n  %s: {skills: {}}\n"),
    "skill": ("more.yaml", "agents:\n  bo@example.com: {skills: {%s: 1}}\n"),
    "team": ("more.yaml", "team: %s\nagents:\n  bo@example.com: {skills: {}}\n"),
    "profile": ("more.yaml", "agents:\n  bo@example.com: {profiles: [%s]}\n"),
    "key": ("more.yaml", "%s: 1\n"),
    "value": ("more.yaml", "agents:\n  bo@example.com: {skills: {Billing: %s}}\n"),
}
# What YAML itself lets through, since only its lines are special; and what it may spell.
TEXTS = ["::error file=x::pwned", "##[error]pwned", json.dumps(HOSTILE)]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("place", YAML)
def test_a_file_cannot_either(reconcile: Reconcile, example: Path, place: str, text: str) -> None:
    """Nor can the name of a file, whether it is refused or read."""
    name, template = YAML[place]
    (example / name).write_text(template % (text if text.startswith('"') else f"'{text}'"), encoding="utf-8")
    for command in ("plan", "validate", "validate --format github"):
        check(reconcile("-v", *command.split()))


def test_the_name_of_a_file_or_a_folder_cannot_either(reconcile: Reconcile, example: Path, folder: Path) -> None:
    name = HOSTILE.replace("/", "")
    (example / f"{name}.yaml").write_text("agents: {x@example.com: {skills: {Biling: 1}}}\n", encoding="utf-8")
    (example / f"{name}.yml.bak").write_text("")
    for command in ("plan", "validate", "validate --format github"):
        check(reconcile("-v", *command.split()))
    example.rename(folder / name)
    for command in ("plan", "validate", "validate --format github", "apply --yes"):
        check(reconcile("-v", "-C", name, *command.split()))


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    "args",
    [
        ("--tenant", HOSTILE, "plan"),
        ("plan", "--agent", HOSTILE),
        ("plan", "--team", HOSTILE),
        ("plan", "--skill", HOSTILE),
        ("plan", "--format", HOSTILE),
        ("plan", f"--{HOSTILE}"),
        ("plan", HOSTILE),
        (HOSTILE,),
        ("plan", "--out", f"no/such/{HOSTILE}"),
        ("apply", "--yes", "--expect", HOSTILE),
        ("show", HOSTILE),
        ("-C", HOSTILE, "validate"),
    ],
    ids=lambda args: " ".join(each.replace(HOSTILE, "X") for each in args),
)
def test_what_is_typed_cannot_either(reconcile: Reconcile, args: tuple[str, ...]) -> None:
    """In CI it may come from a branch's name, or the title of a pull request."""
    ended = reconcile(*args)
    check(ended)
    assert ended.code in {3, 5}


@pytest.mark.usefixtures("example")
def test_the_environment_cannot_either(reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("CXONE_BASE_URL", HOSTILE)
    check(reconcile("plan"))
    monkeypatch.delenv("CXONE_BASE_URL")
    (folder / "file").write_text("")
    monkeypatch.setenv("RECONCILE_STATE_DIR", f"file/{HOSTILE}")
    check(reconcile("-v", "plan"))


@pytest.mark.parametrize("logs_json", [False, True])
def test_whatever_the_console_says_is_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, logs_json: bool
) -> None:
    """Lines, stages, questions, messages, surprises with their traceback; results too, on a runner."""
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    console = Console(HOSTILE, None, Verbosity.LOUD, logs_json=logs_json)
    console.say(HOSTILE)
    console.stage(HOSTILE)
    assert console.ask(HOSTILE) == "yes"
    console.diagnose([Diagnostic("code", HOSTILE, HOSTILE)], HOSTILE)
    assert tell(InvalidInput(Diagnostic("code", HOSTILE, HOSTILE))) == 3
    surprise = ValueError(HOSTILE)
    surprise.add_note(HOSTILE)
    assert tell(surprise) == 1
    console.write("::error::one\n  ::error::two ##[error]\n")
    out, err = capsys.readouterr()
    assert obeyed(out + err) == []
    assert "ValueError" in err


def test_annotations_that_are_meant_are_obeyed(reconcile: Reconcile, example: Path) -> None:
    (example / "odd.yaml").write_text("agents: {x: {skills: {Billing: '##[error]'}}}\n")
    out = reconcile("validate", "--format", "github").out
    assert out.startswith("::error file=desired-state/odd.yaml,")
    assert "##[" not in out


@example("\ufe0f::x::")
@example("x\n \u00a0:\ufe0f:x::")
@example("x #\ufe0f##[x]")
@given(st.text(st.sampled_from(":#[ \t\n\r\ufe0f\u00a0ax%")))
def test_no_output_is_obeyed_and_the_rest_stays(text: str) -> None:
    """What is taken away is only what would be obeyed; twice is once; in JSON it is the same text."""
    made = runner(text)
    assert obeyed(made.replace("\r", "\n").replace("\t", " ")) == []
    assert made.replace("\\u003a", ":").replace("\\u0023", "#") == text
    assert runner(made) == made
    assert json.loads(runner(json.dumps({"name": text}, ensure_ascii=False))) == {"name": text}
    assert "##[" not in runner(WorkflowCommands(text))


@cache
def _code_of(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]


def _named(path: Path) -> set[str]:
    """Give what a module takes hold of, in its last two words: `quote`, `stderr.write`."""
    names = {node.id for node in _code_of(path) if isinstance(node, ast.Name)}
    for node in _code_of(path):
        if isinstance(node, ast.Attribute):
            owner = node.value
            first = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            names.add(f"{first}.{node.attr}")
    return names


def _texts(path: Path) -> Iterator[str]:
    for node in _code_of(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _name(path: Path) -> str:
    return path.relative_to(SOURCES[0].parent).as_posix()


def test_one_module_writes_to_the_streams() -> None:
    writers = {"stdout.write", "stderr.write", "print", "click.echo", "echo", "secho"}
    assert {_name(path) for path in SOURCES if writers & _named(path)} == {"cli/console.py"}


def test_one_module_builds_addresses() -> None:
    """P13: no other module of `live` quotes, joins or formats one; the proxy's is not the tenant's."""
    tools = {"quote", "quote_plus", "urlencode", "urljoin", "urlunsplit", "urlunparse", "httpx.URL", "parse.quote"}
    below = [path for path in SOURCES if _name(path).startswith("live/")]
    assert {_name(path) for path in below if tools & _named(path)} == {"live/addresses.py"}
    formatted = {
        (_name(path), ast.unparse(node))
        for path in below
        for node in _code_of(path)
        if isinstance(node, ast.JoinedStr) and re.search("https?://|/[a-z]|[?&]\\w+=", ast.unparse(node))
    }
    assert formatted == {("live/transports/wire.py", "f'http://{proxy}'")}


def test_one_module_escapes() -> None:
    """What other modules do with odd characters is to refuse them, or to leave them out."""
    tools = {"html.escape", "shlex.quote", "unicode_escape", "backslashreplace"}
    texts = {"%0A", "%0D", "%25", "\\u{", "&lt;", "&amp;", "\\x1b"}
    escaping = {_name(path) for path in SOURCES if tools & _named(path) or texts & {*_texts(path)}}
    assert escaping == {"render/escape.py"}
