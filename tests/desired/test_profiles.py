"""What agents share becomes a profile where that saves lines, and gives each of them exactly what it holds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import starmap

from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.writing import Group, write_agents
from reconciler.desired.writing.profiles import FEWEST_AGENTS, find_shared
from reconciler.model.assignments import encode
from tests.desired.test_writing import BILLING, live, live_state

SETS = st.lists(st.dictionaries(st.integers(0, 7), st.sampled_from((0, 1, 7)), max_size=8), max_size=12)


@given(SETS)
def test_a_profile_saves_lines_and_serves_three(sets: list[dict[int, int]]) -> None:
    shared = find_shared(sets, dict.fromkeys(range(8), ""))
    users = Counter(chosen for chosen in shared.chosen if chosen is not None)
    assert set(users) == set(range(len(shared.profiles)))
    for number, profile in enumerate(shared.profiles):
        assert users[number] >= FEWEST_AGENTS
        saved = 0
        for codes, chosen in zip(sets, shared.chosen, strict=True):
            if chosen == number:
                differing = [skill for skill in profile.keys() | codes.keys() if profile.get(skill) != codes.get(skill)]
                assert len(differing) + 1 < len(codes)
                saved += len(codes) - 1 - len(differing)
        assert saved > len(profile) + 2


def agents_text(*sets: Mapping[int, int]) -> str:
    state = live_state(*starmap(live, ((f"a{n}", codes) for n, codes in enumerate(sets))), skills=SKILLS)
    written = write_agents(state, [Group("Night", state.agents)], ignore_skills=(), taken_profiles=("night-1",))
    return written.files[0].text.partition("team: Night\n\n")[2]


OFF = "{proficiency: 5, available: false}"
SKILLS = (BILLING, *(replace(BILLING, id=str(n), name=f"Skill {n}") for n in range(2, 7)))


def test_what_many_share_becomes_a_profile() -> None:
    """A value that differs stands over it, a skill that is lacking is absent, and a name that is taken is not used."""
    full = dict.fromkeys(range(6), encode(60, True))
    lacking = {number: code for number, code in full.items() if number != 5}
    text = agents_text(*[full] * 6, full | {0: encode(5, False)}, lacking, {0: encode(60, True)}, {})
    profile, _, agents = text.partition("agents:\n")
    assert (
        profile
        == "profiles:\n  night-2:\n    skills:\n      Billing: 60\n"
        + "".join(f"      Skill {n}: 60\n" for n in range(2, 7))
        + "\n"
    )
    assert agents == "\n".join(
        (
            *(f"  a{n}@example.com:\n    profiles: [night-2]\n" for n in range(6)),
            f"  a6@example.com:\n    profiles: [night-2]\n    skills:\n      Billing: {OFF}\n",
            "  a7@example.com:\n    profiles: [night-2]\n    skills:\n      Skill 6: absent\n",
            "  a8@example.com:\n    skills:\n      Billing: 60\n",
            "  a9@example.com:\n    skills: {}\n",
        )
    )


def test_two_alike_get_no_profile() -> None:
    full = dict.fromkeys(range(6), encode(60, True))
    assert "profiles:" not in agents_text(full, full)
