"""Other tools doing a plan of their own kind, per item: octoDNS, Terraform, and the pipeline one writes first.

An item is an agent with twenty skills, or for octoDNS a record. One in a hundred differs.
"""

import json
import shutil
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import children
from children import Cost, Failed
from data import AGENTS_PER_FILE, AGENTS_PER_PAGE, CHANGED_EVERY, SKILLS_PER_AGENT, Data
from figures import Figure
from options import Options

_RECORDS = 5_000
# Its time to plan grows in step with these; the apply that comes before it does not, and takes the longest of all.
_RESOURCES = 500
# Whole files and whole pages; 1 % of the agents.
_NAIVE_AGENTS = 1_000


def peer_figures(data: Data, options: Options, ours_s: float) -> list[Figure]:
    """Measure each of them, beside `ours_s`, the CPU seconds that our cold plan takes per agent."""
    figures = [Figure("ours, cold, CPU per agent", ours_s * 1e3, "ms")]
    records = options.scaled(_RECORDS)
    peers: tuple[tuple[str, Callable[[], float], int], ...] = (
        ("octoDNS, CPU per record", lambda: _octodns(records, options.repeats, options.cache), records),
        ("Terraform, CPU per resource", lambda: _terraform(options), options.scaled(_RESOURCES)),
        (
            "pydantic, ruamel.yaml, DeepDiff everywhere, CPU per agent",
            lambda: _naive(data, options),
            _naive_agents(options),
        ),
    )
    for name, measure, items in peers:
        print(f"plan: {name}", file=sys.stderr, flush=True)
        try:
            each_s = measure() / items
        except Failed as failed:
            print(f"SKIPPED: {name}: {failed}", file=sys.stderr, flush=True)
            figures.append(Figure(name, None, note=f"{failed}".splitlines()[-1][:80]))
        else:
            figures.append(Figure(name, each_s * 1e3, "ms", note=f"{items:,} of them"))
            figures.append(Figure("  that is, over ours", each_s / ours_s, "x"))
    return figures


def _octodns(records: int, repeats: int, cache: Path) -> float:
    with TemporaryDirectory(dir=cache) as folder:
        costs = [children.run("peer_pipelines:octodns_plan", folder, records) for _ in range(repeats)]
    return children.medians(costs)["pass_s"]


def _naive_agents(options: Options) -> int:
    return max(AGENTS_PER_FILE, options.scaled(_NAIVE_AGENTS))


def _naive(data: Data, options: Options) -> float:
    agents = _naive_agents(options)
    inputs = (data.desired / "agents", agents // AGENTS_PER_FILE, data.pages, ceil(agents / AGENTS_PER_PAGE))
    costs = [children.run("peer_pipelines:naive_plan", *inputs) for _ in range(options.repeats)]
    return children.medians(costs)["pass_s"]


def _terraform(options: Options) -> float:
    """Plan against a local state, offline; each agent is a resource, so that none is read again for every other."""
    terraform = shutil.which("terraform")
    if terraform is None:
        message = "terraform is not on the PATH"
        raise Failed(message)
    resources = options.scaled(_RESOURCES)
    with TemporaryDirectory(dir=options.cache) as name:
        folder = Path(name)
        _write_agents(folder, resources, changed_every=None)
        for command in (("init",), ("apply", "-auto-approve")):
            _spend(terraform, folder, *command)
        _write_agents(folder, resources, changed_every=CHANGED_EVERY)
        costs = [_spend(terraform, folder, "plan") for _ in range(options.repeats)]
    if "Plan: " not in costs[0].output:
        message = "its plan shows no change"
        raise Failed(message)
    return median(cost.cpu_s for cost in costs)


def _spend(terraform: str, folder: Path, *command: str) -> Cost:
    env = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return children.spend([terraform, *command, "-no-color", "-input=false"], env=env, cwd=folder)


def _write_agents(folder: Path, count: int, *, changed_every: int | None) -> None:
    agents = {
        f"agent-{number}": {
            "input": _skills(number, is_changed=changed_every is not None and not number % changed_every)
        }
        for number in range(count)
    }
    document = {"resource": {"terraform_data": agents}}
    (folder / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")


def _skills(number: int, *, is_changed: bool) -> dict[str, int]:
    return {f"skill-{skill}": (number + skill) % 100 + is_changed for skill in range(SKILLS_PER_AGENT)}
