"""Of what a limit is a share: everyone who is managed and there, each team, each skill, counted once and exactly."""

from array import array
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.agents import LiveAgent
from reconciler.model.assignments import pack
from reconciler.model.desired import AgentTable, DesiredState
from reconciler.model.policies import Limit, Policies
from reconciler.model.position import SourcePosition
from reconciler.model.skills import Skill, SkillCatalog
from reconciler.model.tenant import Api, Tenant
from reconciler.plan.match import Matched, row_at
from reconciler.plan.policies import count_managed
from reconciler.plan.policies.managed import Group, Managed

AT = SourcePosition("tenant.yaml", 4, 3)
SHARE, COUNT = Limit(10, is_share=True, position=AT), Limit(10, is_share=False, position=AT)
EVERY_SHARE = Policies(SHARE, SHARE, SHARE, SHARE, SHARE)
SETS = st.one_of(st.none(), st.dictionaries(st.integers(0, 3), st.integers(0, 201)))


def count(policies: Policies, tables: list[tuple[str | None, list[dict[int, int] | None]]]) -> Managed:
    """Count agents of these teams; of each team a file, of each agent its set, or None where it cannot be read."""
    live = {
        row_at(number, at): LiveAgent(f"{number}-{at}", "", "", True, None, None if held is None else pack(held))
        for number, (_, sets) in enumerate(tables)
        for at, held in enumerate(sets)
    }
    files = tuple(_table(number, team, len(sets)) for number, (team, sets) in enumerate(tables))
    desired = DesiredState(Tenant("acme", Api.SIMULATOR, AT), files, {}, ())
    return count_managed(
        policies, desired, Matched(live, ()), SkillCatalog(tuple(Skill(name, name) for name in "abcd"))
    )


def _table(number: int, team: str | None, agents: int) -> AgentTable:
    """Declare so many agents, without anything of their own."""
    none, starts = array("I"), array("I", [0] * (agents + 1))
    refs, positions = tuple(f"{number}-{at}" for at in range(agents)), array("Q", [0] * agents)
    return AgentTable(f"{number}.yaml", team, refs, positions, ((),), array("I", [0] * agents), (), starts, none, b"")


@given(st.lists(st.tuples(st.sampled_from([None, "one", "two"]), st.lists(SETS, max_size=5)), max_size=5))
def test_every_agent_and_assignment_is_counted_once(
    tables: list[tuple[str | None, list[dict[int, int] | None]]],
) -> None:
    """A team may have several files; sets are joined in batches, however they fall."""
    found = count(EVERY_SHARE, tables)
    people = [(team, held or {}) for team, sets in tables for held in sets]
    assert found.whole == Group(len(people), sum(len(held) for _, held in people))
    assert found.teams == {
        team: Group(sum(each == team for each, _ in people), sum(len(held) for each, held in people if each == team))
        for team, _ in people
    }
    assert found.skills == Counter("abcd"[number] for _, held in people for number in held)


def test_thousands_are_counted_though_in_batches() -> None:
    sets = [{0: number % 200} if number % 2 else {0: 5, 3: number % 7} for number in range(2501)]
    assert count(EVERY_SHARE, [("one", list(sets))]).skills == {"a": 2501, "d": 1251}


def test_what_no_limit_asks_for_is_not_counted() -> None:
    counts = Policies(COUNT, COUNT, COUNT, COUNT, COUNT)
    assert count(counts, [("one", [{0: 1}])]) == Managed(Group(1, 0))
    assert count(Policies(max_agents_changed=SHARE), [("one", [{0: 1}])]) == Managed(Group(1, 1))
