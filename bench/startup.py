"""The start of the command: help, version and completion, against the interpreter that does nothing."""

import sys
from pathlib import Path
from statistics import median

import children
from children import Cost
from figures import Figure, at_most
from options import Options

_MOST = 5
_COMPLETION = {"_RECONCILE_COMPLETE": "bash_complete", "COMP_WORDS": "reconcile pl", "COMP_CWORD": "1"}


def measure(options: Options) -> list[Figure]:
    """Measure all of them in turn, again and again, so that a busy moment of the machine falls upon each."""
    script = Path(sys.executable).with_name("reconcile")
    # What that script holds, where the product is not installed.
    reconcile = [str(script)] if script.exists() else [sys.executable, "-c", "from reconciler.cli import main; main()"]
    commands: dict[str, tuple[list[str], dict[str, str], str]] = {
        "python -c pass": ([sys.executable, "-c", "pass"], {}, ""),
        "reconcile --help": ([*reconcile, "--help"], {}, "reconcile validate"),
        "completing `reconcile pl`": (reconcile, _COMPLETION, "plain,plan"),
        "reconcile --version": ([*reconcile, "--version"], {}, "reconcile"),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    print(f"startup: {options.starts} of each", file=sys.stderr, flush=True)
    for turn in range(options.starts + 1):
        for name, (command, env, expected) in commands.items():
            cost = children.spend(command, env=env)
            if expected not in cost.output:
                message = f"{name} should answer with `{expected}`, and said: {cost.output[:200]}"
                raise ValueError(message)
            if turn:  # the first one may have compiled
                costs[name].append(cost)
    cpu_s = {name: median(cost.cpu_s for cost in each) for name, each in costs.items()}
    wall_s = {name: median(cost.wall_s for cost in each) for name, each in costs.items()}
    bare, *ours = commands
    return [
        *(
            Figure(f"{name}, CPU", cpu_s[name] * 1e3, "ms", note=f"wall {wall_s[name] * 1e3:.0f} ms")
            for name in commands
        ),
        *(Figure(f"{name} / {bare}, CPU", cpu_s[name] / cpu_s[bare], "x", at_most(_MOST)) for name in ours),
    ]
