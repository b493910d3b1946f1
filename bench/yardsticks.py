"""What the product is held against: parsers doing nothing but parse, timed without the start of their interpreter.

Reading the files is part of each pass.
"""

from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time

from children import Numbers
from ruamel.yaml import YAML
from yaml._yaml import CParser


def libyaml_events(folder: str) -> Numbers:
    """Let libyaml parse every file below a folder to bare events, which nobody looks at."""
    files = sorted(Path(folder).rglob("*.yaml"))
    started = process_time()
    for file in files:
        CParser(file.read_bytes()).raw_parse()
    return {"pass_s": process_time() - started}


def orjson_pages(folder: str) -> Numbers:
    """Let orjson decode every page of a listing, one after the other, into objects that nobody looks at."""
    # By name: it is an extra that type checkers need not find.
    loads: Callable[[bytes], object] = import_module("orjson").loads
    files = sorted(Path(folder).glob("*.json"))
    started = process_time()
    for file in files:
        loads(file.read_bytes())
    return {"pass_s": process_time() - started}


def ruamel_round_trip(folder: str, files: str) -> Numbers:
    """Load the first few files below a folder with ruamel.yaml's round-trip loader."""
    chosen = list(islice(sorted(Path(folder).rglob("*.yaml")), int(files)))
    started, spent = perf_counter(), process_time()
    for file in chosen:
        YAML(typ="rt").load(file.read_bytes())
    return {"pass_s": perf_counter() - started, "pass_cpu_s": process_time() - spent}
