"""The rate budget in real time: the command at a tenant on a socket, processes that share a ledger, a safe write."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import children
from children import Cost, Numbers
from figures import Figure, at_most, exactly
from judging import busiest, least_s, over_percent
from options import Options

# Over the bound, in per cent.
_MOST_ALONE = 6.0
_MOST_SHARED = 10.0
_PROCESSES = 3
_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class _Sizes:
    """A window of a few seconds, and six or ten of them; a second, and one or two where it has to be quick."""

    changed: int
    limit: int
    window_s: float
    slots: int

    @classmethod
    def of(cls, options: Options) -> "_Sizes":
        return cls(25, 20, 1.0, 15) if options.is_quick else cls(1_000, 100, 3.0, 201)


def real_figures(options: Options) -> list[Figure]:
    """Measure one after the other, so that nobody is in the way of anybody else."""
    sizes = _Sizes.of(options)
    with TemporaryDirectory(dir=options.cache) as scratch:
        folder = Path(scratch)
        return [
            *_command(sizes, folder / "alone", plans=0, repeats=options.repeats),
            *_command(sizes, folder / "after", plans=1, repeats=1),
            *_shared(sizes, folder),
            *_safety(options, folder),
        ]


def _command(sizes: _Sizes, folder: Path, plans: int, repeats: int) -> list[Figure]:
    """Let `reconcile apply` change every agent; `reconcile plan`, a process of its own, takes of its first window."""
    about = "right after a plan" if plans else "over sockets"
    logs: list[Numbers] = []
    for turn in range(repeats):
        print(f"pace: {about}, in real time, turn {turn + 1} of {repeats}", file=sys.stderr, flush=True)
        with _serving(sizes, folder.with_name(f"{folder.name}-{turn}")) as tenant:
            for _ in range(plans):
                _reconcile(tenant, "plan")
            cost = _reconcile(tenant, "apply", "--yes", "--format", "json")
        logs.append({**tenant.judged, "command_s": cost.wall_s})
    middle = sorted(logs, key=lambda log: log["over_percent"])[repeats // 2]
    wall = f"{middle['wall_s']:.1f} s by the tenant's log; the whole command {middle['command_s']:.1f} s"
    throttled, sent, lost = (sum(log[name] for log in logs) for name in ("throttled", "sent", "lost"))
    return [
        Figure(f"real time, {about}: over the bound", middle["over_percent"], "%", at_most(_MOST_ALONE), wall),
        Figure(f"real time, {about}: answered 429", throttled, "", exactly(0), f"of {sent:,.0f}"),
        Figure(f"real time, {about}: updates lost", lost, "", exactly(0), f"of {repeats * sizes.changed:,}"),
    ]


@dataclass(slots=True)
class _Served:
    folder: Path
    port: str
    client: str
    secret: str
    judged: Numbers = field(default_factory=dict)


@contextmanager
def _serving(sizes: _Sizes, folder: Path) -> Iterator[_Served]:
    """Serve a tenant in a process of its own; `judged` is what its log says in the end."""
    folder.mkdir()
    words = children.command("served:tenant", sizes.changed, sizes.limit, sizes.window_s, folder)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=children.environment()) as process:
        try:
            port, client, secret = (process.stdout.readline() if process.stdout else "").split()
            tenant = _Served(folder, port, client, secret)
            yield tenant
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=_STOP_S)
            tenant.judged = json.loads(output)
        finally:
            process.kill()


def _reconcile(tenant: _Served, *words: str) -> Cost:
    """Run our command as a person would, with the ledger that is the default."""
    env = {
        "CXONE_BASE_URL": f"http://127.0.0.1:{tenant.port}",
        "CXONE_CLIENT_ID": tenant.client,
        "CXONE_CLIENT_SECRET": tenant.secret,
        "RECONCILE_STATE_DIR": str(tenant.folder / "state"),
    }
    root = str(tenant.folder / "desired-state")
    return children.spend([sys.executable, "-m", "reconciler", "-q", "-C", root, *words], env=env)


def _shared(sizes: _Sizes, folder: Path) -> list[Figure]:
    """Let processes take slots of one ledger; a request counts when it arrives, on the clock that they share."""
    print("pace: processes with one ledger, in real time", file=sys.stderr, flush=True)
    files = [folder / f"{number}.json" for number in range(_PROCESSES)]
    terms = (folder / "shared.sqlite", sizes.limit, sizes.window_s, sizes.slots)
    with ThreadPoolExecutor(_PROCESSES) as threads:
        list(threads.map(lambda file: children.run("sharing:take", *terms, file), files))
    arrivals = sorted(at for file in files for at in json.loads(file.read_text(encoding="utf-8")))
    least = least_s(len(arrivals), sizes.limit, sizes.window_s)
    most = busiest(arrivals, sizes.window_s)
    took_s = arrivals[-1] - arrivals[0]
    which = f"{_PROCESSES} processes, one SQLite ledger"
    note = f"{len(arrivals)} requests in {took_s:.2f} s"
    return [
        Figure(f"{which}: over the bound", over_percent(took_s, least), "%", at_most(_MOST_SHARED), note),
        Figure(f"{which}: most requests in any window", most, "", at_most(sizes.limit)),
    ]


def _safety(options: Options, folder: Path) -> list[Figure]:
    print("pace: a safe write", file=sys.stderr, flush=True)
    found = children.run("safety:measure", options.scaled(1_000), folder).numbers
    return [
        Figure("journal: intent and outcome of a write", found["journal_ms"], "ms", note="the intent with its fsync"),
        Figure("journal: the same without fsync", found["unsynced_ms"], "ms"),
        Figure("ledger: a slot, SQLite", found["sqlite_ms"], "ms"),
        Figure("ledger: a slot, memory", found["memory_ms"], "ms"),
    ]
