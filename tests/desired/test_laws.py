"""Laws of loading: what was written comes back, order and line ends do not matter, and nothing whatever raises."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired import load
from reconciler.desired.parsing import parse_bytes
from reconciler.desired.report import Report
from reconciler.model.assignments import ABSENT, CODE_BITS, CODE_MASK, decode
from reconciler.model.desired import DesiredState

TENANT = "version: 1\ntenant: {name: acme, api: simulator}\n"
SEED = (
    TENANT + "team: 'B'\nagents:\n  a@x:\n    profiles: [p]\n    skills: {A: 5, B: {proficiency: 6, available: no}}\n"
)
NAMES = st.text(st.sampled_from("abcXYZ019 é:#-'\"[]{},?&*!|>%@`~<="), min_size=1, max_size=12).filter(
    lambda name: name == name.strip()
)
VALUES = st.one_of(st.integers(0, 201), st.just(ABSENT))
AGENTS = st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=6)
Agents = dict[str, dict[str, int]]


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(agents: Agents, *, is_flow: bool) -> str:
    lines = ["agents:"]
    for ref, skills in agents.items():
        lines.append(f"  {quoted(ref)}:")
        pairs = [f"{quoted(skill)}: {value(code, is_flow=is_flow)}" for skill, code in skills.items()]
        if is_flow or not pairs:
            lines.append(f"    skills: {{{', '.join(pairs)}}}")
        else:
            lines += ["    skills:", *(f"      {pair}" for pair in pairs)]
    return "\n".join(lines) + "\n"


def value(code: int, *, is_flow: bool) -> str:
    if code == ABSENT:
        return "absent"
    proficiency, available = decode(code)
    if available and not is_flow:
        return str(proficiency)
    return f"{{proficiency: {proficiency}, available: {str(available).lower()}}}"


def read_back(state: DesiredState) -> Agents:
    found: Agents = {}
    for table in state.tables:
        for row, ref in enumerate(table.refs):
            own = table.entries[table.starts[row] : table.starts[row + 1]]
            found[ref] = {table.skills[entry >> CODE_BITS]: entry & CODE_MASK for entry in own}
    return found


def load_files(files: dict[str, bytes]) -> DesiredState | None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in ({"tenant.yaml": TENANT.encode()} | files).items():
            (Path(folder) / name).write_bytes(data)
        (found,) = load(Path(folder)).tenants
        return found.state


@settings(max_examples=120)
@given(AGENTS, st.booleans(), st.booleans(), st.booleans())
def test_what_is_written_is_read(agents: Agents, is_flow: bool, has_bom: bool, has_crlf: bool) -> None:
    """Any state, in either layout, with or without a byte order mark, with either line end."""
    distinct = {ref.casefold(): (ref, skills) for ref, skills in agents.items()}
    agents = dict(distinct.values())
    data = written(agents, is_flow=is_flow).encode()
    if has_crlf:
        data = data.replace(b"\n", b"\r\n")
    state = load_files({"a.yaml": b"\xef\xbb\xbf" * has_bom + data})
    assert state is not None
    assert read_back(state) == agents


def test_line_ends_and_marks_move_no_position() -> None:
    data = b"# x\nagents:\n  a@x:\n    skills: {A: 5}\n  b@x:\n    skills:\n      A: 6\n"
    plain = load_files({"a.yaml": data})
    assert plain is not None
    assert load_files({"a.yaml": b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")}) == plain


def test_the_order_in_which_files_were_made_does_not_matter() -> None:
    files = {f"{name}.yaml": f"agents:\n  {name}@x:\n    skills: {{A: 5}}\n".encode() for name in "abc"}
    assert load_files(files) == load_files(dict(reversed(files.items())))


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_random_bytes_never_raise(data: bytes) -> None:
    parse_bytes(data, Report("a.yaml"))


@settings(max_examples=500)
@given(st.data())
def test_mutated_yaml_never_raises(data: st.DataObject) -> None:
    """Neither as a file of agents nor as `tenant.yaml`; and each place that is told lies in the file."""
    text = SEED
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.sampled_from([*"\n\t :#-{}[]'\"&*!|>%@`?,~0\u202e\x00", "<<: ", "null", "\n---\n", "- "]))
        text = text[:at] + piece + text[at + data.draw(st.integers(0, 6)) :]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "tenant.yaml").write_text(text, encoding="utf-8")
        (root / "a.yaml").write_text(text, encoding="utf-8")
        for diagnostic in load(root).diagnostics:
            assert diagnostic.position is not None
            assert 1 <= diagnostic.position.line <= text.count("\n") + 2
            assert not diagnostic.message.endswith(".")
