"""Limits of each team and each skill: what they are shares of, whom they name, and that more never passes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.policies import Limit, Policies
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentChange
from reconciler.plan.coverage import Shifts
from reconciler.plan.policies import Facts, Managed, Rules
from reconciler.plan.policies.limits import (
    max_agents_changed,
    max_agents_changed_per_team,
    max_assignments_removed,
    max_assignments_removed_per_skill,
    max_assignments_removed_per_team,
)
from reconciler.plan.policies.managed import Group
from tests.plan.changes import change, moving, plans

LIMITS = {
    "max_agents_changed": max_agents_changed,
    "max_agents_changed_per_team": max_agents_changed_per_team,
    "max_assignments_removed": max_assignments_removed,
    "max_assignments_removed_per_team": max_assignments_removed_per_team,
    "max_assignments_removed_per_skill": max_assignments_removed_per_skill,
}
TEAMS = (None, "one", "two", "three")


def at(key: str) -> SourcePosition:
    """Give each rule a place of its own."""
    return SourcePosition("tenant.yaml", 4 + list(LIMITS).index(key), 3)


def judged(key: str, written: str, changes: Sequence[AgentChange], managed: Managed) -> list[Diagnostic]:
    limit = Limit(int(written.removesuffix("%")), written.endswith("%"), at(key))
    policies = replace(Policies(), **{key: limit})  # type: ignore[arg-type] # a limit each
    return list(LIMITS[key](Facts(Rules(policies), changes, Shifts(changes, ()), None, managed)))


def losing(counts: Mapping[str | None, int]) -> list[AgentChange]:
    """Take one skill of two, `a`, from so many agents of each team."""
    return [
        moving(f"{team}{number}", "ab", "b", team=team) for team, count in counts.items() for number in range(count)
    ]


@pytest.mark.parametrize("key", LIMITS)
@pytest.mark.parametrize(
    ("written", "count", "size", "is_blocked"),
    [
        ("50%", 5, 10, False),
        ("50%", 6, 10, True),
        ("50%", 9, 9, False),
        ("0%", 1, 10, True),
        ("100%", 10, 10, False),
        ("3", 3, 10, False),
        ("3", 4, 1000, True),
        ("3", 4, 4, True),
        ("0", 1, 1, True),
    ],
)
def test_a_share_counts_from_ten_on_and_a_count_always(
    key: str, written: str, count: int, size: int, is_blocked: bool
) -> None:
    """Ten agents of all, ten of the team, ten who hold the skill; each loses one of the assignments counted."""
    group = Group(size, size)
    found = judged(key, written, losing({"one": count}), Managed(group, {"one": group}, {"a": size, "b": 9000}))
    code = key.replace("_", "-")
    assert [(each.code, each.severity, each.position) for each in found] == (
        [(code, Severity.BLOCK, at(key))] if is_blocked else []
    )
    for each in found:
        assert f"more than `{key}` ({written})" in each.message
        assert (f"{count} of {size} " if written.endswith("%") else f"{count} ") in each.message
        assert f"{each.hint}".endswith(f"--allow {code}")


@pytest.mark.parametrize(
    ("key", "written", "said"),
    [
        ("max_agents_changed", "0", "1 agent changes, more than `max_agents_changed` (0)"),
        ("max_agents_changed_per_team", "0%", "team `one`: 1 of 12 managed agents changes, more than"),
        ("max_assignments_removed_per_skill", "0", "`a`: 1 assignment is removed, more than"),
        ("max_assignments_removed", "0%", "1 of 30 held assignments is removed, more than"),
    ],
)
def test_one_is_spoken_of_as_one(key: str, written: str, said: str) -> None:
    group = Group(12, 30)
    (found,) = judged(key, written, losing({"one": 1}), Managed(group, {"one": group}, {"a": 12}))
    assert found.message.startswith(said)


@pytest.mark.parametrize("key", ["max_agents_changed_per_team", "max_assignments_removed_per_team"])
def test_each_team_is_judged_by_itself_and_who_has_none_together(key: str) -> None:
    teams = {team: Group(20, 20) for team in ("one", "two", None)}
    found = judged(key, "25%", losing({"one": 5, "two": 6, None: 7}), Managed(Group(60, 60), teams))
    assert [each.message.partition(": ")[0] for each in found] == ["team `two`", "agents without a team"]
    assert ["6 of 20" in found[0].message, "7 of 20" in found[1].message] == [True, True]


def test_each_skill_is_judged_by_itself_over_all_teams() -> None:
    """Of those who hold it; what is made unavailable stays theirs."""
    paused = [change(f"p{number}", {"a": Assignment(1, True)}, {"a": Assignment(1, False)}) for number in range(9)]
    lost = [moving(f"b{number}", "bc", "", team=team) for number, team in enumerate(TEAMS)]
    managed = Managed(skills={"a": 20, "b": 12, "c": 30})
    (found,) = judged("max_assignments_removed_per_skill", "30%", [*paused, *lost], managed)
    assert found.message.startswith("`b`: 4 of 12 held assignments are removed")


@pytest.mark.parametrize("key", [key for key in LIMITS if key.startswith("max_assignments")])
def test_what_is_added_or_changed_is_not_removed(key: str) -> None:
    gains = [moving("ana", "a", "ab"), change("bo", {"a": Assignment(1, True)}, {"a": Assignment(2, False)})]
    assert judged(key, "0", gains, Managed()) == []


def test_a_team_of_which_nobody_is_managed_any_more_is_judged_by_count_alone() -> None:
    """A rollback meets such: nothing is known of which a percentage could be."""
    changes = losing({"gone": 12})
    assert judged("max_agents_changed_per_team", "10%", changes, Managed()) == []
    assert len(judged("max_agents_changed_per_team", "10", changes, Managed())) == 1


@st.composite
def removals(draw: st.DrawFn) -> tuple[list[AgentChange], list[AgentChange]]:
    """Draw a plan, and one that takes more away: from somebody else, or one more skill from who changes anyway."""
    less = list(draw(plans()))
    more = list(less)
    others = draw(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(TEAMS)), min_size=1, max_size=4))
    more += [moving(f"more{number}", skill, "", team=team) for number, (skill, team) in enumerate(others)]
    for place, each in enumerate(less):
        kept = next((skill for skill, held in each.after.items() if each.before.get(skill) == held), None)
        is_lost: bool = kept is not None and draw(st.booleans())
        if is_lost:
            after = {skill: held for skill, held in each.after.items() if skill != kept}
            more[place] = change(each.agent.ref, each.before, after, is_active=each.is_active, team=each.team)
    return less, draw(st.permutations(more))


GROUPS = st.builds(Group, st.integers(0, 14), st.integers(0, 30))
MANAGED = st.builds(
    Managed,
    GROUPS,
    st.fixed_dictionaries({}, optional=dict.fromkeys(TEAMS, GROUPS)),
    st.fixed_dictionaries({}, optional=dict.fromkeys("abcde", st.integers(0, 14))),
)


@pytest.mark.parametrize("key", LIMITS)
@given(
    both=removals(),
    managed=MANAGED,
    written=st.one_of(st.integers(0, 9).map(str), st.integers(0, 100).map("{}%".format)),
)
def test_more_never_passes_where_less_is_blocked(
    key: str, both: tuple[list[AgentChange], list[AgentChange]], managed: Managed, written: str
) -> None:
    """P11: whichever rule forbids a plan, of all, of a team or of a skill, forbids every plan that removes more."""

    def forbidden(changes: Sequence[AgentChange]) -> set[str]:
        """Give whom the findings are about; without a group that is everyone."""
        found = judged(key, written, changes, managed)
        return {each.message.partition(": ")[0] if "_per_" in key else each.code for each in found}

    less, more = map(forbidden, both)
    assert less <= more


@given(plans(), MANAGED)
def test_a_higher_limit_never_forbids_what_a_lower_one_lets_through(
    changes: tuple[AgentChange, ...], managed: Managed
) -> None:
    for key in LIMITS:
        for sign in ("", "%"):
            found = [len(judged(key, f"{most}{sign}", changes, managed)) for most in (0, 1, 3, 10, 30, 100)]
            assert found == sorted(found, reverse=True)
