"""A whole plan: CPU against bare parsers of the same bytes, memory, and the cost of an item beside other tools."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import children
import policing
from children import Cost, Numbers
from data import Data, prepared
from figures import Figure, at_most
from options import Options
from peers import peer_figures

_MOST_COLD = 7
_MOST_WARM = 3
_MOST_PEAK_MB = 200
_MOST_KB_PER_AGENT = 1.5


def measure(options: Options) -> list[Figure]:
    """Measure cold and warm plans between passes of the bare parsers, then the other tools."""
    data = prepared(options.agents, options.cache)
    runs: dict[str, list[Cost]] = {"cold": [], "warm": [], "floors": [], "everything": [], "libyaml": [], "orjson": []}
    with TemporaryDirectory(dir=options.cache) as scratch:
        floors = policing.with_floors(data, Path(scratch) / "floors")
        everything = policing.with_everything(data, Path(scratch) / "everything")
        for turn in range(options.repeats):
            print(f"plan: turn {turn + 1} of {options.repeats}", file=sys.stderr, flush=True)
            state = Path(scratch) / f"{turn}"
            # The first of two plans on one state folder fills the cache for the second.
            runs["cold"].append(children.run("product:plan_once", data.desired, data.pages, state))
            runs["warm"].append(children.run("product:plan_once", data.desired, data.pages, state))
            runs["floors"].append(children.run("product:plan_once", floors, data.pages, state))
            runs["everything"].append(children.run("product:plan_once", everything, data.pages, state))
            runs["libyaml"].append(children.run("yardsticks:libyaml_events", data.desired))
            runs["orjson"].append(children.run("yardsticks:orjson_pages", data.pages))
    cold, warm, ruled, judged, libyaml, orjson = (children.medians(costs) for costs in runs.values())
    peak_bytes = max(cost.peak_bytes for name in ("cold", "warm", "floors", "everything") for cost in runs[name])
    return [
        *_volume(data, cold),
        *_ratios(cold, warm, libyaml["pass_s"], orjson["pass_s"]),
        *policing.ratios(warm, ruled, judged),
        *_memory(peak_bytes, data.agents),
        *peer_figures(data, options, cold["cpu_s"] / data.agents),
    ]


def _volume(data: Data, cold: Numbers) -> list[Figure]:
    yaml_bytes = sum(file.stat().st_size for file in data.files)
    json_bytes = sum(file.stat().st_size for file in data.pages.iterdir())
    return [
        Figure("agents", cold["agents"], note=f"{int(cold['changed']):,} changed"),
        Figure("YAML", yaml_bytes / 1e6, "MB"),
        Figure("JSON", json_bytes / 1e6, "MB"),
    ]


def _ratios(cold: Numbers, warm: Numbers, libyaml_s: float, orjson_s: float) -> list[Figure]:
    return [
        Figure("libyaml's bare events, CPU", libyaml_s, "s"),
        Figure("orjson.loads of all pages, CPU", orjson_s, "s"),
        Figure("cold plan, CPU of the process", cold["cpu_s"], "s"),
        Figure("cold plan, wall", cold["wall_s"], "s"),
        Figure("warm plan, CPU of the process", warm["cpu_s"], "s"),
        Figure("warm plan, wall", warm["wall_s"], "s"),
        Figure("cold plan / (libyaml + orjson)", cold["cpu_s"] / (libyaml_s + orjson_s), "x", at_most(_MOST_COLD)),
        Figure("warm plan / orjson", warm["cpu_s"] / orjson_s, "x", at_most(_MOST_WARM)),
    ]


def _memory(peak_bytes: int, agents: int) -> list[Figure]:
    return [
        Figure("peak memory", peak_bytes / 1e6, "MB", at_most(_MOST_PEAK_MB)),
        Figure("peak memory per agent", peak_bytes / agents / 1e3, "kB", at_most(_MOST_KB_PER_AGENT)),
    ]
