"""Floors: no plan may leave a skill with fewer agents than the policy says, or make a shortage worse."""

from collections.abc import Iterator
from datetime import datetime

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.policies import CoverageFloor
from reconciler.plan.change import SkillName
from reconciler.plan.moments import moment
from reconciler.plan.policies.facts import Facts, severity_of


def coverage_floors(facts: Facts) -> Iterator[Diagnostic]:
    """Judge each floor; one that was broken before, and is not made worse, only warns."""
    for floor, skill in facts.rules.floors:
        gauge = (skill.id, floor.min_proficiency)
        net = facts.shifts.net.get(gauge, 0)
        if facts.counts is None:
            if net < 0:
                yield _unknown(floor, skill, -net, facts.rules.now)
            continue
        before = facts.counts.get(gauge, 0)
        after, lowest = before + net, before + min(0, facts.shifts.lowest.get(gauge, 0))
        if after < floor.min_available:
            yield _below(floor, skill, before, after, facts.rules.now)
        elif lowest < min(floor.min_available, before):
            text = f"{_subject(floor, skill)} sinks to {lowest} on the way, below its floor of {floor.min_available}"
            yield Diagnostic("coverage-floor", text, None, floor.position, Severity.WARN)


def _below(floor: CoverageFloor, skill: SkillName, before: int, after: int, now: datetime) -> Diagnostic:
    agents = "1 agent" if before == 1 else f"{before} agents"
    text = f"{_subject(floor, skill)} has {agents} before and {after} after, below its floor of {floor.min_available}"
    if after >= before:
        text += ", which was broken already" if after == before else ", which was broken worse before"
        hint = "give the skill to more agents, or lower the floor"
        return Diagnostic("coverage-floor", text, hint, floor.position, Severity.WARN)
    severity, said = _severity(floor, now)
    return Diagnostic("coverage-floor", text + said, _hint("coverage-floor", severity), floor.position, severity)


def _unknown(floor: CoverageFloor, skill: SkillName, lost: int, now: datetime) -> Diagnostic:
    """Where nobody can count, what takes from a skill may break its floor: that is not let through unseen."""
    severity, said = _severity(floor, now)
    text = f"{_subject(floor, skill)} loses {lost}, and whether its floor of {floor.min_available} holds is not known: "
    text += "the tenant's list does not say who can take what"
    return Diagnostic("coverage-unknown", text + said, _hint("coverage-unknown", severity), floor.position, severity)


def _severity(floor: CoverageFloor, now: datetime) -> tuple[Severity, str]:
    """Weigh a floor at a moment, and say what its waiver has to do with that."""
    if floor.waive_until is None:
        return severity_of(floor.weight), ""
    until = moment(floor.waive_until)
    if floor.waive_until > now:
        return Severity.WARN, f"; waived until {until} ({floor.reason})"
    return severity_of(floor.weight), f"; its waiver ended {until}"


def _hint(code: str, severity: Severity) -> str | None:
    if severity is not Severity.BLOCK:
        return None
    return f"keep more agents, or write `waive_until:` and `reason:` beside the floor, or apply with --allow {code}"


def _subject(floor: CoverageFloor, skill: SkillName) -> str:
    return f"`{skill.name}`" + (f" from {floor.min_proficiency} on" if floor.min_proficiency else "")
