"""Tenants differ; whatever they leave out or add, the same files end in the same live state."""

from itertools import product
from pathlib import Path

import pytest

from reconciler.simulator import Behaviour
from tests.conftest import VirtualClock
from tests.world import World, agent

VARIANTS = [
    Behaviour(
        versioned=versioned, inline_skills=inline, names_in_assignments=names, extra_fields=extra, max_page_size=2
    )
    for versioned, inline, names, extra in product([True, False], repeat=4)
]


@pytest.mark.parametrize(
    "behaviour",
    VARIANTS,
    ids=lambda each: f"{each.versioned}{each.inline_skills}{each.names_in_assignments}{each.extra_fields}",
)
def test_every_kind_of_tenant_is_brought_to_what_is_written(
    tmp_path: Path, clock: VirtualClock, behaviour: Behaviour
) -> None:
    live = (agent("ana", Billing=40, Chat=30), agent("bo", Sales=10, WFI_Break=3), agent("cy", Email=5), agent("di"))
    world = World(tmp_path, clock, live, behaviour=behaviour)
    world.write_agents(ana="{Billing: 60}", bo="{Sales: {proficiency: 10, available: false}, Email: 1}", di="{}")
    outcome = world.apply()
    assert outcome.is_complete
    assert outcome.is_verified
    assert world.live("ana") == {"skill-billing": (60, True)}
    assert world.live("bo") == {"skill-sales": (10, False), "skill-email": (1, True), "skill-wfi break": (3, True)}
    assert world.live("cy") == {"skill-email": (5, True)}
    assert world.committed_by_api() == 2
    assert not world.plan().changes
    assert world.apply().agents == ()
