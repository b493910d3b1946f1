"""What is said in a pull request before the merge, and how every comment is put together."""

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.change import Plan
from reconciler.plan.policies import BLOCKING
from reconciler.render.escape import code, link
from reconciler.render.markdown.findings import message_list
from reconciler.render.markdown.fit import length
from reconciler.render.markdown.plan import heading, plan_body
from reconciler.render.marker import Marker, marker_line
from reconciler.render.view import View

_BREAK = "\n\n"


def assembled(marker: Marker, *parts: str) -> str:
    """Put a comment together: the marker on its first line, then the title, then the parts that say something."""
    return marker_line(marker) + "\n" + _BREAK.join(filter(None, [heading(marker.tenant), *parts])).rstrip("\n") + "\n"


def with_plan(marker: Marker, parts: Sequence[str], plan: Plan | None, view: View, folded: str = "") -> str:
    """As `assembled`, with a plan at the end as far as there is room; `folded` names it where it is folded away.

    With nothing else to say, it is the plan of the pull request, and is offered to be applied.
    """
    before, after = (f"<details>\n<summary>{folded}</summary>\n\n", "\n\n</details>") if folded else ("", "")
    text = assembled(marker, *parts)
    room = view.limit - length(text) - len(before) - len(after) - 2 * len(_BREAK)
    if plan is None:
        return text
    body = plan_body(plan, view, room, is_offer=not parts).rstrip("\n")
    return assembled(marker, *parts, f"{before}{body}{after}")


def origin(view: View) -> str:
    """Say which commit and which run something comes from, as far as that is known.

    With another bullet than the lists of what went wrong, so that it is no part of them.
    """
    commit = [f"commit {code(view.commit)}"] if view.commit else []
    words = ", ".join([*commit, link("this run", view.run_url)] if view.run_url else commit)
    return f"* From: {words}" if words else ""


def by_hand(plan: Plan) -> str:
    """Say how a person has exactly this plan applied, with the codes that have to be allowed where it is blocked."""
    found = {each.code for each in plan.findings if each.severity is Severity.BLOCK}
    codes = " ".join(sorted(found.intersection(BLOCKING)))
    allowing = f", and {code(codes)} to allow" if codes else ""
    return f"start the apply workflow by hand with the digest {code(plan.digest)}{allowing}"


def problems(diagnostics: Sequence[Diagnostic], view: View) -> str:
    """List what is wrong, in no more than half of a comment. The places are those of the repository already."""
    return message_list(diagnostics, view, room=view.limit // 2)


def plan_comment(marker: Marker, plan: Plan, view: View) -> str:
    """Show the plan to whoever reviews the pull request."""
    return with_plan(marker, [], plan, view)


def failed_comment(marker: Marker, diagnostics: Sequence[Diagnostic], view: View, *, exit_code: int) -> str:
    """Say why there is no plan; a negative exit code is one that nobody knows."""
    known = f" (exit code {exit_code})" if exit_code >= 0 else ", and nobody knows why"
    verdict = f"**No plan could be made**{known}"
    return assembled(marker, verdict, problems(diagnostics, view), origin(view))


def valid_comment(marker: Marker, view: View, *, is_fork: bool) -> str:
    """Say that the files are valid, and why nothing was planned."""
    reason = "Nothing was planned: this job has no credential for the tenant."
    if is_fork:
        reason = (
            "Nothing was planned: pull requests from forks get no credential for the tenant, so only the files were "
            "checked. A maintainer can have it planned by pushing the branch to this repository."
        )
    return assembled(marker, "**The files are valid**", reason, origin(view))


def outdated_comment(marker: Marker) -> str:
    """Mark an older comment of the same tenant; without the marker, so that nobody takes it for the newest one."""
    return f"{heading(marker.tenant)}\n\n**Outdated**: another comment of this pull request has the latest plan\n"
