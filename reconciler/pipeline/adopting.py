"""Adopt: what differs goes into the files instead of the tenant; planned twice, read once, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.desired.writing import FileEdit, rewrite
from reconciler.desired.writing.nameable import SkillRefs
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcileError
from reconciler.model.assignments import Assignment
from reconciler.model.desired import DesiredState
from reconciler.model.edits import LineEdit
from reconciler.pipeline.context import Context, opened
from reconciler.pipeline.loading import Chosen
from reconciler.pipeline.reading import read_sides
from reconciler.pipeline.verdicts import reject
from reconciler.plan.adopting import Adopted, choose
from reconciler.plan.build import Sides, build_plan
from reconciler.plan.change import AgentChange, AgentHeld, Plan
from reconciler.plan.match import agent_rows, match_agents
from reconciler.plan.resolve import resolve_skills
from reconciler.plan.scope import Filters, check_teams, scope_of


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting comes to: the files as they are to be, what they adopt, what not, and the plan afterwards."""

    files: tuple[FileEdit, ...]
    adopted: tuple[Adopted, ...]
    refused: tuple[Diagnostic, ...]
    plan: Plan


async def adopt(context: Context, chosen: Chosen, filters: Filters) -> Adoption:
    """Find the edits after which the plan is empty, as far as that can be; with a client that can do nothing but read.

    ReconcileError, should the files not say afterwards what was adopted.
    """
    desired = chosen.desired
    reject(check_teams(desired, filters))
    async with opened(context, desired, writable=False) as live:
        sides = await read_sides(context, desired, live)
    scope, errors = scope_of(desired, filters, sides.live.catalog, sides.rows, sides.matched)
    reject(errors)
    before = build_plan(sides, scope, desired.tenant.rate_limit)
    choice = choose(before, sides, scope, SkillRefs(sides.live.catalog))
    edits: dict[str, list[LineEdit]] = {}
    for each in choice.adopted:
        edits.setdefault(each.file, []).append(each.edit)
    rewritten = rewrite(chosen.path, desired, edits)
    odd = {(file, unfit.edit): unfit.reason for file, unfit in rewritten.unfit}
    adopted = tuple(each for each in choice.adopted if (each.file, each.edit) not in odd)
    laid_oddly = (each.left(odd[each.file, each.edit]) for each in choice.adopted if (each.file, each.edit) in odd)
    after = _plan_again(sides, rewritten.desired, filters)
    _check(before, after, adopted)
    return Adoption(rewritten.files, adopted, (*choice.refused, *laid_oddly), after)


def _plan_again(sides: Sides, desired: DesiredState, filters: Filters) -> Plan:
    """Compare the files as they are to be with what was read."""
    resolved, errors = resolve_skills(desired, sides.live.catalog, sides.now)
    rows = agent_rows(desired)
    matched, unclear = match_agents(desired, rows, sides.live)
    scope, unknown = scope_of(desired, filters, sides.live.catalog, rows, matched)
    if resolved is None or unclear or unknown:
        raise ReconcileError(*map(_unlike, (*errors, *unclear, *unknown)))
    again = replace(sides, resolved=resolved.at(sides.now), matched=matched, rows=rows)
    return build_plan(again, scope, desired.tenant.rate_limit)


def _check(before: Plan, after: Plan, adopted: Sequence[Adopted]) -> None:
    """Nothing of what was adopted may differ any more, and all else has to differ as before."""
    wanted = differences(before)
    for each in adopted:
        del wanted[each.agent.id, each.change.skill.id]
    if differences(after) != wanted:
        raise ReconcileError(_unlike(None))


def differences(plan: Plan) -> dict[tuple[str, str], tuple[Assignment | None, Assignment | None]]:
    """List what differs, by the ids of agent and skill, whatever its place; what is held too."""
    found: tuple[AgentChange | AgentHeld, ...] = (*plan.changes, *plan.held)
    return {(change.agent.id, each.skill.id): (each.before, each.after) for change in found for each in change.skills}


def _unlike(error: Diagnostic | None) -> Diagnostic:
    because = "" if error is None else f": {error.message}"
    message = f"the files would not declare what was adopted{because}; nothing was written"
    return Diagnostic("adopt-differs", message, "this is a fault of the tool; report it, with the plan before")
