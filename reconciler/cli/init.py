"""`reconcile init`: from a live tenant to a repository that describes it, and an empty plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command import Command
from reconciler.cli.console import Console
from reconciler.cli.exits import Exit
from reconciler.cli.options import Teams

if TYPE_CHECKING:
    from reconciler.cli.interview import Interview
    from reconciler.desired.writing import Choice, Team, TenantDraft, Written
    from reconciler.diagnostics import Diagnostic
    from reconciler.model.agents import LiveState
    from reconciler.pipeline import Context

_EXAMPLES = (
    ("reconcile init", "asks for the realm, and who is to be managed"),
    ("reconcile init --realm na1 --all --tool OWNER/NAME@COMMIT", "everyone, without a question"),
    ("reconcile init --team 'Billing=*.billing@example.com,bo.*'", "a pilot team; the others are left alone"),
    ("reconcile init --api simulator --all --no-workflows", "the simulated tenant, to try it out"),
)
_ADMIN_V2 = "admin-v2"
_SIMULATOR = "simulator"
_DEMO = "demo"


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the flags said; None and empty where they are silent."""

    name: str | None
    api: str
    realm: str | None
    teams: tuple[str, ...]
    takes_all: bool
    takes_inactive: bool
    tool: str | None
    has_workflows: bool


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--name", metavar="NAME", help="The tenant's name in plans; the repository's otherwise.")
@click.option("--api", type=click.Choice([_ADMIN_V2, _SIMULATOR]), default=_ADMIN_V2, show_default=True,
              help="The dialect that the tenant speaks.")  # fmt: skip
@click.option("--realm", metavar="REALM", help="The tenant's realm, such as na1; CXONE_REALM otherwise.")
@click.option("--team", "teams", type=Teams(), metavar="NAME=GLOB[,GLOB…]", multiple=True,
              help="Take agents by e-mail, user name or id, as a team. Repeatable; the first counts.")  # fmt: skip
@click.option("--all", "takes_all", is_flag=True, help="Take also those who are in no team.")
@click.option("--inactive", "takes_inactive", is_flag=True, help="Take also agents who are not active.")
@click.option("--tool", metavar="OWNER/NAME@COMMIT", help="Whose workflows to call; where this was installed from.")
@click.option("--no-workflows", "has_workflows", flag_value=False, default=True, help="Write no .github/workflows.")
@click.pass_obj
def init(
    console: Console,
    name: str | None,
    api: str,
    realm: str | None,
    teams: tuple[str, ...],
    takes_all: bool,
    takes_inactive: bool,
    tool: str | None,
    has_workflows: bool,
) -> int:
    """Describe a live tenant in a new DIR, so that nothing is to be changed.

    Asks for what no option says. Writes the files of DIR, workflows and editor settings; never over a file that is
    there, and nothing to the tenant.
    """
    from reconciler.cli.interview import Interview

    _refuse_existing(Path(console.root))
    wishes = _Wishes(name or console.tenant, api, realm, teams, takes_all, takes_inactive, tool, has_workflows)
    interview = Interview(console)
    context = console.context()
    _check_credential(context, api)
    if not interview.is_possible:
        _check_flags(wishes, context)
    return _init(console, context, wishes, interview)


def _init(console: Console, context: "Context", wishes: _Wishes, interview: "Interview") -> Exit:
    import asyncio

    from reconciler import pipeline
    from reconciler.cli.imported import files_of, notices, summary
    from reconciler.cli.scaffold import place, refuse_secrets
    from reconciler.desired.writing import parse_team, read_draft, write_agents
    from reconciler.diagnostics import Diagnostic, Severity
    from reconciler.errors import InvalidInput
    from reconciler.model.desired import DesiredState

    teams = [parse_team(team) for team in wishes.teams]
    draft = _draft(wishes, context, interview)
    tool = _tool(wishes, interview)
    tenant, faults = read_draft(draft)
    if tenant is None:
        # The file that they are about is not there yet.
        raise InvalidInput(*(replace(fault, position=None) for fault in faults))
    state = asyncio.run(pipeline.survey(context, DesiredState(tenant, (), {})))
    console.say(f"{draft.name} has {state.catalog.listed} skills and {len(state.agents)} agents")
    choice = _choice(wishes, teams, state, interview)
    written = write_agents(state, choice.groups)
    console.diagnose(notices(state, written))
    if tool is not None and draft.api == _ADMIN_V2 and draft.realm is None:
        message = "the workflows will not find the tenant: its address is known to this machine only"
        console.diagnose([Diagnostic("init-realm", message, "write `realm:` into tenant.yaml", severity=Severity.WARN)])
    _refuse_nobody(written)
    files = files_of(context.root, replace(draft, ignored=written.ignored), written, tool)
    refuse_secrets(files, context.redactor)
    console.is_writing = True
    placed = place(files)
    console.write(summary(context.root, choice, written, placed, has_workflows=tool is not None))
    return _prove(console)


def _refuse_existing(root: Path) -> None:
    """Refuse to begin where there is desired state already, before anything is asked."""
    from reconciler.cli.scaffold import shown, yaml_in
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    if root.exists() and not root.is_dir():
        raise InvalidInput(Diagnostic("init-exists", f"{root} is not a folder", "reconcile -C other-folder init"))
    there = yaml_in(root)
    if there is not None:
        message = f"{shown(there)} is there already; nothing was written"
        hint = "init is for a new folder: reconcile plan for this one, or reconcile -C other-folder init"
        raise InvalidInput(Diagnostic("init-exists", message, hint))


def _check_credential(context: "Context", api: str) -> None:
    """Find the credential before the first question, and keep it out of everything that follows."""
    from reconciler.model.position import SourcePosition
    from reconciler.model.tenant import Api, Tenant
    from reconciler.settings import is_embedded, read_connection

    # Any realm will do: which one it is, is asked later.
    tenant = Tenant("new", Api(api), SourcePosition("tenant.yaml", 1, 1), realm="na1")
    connection = read_connection(tenant, context.environ)
    if not is_embedded(tenant, context.environ):
        context.redactor.hide(connection.client_secret.reveal())


def _check_flags(wishes: _Wishes, context: "Context") -> None:
    """Without somebody to ask, every flag that is missing is named at once."""
    from reconciler.cli.scaffold import installed_tool
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    missing = []
    if _needs_realm(wishes, context):
        missing.append("--realm")
    if not wishes.teams and not wishes.takes_all:
        missing.append("--all or --team")
    if wishes.has_workflows and not (wishes.tool or installed_tool()):
        missing.append("--tool or --no-workflows")
    if missing:
        message = f"there is no terminal to ask on, and this is not given: {', '.join(missing)}"
        raise InvalidInput(Diagnostic("usage", message, "reconcile init --help"))


def _needs_realm(wishes: _Wishes, context: "Context") -> bool:
    is_told = wishes.realm or context.environ.get("CXONE_REALM") or context.environ.get("CXONE_BASE_URL")
    return wishes.api == _ADMIN_V2 and not is_told


def _draft(wishes: _Wishes, context: "Context", interview: "Interview") -> "TenantDraft":
    """Gather what tenant.yaml says; what is asked is judged by the reader's own rules."""
    from reconciler.cli.scaffold import top_of
    from reconciler.desired.writing import TenantDraft, read_draft

    draft = TenantDraft(_DEMO if wishes.api == _SIMULATOR else top_of(context.root).name, wishes.api)
    if read_draft(draft)[1]:
        draft = replace(draft, name="tenant")
    if wishes.name is not None:
        draft = replace(draft, name=wishes.name)
    elif interview.is_possible and wishes.api == _ADMIN_V2:
        asked = interview.ask("The tenant's name, shown in plans", _judged(draft, "name"), draft.name)
        draft = replace(draft, name=asked)
    if wishes.api == _SIMULATOR:
        return draft
    realm = wishes.realm or context.environ.get("CXONE_REALM") or None
    if _needs_realm(wishes, context):
        realm = interview.ask("Its realm, such as na1, eu1 or ap1", _judged(draft, "realm"))
    return replace(draft, realm=realm)


def _judged(draft: "TenantDraft", field: str) -> "Callable[[str], str | Diagnostic]":
    from reconciler.desired.writing import read_draft

    def check(answer: str) -> "str | Diagnostic":
        changed = replace(draft, name=answer) if field == "name" else replace(draft, realm=answer)
        _, faults = read_draft(changed)
        return faults[0] if faults else answer

    return check


def _tool(wishes: _Wishes, interview: "Interview") -> str | None:
    from reconciler.cli.scaffold import check_tool, installed_tool
    from reconciler.errors import InvalidInput

    if not wishes.has_workflows:
        return None
    if wishes.tool is None:
        return installed_tool() or interview.ask("The tool's repository, as OWNER/NAME@COMMIT", check_tool)
    checked = check_tool(wishes.tool)
    if not isinstance(checked, str):
        raise InvalidInput(checked)
    return checked


def _choice(wishes: _Wishes, teams: "Sequence[Team]", state: "LiveState", interview: "Interview") -> "Choice":
    """Deal out the agents by the flags, or by what is answered; a team without anybody is a typo."""
    from reconciler.desired.writing import choose
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    def dealt(teams: "Sequence[Team]", takes_rest: bool) -> "Choice":
        return choose(state.agents, teams, takes_rest=takes_rest, takes_inactive=wishes.takes_inactive)

    if not teams and not wishes.takes_all:
        return interview.ask_teams(dealt((), takes_rest=True).rest, dealt)
    choice = dealt(teams, wishes.takes_all)
    empty = [team for team, count in choice.counts if count == 0]
    if empty:
        hint = "globs are compared with e-mail, user name and id; an earlier team may hold everyone they match"
        raise InvalidInput(
            *(
                Diagnostic("init-nobody", f"--team {team.name}: nobody is left for {', '.join(team.globs)}", hint)
                for team in empty
            )
        )
    return choice


def _refuse_nobody(written: "Written") -> None:
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import InvalidInput

    if not written.files:
        message = "there is nobody to manage: no agent was chosen that the files can express; nothing was written"
        raise InvalidInput(Diagnostic("init-nobody", message, "reconcile init --all, and --inactive for everyone else"))


def _prove(console: Console) -> Exit:
    """Plan with the files as they are now: what was imported must be what is live."""
    from reconciler.cli.imported import DIFFERS, REPORT_IT, is_live
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.scope import Filters

    console.tenant = None
    if is_live(console, *console.load(), Filters()):
        return Exit.DONE
    console.diagnose([Diagnostic("init-differs", DIFFERS, REPORT_IT)])
    return Exit.FAILED
