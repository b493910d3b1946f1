"""Loading desired state: how much faster than ruamel.yaml, how time grows with size, and the memory it takes."""

import sys
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import children
from children import Cost, Numbers
from data import AGENTS_PER_FILE, Data, part_of, prepared
from figures import Figure, at_least, at_most
from options import Options

_LEAST_SPEEDUP = 40
_MOST_EXPONENT = 1.05
# Agents, as shares of the full size: 10,000 and 31,623 (half an order of magnitude each) of 100,000.
_SHARES = (0.1, 0.31623, 1)


def measure(options: Options) -> list[Figure]:
    """Measure at the full size and at two smaller ones; ruamel.yaml on 1 % of the files."""
    data = prepared(options.agents, options.cache)
    sample = max(1, len(data.files) // 100)
    with TemporaryDirectory(dir=options.cache) as scratch:
        folders = [part_of(data, round(share * data.agents), Path(scratch) / f"{share}") for share in _SHARES]
        smallest = part_of(data, AGENTS_PER_FILE, Path(scratch) / "smallest")
        runs: list[list[Cost]] = [[] for _ in folders]
        ruamel: list[Cost] = []
        for turn in range(options.repeats):
            print(f"loading: turn {turn + 1} of {options.repeats}", file=sys.stderr, flush=True)
            for folder, costs in zip(folders, runs, strict=True):
                costs.append(children.run("product:load_once", folder, smallest))
            ruamel.append(children.run("yardsticks:ruamel_round_trip", data.desired / "agents", sample))
    ours = [children.medians(costs) for costs in runs]
    peer, scale = children.medians(ruamel), len(data.files) / sample
    return [*_sizes(ours), *_against(peer, scale, sample, ours[-1]), *_memory(data, ours[-1])]


def _sizes(ours: list[Numbers]) -> list[Figure]:
    """Time on the wall is what people wait for; growth is judged by CPU, which a second process does not hide."""
    figures = [Figure(f"load {int(each['agents']):,} agents, CPU", each["pass_cpu_s"], "s") for each in ours]
    for name, first, last in (("from the smallest to the largest", 0, -1), ("from the middle to the largest", 1, -1)):
        grown = ours[last]["pass_cpu_s"] / ours[first]["pass_cpu_s"]
        exponent = log(grown) / log(ours[last]["agents"] / ours[first]["agents"])
        figures.append(Figure(f"exponent of CPU in agents, {name}", exponent, "", at_most(_MOST_EXPONENT)))
    return figures


def _against(peer: Numbers, scale: float, sample: int, ours: Numbers) -> list[Figure]:
    wall_s = peer["pass_s"] * scale
    return [
        Figure("load of all of them, wall", ours["pass_s"], "s", note="by two processes where there are two cores"),
        Figure("ruamel.yaml, wall", wall_s, "s", note=f"{sample} files of {AGENTS_PER_FILE} agents, scaled"),
        Figure("faster than ruamel.yaml's round trip", wall_s / ours["pass_s"], "x", at_least(_LEAST_SPEEDUP)),
        Figure("in CPU of all processes", peer["pass_cpu_s"] * scale / ours["pass_cpu_s"], "x"),
    ]


def _memory(data: Data, ours: Numbers) -> list[Figure]:
    size = sum(file.stat().st_size for file in data.files)
    return [
        Figure("YAML read", size / 1e6, "MB", note=f"{len(data.files)} files"),
        Figure("peak memory", ours["peak_bytes"] / 1e6, "MB"),
    ]
