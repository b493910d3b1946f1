"""Checks of what is on this machine: the files, the state folder, git, the tool, the terminal."""

from reconciler.diagnostics import Diagnostic
from reconciler.plan.checkup.facts import Checkout, Facts
from reconciler.plan.checkup.verdict import Check, Fault, counted, fail, ok, skipped, warn

# A plan of 100,000 agents keeps some ten megabytes here; a journal grows with every write.
_LEAST_FREE_BYTES = 100 * 1024 * 1024
_MOST_NAMED = 3


def check_files(facts: Facts) -> Check:
    """Whether there is a folder with one tenant in it, whose files say what is meant."""
    files = facts.files
    if files.several:
        message = f"`{files.folder}` holds {len(files.several)} tenants: {_listed(files.several)}"
        return fail("files", message, f"choose one: reconcile --tenant {files.several[0]} doctor", Fault.INPUT)
    if files.errors:
        return _faulty(files.folder, files.errors)
    if not files.agents:
        message = f"`{files.folder}` declares no agent of `{files.name}` yet"
        return warn(
            "files",
            message,
            "reconcile pull, which writes those of the tenant, or list agents under `agents:` in a file there",
        )
    return ok("files", f"`{files.folder}`: tenant `{files.name}`, {counted(files.agents, 'agent')}")


def _faulty(folder: str, errors: tuple[Diagnostic, ...]) -> Check:
    if len(errors) == 1 and errors[0].position is None:
        return fail("files", errors[0].message, errors[0].hint, Fault.INPUT)
    paths = {error.position.file for error in errors if error.position is not None}
    message = f"`{folder}` has {counted(len(errors), 'error')} in {counted(len(paths), 'file')}"
    return fail("files", message, "reconcile validate, which names each with its place", Fault.INPUT)


def check_state_folder(facts: Facts) -> Check:
    """Whether records, locks and the rate ledger can be kept, and whether a run is under way or was cut short."""
    state = facts.state
    if state.error:
        hint = "make it writable, or export RECONCILE_STATE_DIR=~/.reconcile, or another folder on a local disk"
        return fail("state folder", f"`{state.path}` cannot be written: {state.error}", hint, Fault.INPUT)
    if state.free_bytes < _LEAST_FREE_BYTES:
        message = f"`{state.path}` has {state.free_bytes >> 20} MiB left; an apply that cannot write its journal stops"
        return warn("state folder", message, "make room, or export RECONCILE_STATE_DIR=… with a folder elsewhere")
    if state.held_by:
        message = f"`{state.path}`: the tenant is being applied by {state.held_by}"
        return warn("state folder", message, "wait for it to end, or: reconcile apply --lock-timeout 300")
    if state.unfinished:
        message = f"`{state.path}`: how {counted(len(state.unfinished), 'run')} ended is still open: "
        hint = f"reconcile runs {state.unfinished[0]}; the next apply finds out and says so"
        return warn("state folder", message + _listed(state.unfinished), hint)
    return ok("state folder", f"`{state.path}` can be written, {state.free_bytes >> 30} GiB left; no run is unfinished")


def check_git(facts: Facts) -> Check:
    """Whether what would be applied is what stands in a commit that others see."""
    checkout = facts.checkout
    if checkout is None:
        return skipped("git", f"git knows no checkout at `{facts.files.folder}`")
    where = _where(checkout)
    if checkout.changed:
        changed = counted(checkout.changed, "file")
        message = f"{where}: {changed} below `{facts.files.folder}` not committed"
        return warn("git", message, f"git status {facts.files.folder}, then commit, so that a plan has a commit")
    if checkout.behind:
        message = f"{where}: {counted(checkout.behind, 'commit')} behind {checkout.upstream}, as far as known here"
        return warn("git", message, "git pull, or you plan what others have replaced")
    if checkout.is_state_ignored is False:
        message = f"{where}: git does not ignore the state folder `{facts.state.path}`"
        return warn("git", message, f"add a line to .gitignore: {facts.state.path.rstrip('/')}/")
    if not checkout.branch and not facts.machine.is_ci:
        return warn("git", f"{where}: no branch is checked out", "git switch main, or the branch that you mean")
    return ok("git", f"{where}, clean{_ahead(checkout)}")


def _where(checkout: Checkout) -> str:
    commit = checkout.commit[:12] or "no commit yet"
    return f"{commit} on {checkout.branch}" if checkout.branch else commit


def _ahead(checkout: Checkout) -> str:
    if not checkout.upstream:
        return ", no upstream" if checkout.branch else ""
    ahead = f"{counted(checkout.ahead, 'commit')} ahead of" if checkout.ahead else "level with"
    return f", {ahead} {checkout.upstream} as far as known here"


def check_tool(facts: Facts) -> Check:
    """Which version runs, for whoever is asked for help."""
    machine = facts.machine
    return ok("tool", f"reconcile {machine.version}, Python {machine.python}, {machine.system}")


def check_terminal(facts: Facts) -> Check:
    """Whether names can be shown as they are, and whether there are colours."""
    machine = facts.machine
    colors = f"no colours: {machine.why_plain}" if machine.why_plain else "colours"
    if machine.encoding.lower().replace("-", "").replace("_", "") != "utf8":
        message = f"writes {machine.encoding}, which lacks most letters: they are shown as `\\x…`"
        return warn("terminal", f"{message}; {colors}", "export PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8")
    return ok("terminal", f"UTF-8, {colors}")


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
