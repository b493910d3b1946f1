"""The inverse of a run puts back what the run wrote, where nobody has changed it since, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Severity
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import Assignment, encode, pack
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition
from reconciler.model.skills import Skill, SkillCatalog
from reconciler.model.tenant import Api, Tenant
from reconciler.plan.change import AgentChange, Part, Plan
from reconciler.plan.digest import digest_of
from reconciler.plan.inverse import inverse_plan
from reconciler.plan.outcome import Status
from reconciler.plan.record import AgentRecord, RunHead, RunKind, RunRecord, RunState, WrittenSkill
from reconciler.render.plan_json import plan_as_json
from tests.plan.changes import AT, Sets, change, has_every_step_once, plans

SKILLS = tuple(Skill(name, name) for name in "abcde")
DESIRED = DesiredState(Tenant("acme", Api.SIMULATOR, AT), (), {}, ("WFI *",))
AT_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEAD = RunHead("20261122T120000Z-00abcd", RunKind.APPLY, "acme", "sha256:1", AT_NOON, "ana", "0123456789abcdef")
ONE, TWO, OFF = Assignment(1, True), Assignment(2, True), Assignment(1, False)


def _record(changes: Sequence[AgentChange], **head: object) -> RunRecord:
    """Tell of a run that applied all of these."""
    agents = tuple(
        AgentRecord(
            agent=each.agent,
            team=each.team,
            source=SourcePosition(f"{HEAD.run}.jsonl", line, 1),
            skills=tuple(WrittenSkill(row.skill, row.before, row.after) for row in each.skills),
            before=each.before,
            after=each.after,
            has_intent=True,
            status=Status.APPLIED,
        )
        for line, each in enumerate(changes, 2)
    )
    return RunRecord(replace(HEAD, **head), RunState.COMPLETE, AT_NOON, agents)  # type: ignore[arg-type] # its fields


def _live(changes: Sequence[AgentChange], sets: Sequence[Sets], skills: Sequence[Skill] = SKILLS) -> LiveState:
    """Make a tenant on which these agents hold these sets."""
    catalog = SkillCatalog(skills)
    agents = tuple(
        LiveAgent(
            id=each.agent.id,
            email=each.agent.email,
            user_name=each.agent.user_name,
            active=each.is_active,
            version="8",
            assignments=pack({catalog.number_of(skill, None): encode(*value) for skill, value in held.items()}),
        )
        for each, held in zip(changes, sets, strict=True)
    )
    return LiveState(catalog, agents, len(agents), 1, availability=None)


def _befores(changes: Sequence[AgentChange]) -> list[Sets]:
    return [each.before for each in changes]


def _afters(changes: Sequence[AgentChange]) -> list[Sets]:
    return [each.after for each in changes]


def _sets(changes: Sequence[AgentChange]) -> Mapping[str, tuple[Sets, Sets]]:
    return {each.agent.id: (each.before, each.after) for each in changes}


def _skipped(plan: Plan) -> list[str]:
    return [each.message for each in plan.findings if each.code == "rollback-skipped"]


@settings(max_examples=50)
@given(plans())
def test_on_a_tenant_that_nobody_touched_everything_is_as_before_the_run(changes: tuple[AgentChange, ...]) -> None:
    """Whole sets, each agent once, in an order that keeps every skill covered, and nothing to explain."""
    plan = inverse_plan(_record(changes), _live(changes, _afters(changes)), DESIRED)
    assert _sets(plan.changes) == {agent: (after, before) for agent, (before, after) in _sets(changes).items()}
    assert has_every_step_once(plan.changes, plan.order)
    unions = {step.change for step in plan.order if step.part is Part.UNION}
    assert unions == {number for number, each in enumerate(plan.changes) if each.has_union}
    assert {each.agent.id for each in changes if each.is_active} == {
        each.agent.id for each in plan.changes if each.is_active
    }
    assert not _skipped(plan)


@settings(max_examples=50)
@given(plans())
def test_the_inverse_of_the_inverse_is_the_run_again(changes: tuple[AgentChange, ...]) -> None:
    once = inverse_plan(_record(changes), _live(changes, _afters(changes)), DESIRED).changes
    twice = inverse_plan(_record(once, kind=RunKind.ROLLBACK), _live(changes, _befores(changes)), DESIRED)
    assert _sets(twice.changes) == _sets(changes)
    assert twice.digest == digest_of("acme", changes)


@settings(max_examples=50)
@given(plans())
def test_a_run_that_is_undone_already_leaves_nothing_to_do(changes: tuple[AgentChange, ...]) -> None:
    plan = inverse_plan(_record(changes), _live(changes, _befores(changes)), DESIRED)
    assert plan.changes == ()
    assert [each.code for each in plan.findings] == ["rollback-of"]


@settings(max_examples=50)
@given(plans(), st.randoms(use_true_random=False))
def test_what_changed_since_the_run_is_listed_and_never_in_the_plan(
    changes: tuple[AgentChange, ...], random: Random
) -> None:
    """And what the run did not write is not written either, whoever changed it."""
    sets = [_meddled(each, random) for each in changes]
    plan = inverse_plan(_record(changes), _live(changes, sets), DESIRED)
    planned = {(each.agent.id, row.skill.id): (row.before, row.after) for each in plan.changes for row in each.skills}
    written = {(each.agent.id, row.skill.id): (row.before, row.after) for each in changes for row in each.skills}
    held = {
        (each.agent.id, skill.id): now.get(skill.id)
        for each, now in zip(changes, sets, strict=True)
        for skill in SKILLS
    }
    assert planned == {at: (new, old) for at, (old, new) in written.items() if held[at] == new}
    assert len(_skipped(plan)) == sum(held[at] not in values for at, values in written.items())
    assert all(each.before == sets[_number(changes, each)] for each in plan.changes)
    assert all(each.version == "8" for each in plan.changes)


def _meddled(each: AgentChange, random: Random) -> Sets:
    """Let somebody change some of what an agent holds after the run, or put it back."""
    choices = {skill.id: [each.after.get(skill.id)] * 2 + [each.before.get(skill.id), None, OFF] for skill in SKILLS}
    chosen = {skill: random.choice(values) for skill, values in choices.items()}
    return {skill: value for skill, value in chosen.items() if value is not None}


def _number(changes: Sequence[AgentChange], wanted: AgentChange) -> int:
    return next(number for number, each in enumerate(changes) if each.agent.id == wanted.agent.id)


@settings(max_examples=50)
@given(plans(), st.randoms(use_true_random=False))
def test_equal_inputs_give_equal_bytes_in_whatever_order(changes: tuple[AgentChange, ...], random: Random) -> None:
    live = _live(changes, [_meddled(each, random) for each in changes])
    # Somebody has gone since and some cannot be read, so that there is everything that a plan may hold.
    odd = tuple(replace(each, assignments=None) for each in live.agents[1:4])
    live = replace(live, agents=(*odd, *live.agents[4:]), unreadable={each.id: "odd" for each in odd})
    record = _record(changes)
    mixed = replace(record, agents=tuple(random.sample(record.agents, len(record.agents))))
    moved = replace(live, agents=tuple(random.sample(live.agents, len(live.agents))))
    one, other = inverse_plan(record, live, DESIRED), inverse_plan(mixed, moved, DESIRED)
    assert one == other
    assert plan_as_json(one, "") == plan_as_json(other, "")


def test_agents_stand_in_the_order_of_their_names() -> None:
    changes = [change("bo", {}, {"a": ONE}), change("Ana", {}, {"a": ONE}), change("cy", {}, {"a": ONE})]
    changes[0] = replace(changes[0], agent=replace(changes[0].agent, id="id-z"))
    plan = inverse_plan(_record(changes), _live(changes, _afters(changes)), DESIRED)
    assert [each.agent.ref for each in plan.changes] == ["Ana", "bo", "cy"]


@pytest.mark.parametrize(
    ("status", "is_undone"),
    [
        (Status.APPLIED, True),
        (Status.HELD_BACK, True),
        (Status.UNKNOWN, True),
        (None, True),
        (Status.ALREADY_DONE, False),
        (Status.CONFLICT, False),
        (Status.FAILED, False),
        (Status.NOT_TRIED, False),
    ],
)
def test_only_what_the_run_may_have_written_is_undone(status: Status | None, is_undone: bool) -> None:
    """If nothing of ours was committed, an equal value is somebody else's."""
    changes = [change("ana", {"a": ONE}, {"a": TWO})]
    record = _record(changes)
    live = _live(changes, _afters(changes))
    ended = replace(record, agents=(replace(record.agents[0], status=status),))
    assert bool(inverse_plan(ended, live, DESIRED).changes) is is_undone
    unsent = replace(record, agents=(replace(record.agents[0], status=status, has_intent=False),))
    assert not inverse_plan(unsent, live, DESIRED).changes


def test_of_a_write_in_two_steps_only_what_was_written_goes_back() -> None:
    """The run gave `b` and was to take `a`; it was held back in between."""
    changes = [change("ana", {"a": ONE}, {"b": ONE})]
    plan = inverse_plan(_record(changes), _live(changes, [{"a": ONE, "b": ONE}]), DESIRED)
    assert [(each.before, each.after) for each in plan.changes] == [({"a": ONE, "b": ONE}, {"a": ONE})]
    assert not _skipped(plan)


def test_an_agent_that_is_gone_is_listed() -> None:
    changes = [change("ana", {"a": ONE}, {"a": TWO}), change("bo", {}, {"a": TWO})]
    live = _live(changes, _afters(changes))
    plan = inverse_plan(_record(changes), replace(live, agents=live.agents[1:]), DESIRED)
    assert [each.agent.ref for each in plan.changes] == ["bo"]
    assert _skipped(plan) == ["`ana@example.com` is not on the tenant any more: nothing of it goes back"]
    assert (plan.summary.agents_managed, plan.summary.agents_missing) == (2, 1)


def test_an_agent_that_cannot_be_read_is_left_alone() -> None:
    changes = [change("ana", {"a": ONE}, {"a": TWO})]
    live = _live(changes, _afters(changes))
    odd = replace(live.agents[0], assignments=None)
    plan = inverse_plan(
        _record(changes), replace(live, agents=(odd,), unreadable={odd.id: "a proficiency of 400"}), DESIRED
    )
    assert plan.changes == ()
    assert _skipped(plan) == ["`ana@example.com` is left alone: a proficiency of 400"]
    assert [(agent.id, why) for agent, why in plan.unreadable] == [("id-ana", "a proficiency of 400")]


INACTIVE = (*SKILLS[1:], Skill("a", "a", active=False))


@pytest.mark.parametrize(("skills", "why"), [(INACTIVE, "is not active on"), (SKILLS[1:], "is not on")])
def test_a_skill_that_the_tenant_would_refuse_does_not_come_back(skills: Sequence[Skill], why: str) -> None:
    changes = [change("ana", {"a": ONE, "b": ONE}, {"b": TWO})]
    plan = inverse_plan(_record(changes), _live(changes, _afters(changes), skills), DESIRED)
    assert [each.after for each in plan.changes] == [{"b": ONE}]
    assert [
        message for message in _skipped(plan) if f"`a` does not go back to 1: the skill {why} the tenant" in message
    ]


def test_a_skill_that_the_run_gave_is_taken_back_although_it_is_inactive_now() -> None:
    changes = [change("ana", {"b": ONE}, {"a": ONE, "b": ONE})]
    plan = inverse_plan(_record(changes), _live(changes, _afters(changes), INACTIVE), DESIRED)
    assert [each.after for each in plan.changes] == [{"b": ONE}]
    assert not _skipped(plan)


def test_a_skill_that_is_left_to_others_meanwhile_stays() -> None:
    """Whoever owns it now finds it as it is, in the write too; and it is said."""
    changes = [change("ana", {"a": ONE, "b": ONE}, {"a": TWO, "b": TWO})]
    skills = (*SKILLS[1:], Skill("a", "WFI Break"))
    plan = inverse_plan(_record(changes), _live(changes, _afters(changes), skills), DESIRED)
    assert [each.after for each in plan.changes] == [{"a": TWO, "b": ONE}]
    assert plan.ignored == {"a"}
    assert _skipped(plan) == ["`ana@example.com`: `a` stays: `ignore_skills` leaves it to others"]


def test_what_changed_since_is_said_with_all_three_values() -> None:
    changes = [change("ana", {"a": ONE}, {"a": OFF})]
    plan = inverse_plan(_record(changes), _live(changes, [{"a": TWO}]), DESIRED)
    (found,) = [each for each in plan.findings if each.code == "rollback-skipped"]
    assert found.message == "`ana@example.com`: `a` stays: the run wrote 1 (not available), now it is 2"
    assert found.hint == "before the run it was 1; write that into the files if it should be so again"
    assert (found.severity, f"{found.position}") == (Severity.WARN, f"{HEAD.run}.jsonl:2:1")


def test_the_plan_says_which_run_it_undoes_and_that_the_files_do_not_follow() -> None:
    changes = [change("ana", {"a": ONE}, {"a": TWO})]
    live = _live(changes, _afters(changes))
    files, run = inverse_plan(_record(changes), live, DESIRED).findings
    assert run.message == "undoes the apply 20261122T120000Z-00abcd, started 2026-11-22T12:00:00Z by ana"
    assert (files.code, files.hint) == ("rollback-files", "revert the commit `0123456789ab` too, and merge that")
    for commit in ("", "0123456789abcdef-dirty", "`; rm -rf ~`"):
        files, _ = inverse_plan(_record(changes, commit=commit), live, DESIRED).findings
        assert files.hint == "revert the commit too, and merge that"


def test_a_damaged_journal_is_said_to_leave_gaps() -> None:
    changes = [change("ana", {"a": ONE}, {"a": TWO})]
    record = replace(_record(changes), damage="line 3 was edited")
    codes = {
        each.code: each.message for each in inverse_plan(record, _live(changes, _afters(changes)), DESIRED).findings
    }
    assert "line 3 was edited" in codes["rollback-incomplete"]
