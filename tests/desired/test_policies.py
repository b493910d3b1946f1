"""`policies` becomes plain values, each with the place of its rule."""

from datetime import UTC, datetime
from pathlib import Path

from reconciler.desired import load
from reconciler.model.policies import NO_POLICIES, CoverageFloor, Limit, Policies, Weight
from reconciler.model.position import SourcePosition
from tests.desired.test_faults import FAULTS, lay_out, sections


def _policies(root: Path, text: str) -> Policies:
    files = {"tenant.yaml": text, "a.yaml": "agents:\n  ana@x.org: {skills: {Billing: 60}}\n"}
    lay_out(files, root)
    (tenant,) = load(root).tenants
    assert tenant.state is not None
    return tenant.state.policies


def _at(line: int, column: int) -> SourcePosition:
    return SourcePosition("tenant.yaml", line, column)


def test_every_rule_is_read_with_its_place(tmp_path: Path) -> None:
    (valid,) = (path for path in FAULTS if path.stem == "policies-valid")
    read = _policies(tmp_path / "acme", sections(valid)[0]["tenant.yaml"])
    until = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert read == Policies(
        max_agents_changed=Limit(25, is_share=True, position=_at(4, 3)),
        max_assignments_removed=Limit(30, is_share=False, position=_at(5, 3)),
        max_agents_changed_per_team=Limit(50, is_share=True, position=_at(6, 3)),
        max_assignments_removed_per_team=Limit(20, is_share=True, position=_at(7, 3)),
        max_assignments_removed_per_skill=Limit(7, is_share=False, position=_at(8, 3)),
        empty_agents=Weight.ALLOW,
        empty_agents_position=_at(9, 3),
        missing_agents=Weight.BLOCK,
        coverage=(
            CoverageFloor("Billing", 5, _at(12, 7), _at(12, 15)),
            CoverageFloor("Sales", 2, _at(13, 7), _at(13, 14), 50, Weight.WARN, until, "migration weekend"),
        ),
    )


def test_without_policies_nothing_is_forbidden(tmp_path: Path) -> None:
    tenant = "version: 1\ntenant: {name: acme, api: simulator}\n"
    assert _policies(tmp_path / "one", tenant) == NO_POLICIES
    assert _policies(tmp_path / "two", f"{tenant}policies: {{}}\n") == NO_POLICIES
    assert Weight.BLOCK not in (NO_POLICIES.empty_agents, NO_POLICIES.missing_agents)
