"""Keeps one issue a tenant while its live state is not what the files say, and closes it when it is again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput, ReconcileError
from reconciler.plan.change import Plan
from reconciler.publish.conversation import Told
from reconciler.publish.failures import Missing, Unclear
from reconciler.publish.forge import Forge, Issue
from reconciler.publish.one_comment import ROUNDS, another_author
from reconciler.publish.ownership import is_same, own
from reconciler.publish.published import Happened, Published
from reconciler.render import View
from reconciler.render.markdown import drift_issue, in_sync_comment
from reconciler.render.marker import Marker
from reconciler.settings.ci import Job


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the issue should say; its body begins with the marker."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do: `kept` is to say what is wanted, or to be closed; the duplicates in `older` are closed."""

    happened: Happened
    kept: Issue | None = None
    older: tuple[Issue, ...] = ()


def decide(issues: Sequence[Issue], tenant: str, author: str, wanted: Wanted | None) -> Decision:
    """Decide what becomes of the issue, from all that are open, of ours the newest; None is wanted where all agrees."""
    ours = sorted(own(issues, tenant, author), key=lambda issue: issue.number)
    if not ours:
        return Decision(Happened.NOTHING if wanted is None else Happened.CREATED)
    kept, older = ours[-1], tuple(ours[:-1])
    if wanted is None:
        return Decision(Happened.CLOSED, kept, older)
    is_there = kept.title == wanted.title and is_same(kept.body, wanted.body)
    return Decision(Happened.UNCHANGED if is_there else Happened.EDITED, kept, older)


async def publish_issue(forge: Forge, tenant: str, wanted: Wanted | None, closing: str) -> Published:
    """Bring the issue of a tenant up to date; see `decide`. `closing` is said when it is closed."""
    author = await forge.author()
    first: Decision | None = None
    for attempt in range(1, ROUNDS + 1):
        decision = decide(await forge.open_issues(), tenant, author, wanted)
        # What a later round finds done may be what the first one did.
        first = first or decision
        try:
            number, told = await _send(forge, decision, wanted, author)
        except (Unclear, Missing):
            # It may have happened, or the issue is gone: look before anything is sent again.
            if attempt == ROUNDS:
                raise
            continue
        if first.happened is Happened.CLOSED and first.kept is not None:
            number = first.kept.number
            told += await _last_words(forge, number, closing)
        told += await _close_duplicates(forge, decision.older)
        return Published(first.happened, _text(first.happened, number), told)
    message = "the last round returns or raises"
    raise AssertionError(message)


async def _send(
    forge: Forge, decision: Decision, wanted: Wanted | None, author: str
) -> tuple[int, tuple[Diagnostic, ...]]:
    """Do it: the number of the issue (0 where there is none), and what there is to warn of."""
    kept = decision.kept
    if kept is None:
        return (0, ()) if wanted is None else await _open(forge, wanted, author)
    if wanted is None:
        await forge.edit_issue(kept.number, is_closed=True)
    elif decision.happened is Happened.EDITED:
        await forge.edit_issue(kept.number, title=wanted.title, body=wanted.body)
    return kept.number, ()


async def _open(forge: Forge, wanted: Wanted, author: str) -> tuple[int, tuple[Diagnostic, ...]]:
    created = await forge.create_issue(wanted.title, wanted.body)
    is_ours = created.author.casefold() == author.casefold()
    return created.number, () if is_ours else (another_author(created.author, author),)


async def _last_words(forge: Forge, number: int, closing: str) -> tuple[Diagnostic, ...]:
    """Say why it was closed. Closed it is, whatever becomes of this: it is not said twice."""
    try:
        await forge.comment_on_issue(number, closing)
    except ReconcileError as error:
        message = f"issue {number} was closed, and the comment that says why may be missing: {error}"
        return (Diagnostic("issue-comment", message, severity=Severity.WARN),)
    return ()


async def _close_duplicates(forge: Forge, older: Sequence[Issue]) -> tuple[Diagnostic, ...]:
    told: tuple[Diagnostic, ...] = ()
    for issue in older:
        try:
            await forge.edit_issue(issue.number, is_closed=True)
        except ReconcileError as error:
            message = f"issue {issue.number}, a duplicate, could not be closed: {error}"
            told += (Diagnostic("issue-duplicate", message, "close it by hand", severity=Severity.WARN),)
    return told


def _text(happened: Happened, number: int) -> str:
    texts = {
        Happened.CREATED: "opened",
        Happened.EDITED: "brought up to date",
        Happened.UNCHANGED: "says the same already",
        Happened.CLOSED: "closed: live and files agree again",
    }
    return f"issue {number} {texts[happened]}" if happened in texts else "live and files agree, and no issue is open"


async def tell_drift(
    forge: Forge, job: Job, plan: Plan, view: View, mask: Callable[[str], str] = lambda text: text
) -> Told:
    """Keep the issue of the plan's tenant; `mask` takes out what must never be shown. Raises as `tell_pull_request`."""
    wanted = None
    if plan.changes:
        title, body = drift_issue(plan, view, Marker(plan.tenant, job.commit, plan.digest, job.run))
        wanted = Wanted(mask(title), mask(body))
    try:
        told = await publish_issue(forge, plan.tenant, wanted, mask(in_sync_comment(view)))
    except InvalidInput:
        raise
    except ReconcileError as error:
        return Told("the issue could not be brought up to date", error.diagnostics, is_done=False)
    return Told(told.text, told.diagnostics)
