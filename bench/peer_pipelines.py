"""Plans as other programs make them: octoDNS through its own interface, and the pipeline that one writes first."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any

from children import Numbers
from data import CHANGED_EVERY
from deepdiff import DeepDiff
from pydantic import BaseModel, Field
from ruamel.yaml import YAML

_ZONE = "bench.example."


def octodns_plan(folder: str, records: str) -> Numbers:
    """Plan one zone of A records from one YAML provider to another."""
    # By name, and `Any`: it is an extra that type checkers need not find.
    provider: Any = import_module("octodns.provider.yaml").YamlProvider
    zone: Any = import_module("octodns.zone").Zone
    for side in ("source", "target"):
        lines = (
            f"host{number}: {{type: A, ttl: {300 + (side == 'source' and number % CHANGED_EVERY == 0)}, "
            f"value: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}}}\n"
            for number in range(int(records))
        )
        (Path(folder) / side).mkdir(exist_ok=True)
        (Path(folder) / side / f"{_ZONE}yaml").write_text("---\n" + "".join(lines), encoding="utf-8")
    source, destination = (
        provider(side, str(Path(folder) / side), enforce_order=False, escaped_semicolons=False)
        for side in ("source", "target")
    )
    started = process_time()
    desired = zone(_ZONE, [])
    source.populate(desired)
    plan = destination.plan(desired)
    pass_s = process_time() - started
    expected = -(-int(records) // CHANGED_EVERY)
    if plan is None or len(plan.changes) != expected:
        message = f"octoDNS should find {expected} changes"
        raise ValueError(message)
    return {"pass_s": pass_s}


class _Skill(BaseModel):
    id: str
    name: str


class _Assignment(BaseModel):
    skill: _Skill
    proficiency: int
    available: bool


class _Agent(BaseModel):
    id: str
    user_name: str = Field(alias="userName")
    email: str
    first_name: str = Field(alias="firstName")
    last_name: str = Field(alias="lastName")
    active: bool
    version: int
    skills: list[_Assignment]


class _Page(BaseModel):
    agents: list[_Agent]
    page: int
    page_size: int = Field(alias="pageSize")
    total: int


_Sets = dict[str, dict[str, dict[str, object]]]


def naive_plan(files_folder: str, files: str, pages_folder: str, pages: str) -> Numbers:
    """Plan the first few files against the first few pages: everything as objects, DeepDiff on every agent."""
    chosen = list(islice(sorted(Path(files_folder).iterdir()), int(files)))
    started = process_time()
    declared = _declared(chosen)
    live = _live(Path(pages_folder) / f"{number + 1}.json" for number in range(int(pages)))
    differing = [email for email in declared if DeepDiff(live[email], declared[email])]
    pass_s = process_time() - started
    if len(differing) != -(-len(declared) // CHANGED_EVERY):
        message = f"one agent in {CHANGED_EVERY} should differ, not {len(differing)} of {len(declared)}"
        raise ValueError(message)
    return {"pass_s": pass_s, "changed": len(differing)}


def _declared(files: list[Path]) -> _Sets:
    found: _Sets = {}
    for file in files:
        document = YAML(typ="rt").load(file.read_bytes())
        for email, agent in document["agents"].items():
            found[email] = {skill: _plain(value) for skill, value in agent["skills"].items()}
    return found


def _plain(value: int | Mapping[str, int]) -> dict[str, object]:
    # Converted: the loader gives `0` as a class of its own, which DeepDiff takes for a change of type.
    if isinstance(value, int):
        return {"proficiency": int(value), "available": True}
    return {"proficiency": int(value["proficiency"]), "available": bool(value["available"])}


def _live(pages: Iterable[Path]) -> _Sets:
    found: _Sets = {}
    for page in pages:
        for agent in _Page.model_validate_json(page.read_bytes()).agents:
            found[agent.email] = {
                held.skill.name: {"proficiency": held.proficiency, "available": held.available} for held in agent.skills
            }
    return found
