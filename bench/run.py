"""Runs the benchmarks and prints their tables: ratios against something else in the same run, and absolute figures.

Figures are no tests: a missed bar is said, and the exit code stays 0.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from figures import Figure, table, tally
from options import Options

# Name -> the module that measures, and what about.
BENCHES = {
    "loading": ("loading", "desired state from files"),
    "plan": ("planning", "a whole plan, against bare parsers and against other tools"),
    "requests": ("counting", "requests sent, and what is lost, against a simple updater"),
    "pace": ("pace", "an apply against the bound of the rate limit, and what is refused or lost on the way"),
    "startup": ("startup", "the start of the command, against the bare interpreter"),
}


def main(args: Sequence[str]) -> int:
    """Run the benchmarks that are named, or all."""
    parser = _parser()
    given = parser.parse_args(args)
    if unknown := [bench for bench in given.benches if bench not in BENCHES]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there is {', '.join(BENCHES)}")
    given.data.mkdir(parents=True, exist_ok=True)
    options = Options(given.data, is_quick=given.quick)
    if options.is_quick:
        print("Quick: a twentieth of the sizes, measured once. The bars are meant for the full size.\n")
    found: dict[str, list[Figure]] = {}
    for bench in given.benches or BENCHES:
        module, about = BENCHES[bench]
        measure: Callable[[Options], list[Figure]] = import_module(module).measure
        found[bench] = measure(options)
        print(table(f"{bench}: {about}", found[bench]), flush=True)
    figures = [figure for each in found.values() for figure in each]
    if given.json:
        listed = [figure.as_json(bench) for bench, each in found.items() for figure in each]
        given.json.write_text(json.dumps({"is_quick": options.is_quick, "figures": listed}, indent=1), encoding="utf-8")
    print(tally(figures))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"any of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the sizes, once: to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    data = Path(__file__).resolve().parent / ".data"
    parser.add_argument("--data", type=Path, metavar="DIR", default=data, help="where generated data are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
