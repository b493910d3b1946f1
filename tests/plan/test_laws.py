"""Laws of a whole plan, on its public surface, against a count of everyone on the tenant that knows no plans."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.change import Part, Plan
from reconciler.plan.order import part_of
from tests.conftest import VirtualClock
from tests.world import TENANT_YAML, World, agent

SKILLS = ("Billing", "Chat", "Email", "Sales")
SETS = st.dictionaries(st.sampled_from(SKILLS), st.tuples(st.integers(0, 3), st.booleans()))
# Who is there, whether active, and what the files say of them: None for who is not managed.
CENTRES = st.lists(st.tuples(SETS, st.booleans(), st.one_of(st.none(), SETS, SETS)), min_size=2, max_size=6).filter(
    lambda people: any(desired is not None for _, _, desired in people)
)
Held = Mapping[str, tuple[int, bool]]


def made(folder: pytest.TempPathFactory, people: list[tuple[Held, bool, Held | None]], policies: str = "") -> World:
    agents = tuple(agent(f"a{number}", active=is_active, **live) for number, (live, is_active, _) in enumerate(people))
    world = World(folder.mktemp("world"), VirtualClock(), agents)
    world.write("tenant.yaml", TENANT_YAML + policies)
    world.write_agents(
        **{f"a{number}": written(desired) for number, (*_, desired) in enumerate(people) if desired is not None}
    )
    return world


def written(desired: Held) -> str:
    entries = (
        f"{skill}: {{proficiency: {level}, available: {str(available).lower()}}}"
        for skill, (level, available) in desired.items()
    )
    return f"{{{', '.join(entries)}}}"


def able(world: World, least: int = 0) -> Counter[str]:
    """Count the active agents who can take each skill, from `least` on, by what the tenant itself holds."""
    return Counter(
        world.tenant.skills[skill].name
        for each in world.tenant.agents.values()
        if each.active
        for skill, held in each.skills.items()
        if held.available and held.proficiency >= least
    )


def prefixes(world: World, plan: Plan) -> Iterator[Counter[str]]:
    """Count after each write of the plan's order, begun with what the tenant holds."""
    count = able(world)
    yield count
    for step in plan.order:
        change = plan.changes[step.change]
        part = part_of(change, step.part)
        for sets, by in ((part.before, -1), (part.after, 1)) if change.is_active else ():
            count = count.copy()
            for skill, held in sets.items():
                count[world.tenant.skills[skill].name] += by * held.available
        yield count


@settings(max_examples=40)
@given(people=CENTRES)
def test_the_coverage_of_a_plan_is_what_a_count_says_at_every_prefix_of_its_order(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[Held, bool, Held | None]]
) -> None:
    """P12; before, after and the lowest point of every row, and after - before is the sum of what its lines shift."""
    world = made(tmp_path_factory, people)
    plan = world.plan()
    counts = list(prefixes(world, plan))
    touched = {each.skill.name for change in plan.changes for each in change.skills}
    assert {row.skill.name for row in plan.coverage} == touched
    for row in plan.coverage:
        name = row.skill.name
        shifts = [
            each.coverage_shift
            for change in plan.changes
            for each in change.skills
            if change.is_active and each.skill == row.skill
        ]
        assert row.after - row.before == sum(shifts)
        assert (row.before, row.after) == (counts[0][name], counts[-1][name])
        assert row.lowest == min(count[name] for count in counts) >= min(row.before, row.after)
    assert sorted(step.change for step in plan.order if step.part is not Part.UNION) == list(range(len(plan.changes)))
    world.apply(allowed=frozenset())
    assert +able(world) == +counts[-1]


@settings(max_examples=40)
@given(people=CENTRES, skill=st.sampled_from(SKILLS), least=st.integers(0, 3), most=st.integers(1, 4))
def test_a_floor_forbids_exactly_a_shortage_that_the_plan_makes_worse_and_a_higher_one_forbids_no_less(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[tuple[Held, bool, Held | None]],
    skill: str,
    least: int,
    most: int,
) -> None:
    """By a count of the tenant before and after, whoever is counted; a floor of the next height is asked too."""
    blocked = []
    for height in (most, most + 1):
        floor = f"{{skill: {skill}, min_available: {height}, min_proficiency: {least}}}"
        world = made(tmp_path_factory, people, f"policies:\n  coverage: [{floor}]\n")
        blocked.append(world.plan().is_blocked)
        before = able(world, least)[skill]
        world.apply(allowed=frozenset({"coverage-floor"}))
        after = able(world, least)[skill]
        assert blocked[-1] is (after < height and after < before)
    assert blocked[1] or not blocked[0]
