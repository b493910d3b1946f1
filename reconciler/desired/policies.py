"""`policies` of `tenant.yaml`: checked, then made into plain values with the place of each rule."""

from reconciler.desired.documents import check_document
from reconciler.desired.nodes import Broken, Mapping, Node, Scalar, Sequence
from reconciler.desired.report import Report
from reconciler.desired.shapes import CoverageFloor as FloorShape
from reconciler.desired.shapes import Policies as PoliciesShape
from reconciler.model.policies import CoverageFloor, Limit, Policies, Weight
from reconciler.model.position import SourcePosition, unpack_position


def read_policies(node: Node, file: str, report: Report) -> Policies:
    """Read the mapping below `policies`; what is wrong with it is noted, and then the result is of no use."""
    if isinstance(node, Broken):
        return Policies()
    shape = check_document(PoliciesShape, node, report)
    if shape is None or not isinstance(node, Mapping):
        return Policies()
    places = {name: unpack_position(file, key.at) for name, (key, _) in node.entries.items()}
    floors = node.entries["coverage"][1] if "coverage" in node.entries else None
    items = floors.items if isinstance(floors, Sequence) else []

    def limit(key: str) -> Limit | None:
        written: str | None = getattr(shape, key)
        return _limit(written, places.get(key))

    return Policies(
        max_agents_changed=limit("max_agents_changed"),
        max_agents_changed_per_team=limit("max_agents_changed_per_team"),
        max_assignments_removed=limit("max_assignments_removed"),
        max_assignments_removed_per_team=limit("max_assignments_removed_per_team"),
        max_assignments_removed_per_skill=limit("max_assignments_removed_per_skill"),
        empty_agents=Weight(shape.empty_agents),
        empty_agents_position=places.get("empty_agents"),
        missing_agents=Weight(shape.missing_agents),
        coverage=tuple(_floor(each, item, file) for each, item in zip(shape.coverage, items, strict=True)),
    )


def _limit(written: str | None, position: SourcePosition | None) -> Limit | None:
    if written is None or position is None:
        return None
    return Limit(int(written.removesuffix("%")), written.endswith("%"), position)


def _floor(shape: FloorShape, item: Node, file: str) -> CoverageFloor:
    skill = item.entries["skill"][1] if isinstance(item, Mapping) else item
    return CoverageFloor(
        skill=shape.skill,
        min_available=shape.min_available,
        position=unpack_position(file, item.at),
        skill_position=unpack_position(file, skill.at if isinstance(skill, Scalar) else item.at),
        min_proficiency=shape.min_proficiency or 0,
        weight=Weight(shape.severity),
        waive_until=shape.waive_until,
        reason=shape.reason or "",
    )
