"""The rule of the write protocol: live == before may be written, live == after is done, anything else is a conflict."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.decide import Verdict, decide
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentChange, AgentName

SKILLS = ("a", "b", "c", "ignored")
SETS = st.dictionaries(st.sampled_from(SKILLS), st.builds(Assignment, st.integers(0, 3), st.booleans()), max_size=4)
IGNORED = frozenset({"ignored"})


def _change(before: dict[str, Assignment], after: dict[str, Assignment]) -> AgentChange:
    source = SourcePosition("agents.yaml", 1, 1)
    return AgentChange(AgentName("id", "e", "u", "r"), None, source, (), before, after, None)


@given(SETS, SETS, SETS)
def test_each_assignment_is_judged_by_itself(
    before: dict[str, Assignment], after: dict[str, Assignment], live: dict[str, Assignment]
) -> None:
    decision = decide(_change(before, after), live, IGNORED)
    ours = [skill for skill in SKILLS if skill not in IGNORED]
    foreign = [skill for skill in ours if live.get(skill) not in (before.get(skill), after.get(skill))]
    is_done = all(live.get(skill) == after.get(skill) for skill in ours)
    expected = Verdict.CONFLICT if foreign else Verdict.DONE if is_done else Verdict.RETRY
    assert decision.verdict is expected
    assert list(decision.moved) == foreign


@given(SETS, SETS, SETS)
def test_a_body_is_the_plan_with_the_ignored_skills_as_they_are_live(
    before: dict[str, Assignment], after: dict[str, Assignment], live: dict[str, Assignment]
) -> None:
    body = decide(_change(before, after), live, IGNORED).body
    for skill in SKILLS:
        assert body.get(skill) == (live if skill in IGNORED else after).get(skill)
