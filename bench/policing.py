"""What policies cost a plan: the same tenant with floors, and with all that can be written, beside the one without."""

from pathlib import Path

from children import Numbers
from data import Data, part_of, skill_names
from figures import Figure, at_most

_MOST_FLOORS = 1.05
_MOST_GRADED = 1.2
_FLOOR = "    - {{skill: {skill}, min_available: 1{more}}}\n"
_LIMITS = "".join(
    f"  {rule}: 90%\n"
    for rule in (
        "max_agents_changed",
        "max_agents_changed_per_team",
        "max_assignments_removed",
        "max_assignments_removed_per_team",
        "max_assignments_removed_per_skill",
    )
)


def with_floors(data: Data, folder: Path) -> Path:
    """Make the same desired state with a floor for every skill."""
    return _with(data, folder, "", "")


def with_everything(data: Data, folder: Path) -> Path:
    """Make the same desired state with a floor from a proficiency on for every skill, and every limit as a share."""
    return _with(data, folder, _LIMITS, ", min_proficiency: 50")


def _with(data: Data, folder: Path, limits: str, more: str) -> Path:
    made = part_of(data, data.agents, folder)
    floors = "".join(_FLOOR.format(skill=skill, more=more) for skill in skill_names())
    # Written anew: the file may be a link to the one that has no policies.
    text = (data.desired / "tenant.yaml").read_text(encoding="utf-8")
    (made / "tenant.yaml").write_text(f"{text}policies:\n{limits}  coverage:\n{floors}", encoding="utf-8")
    return made


def ratios(warm: Numbers, floors: Numbers, everything: Numbers) -> list[Figure]:
    """Compare CPU: each is a plan whose files are known to the cache."""
    count = len(skill_names())
    cpu_s = warm["cpu_s"]
    return [
        Figure(f"warm plan with {count} floors / without", floors["cpu_s"] / cpu_s, "x", at_most(_MOST_FLOORS)),
        Figure(
            f"warm plan with {count} floors from a proficiency on and every limit / without",
            everything["cpu_s"] / cpu_s,
            "x",
            at_most(_MOST_GRADED),
        ),
    ]
