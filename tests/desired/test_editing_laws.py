"""Laws of editing, over files laid out at random: it reads as asked, nobody else is touched, and a number goes back."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired.parsing import parse_bytes
from reconciler.desired.report import Report
from reconciler.desired.writing.editing import edit
from reconciler.model.assignments import ABSENT, CODE_BITS, CODE_MASK
from reconciler.model.edits import LineEdit
from tests.desired.layouts import NAMES, Laid, laid

SEEDS = st.integers(0, 2**32).map(Random)


def wishes(random: Random, at: int, held: dict[str, int]) -> list[LineEdit]:
    wanted = []
    for skill in random.sample(NAMES, random.randint(1, 5)):
        code = random.choice((random.randrange(202), random.randrange(202), ABSENT, None))
        if code is not None or skill in held:
            wanted.append(LineEdit(f"a{at}@x.org", skill, code))
    return wanted


def read(data: bytes) -> dict[str, dict[str, int]]:
    report = Report("a.yaml")
    parsed = parse_bytes(data, report)
    assert parsed is not None
    assert not report.found, (report.found, data.decode())
    table = parsed.table("a.yaml")
    return {
        ref: {
            table.skills[entry >> CODE_BITS]: entry & CODE_MASK
            for entry in table.entries[table.starts[row] : table.starts[row + 1]]
        }
        for row, ref in enumerate(table.refs)
    }


@settings(max_examples=100)
@given(SEEDS)
def test_what_was_asked_for_is_read_and_nobody_else_is_touched(random: Random) -> None:
    """Each edited agent changes within its own lines, whatever is edited beside it."""
    file = laid(random)
    data = file.data()
    expected = read(data)
    everything: list[LineEdit] = []
    pieces = list(file.agents)
    for at, held in enumerate(file.declared):
        wanted = wishes(random, at, held or {}) if random.random() < 0.7 else []
        everything += wanted
        own = expected[f"a{at}@x.org"]
        for _, skill, code, _ in wanted:
            own.pop(skill) if code is None else own.update({skill: code})
        alone = edit(data, wanted)
        assert not alone.unfit, data.decode()
        text = alone.data.decode("utf-8-sig").replace("\r\n" if file.is_crlf else "\n", "\n")
        before = file.head + "".join(file.agents[:at])
        after = "".join(file.agents[at + 1 :]) + file.tail
        assert text.startswith(before)
        assert text.endswith(after)
        pieces[at] = text[len(before) : len(text) - len(after)]
    edited = edit(data, everything)
    assert not edited.unfit
    assert read(edited.data) == expected
    assert edited.data == Laid(file.head, pieces, file.tail, file.is_crlf, file.has_mark, []).data()


@settings(max_examples=80)
@given(SEEDS)
def test_a_changed_number_goes_back_to_the_same_bytes(random: Random) -> None:
    """A value that changes back leaves no trace, and on the way only its digits differ."""
    data = laid(random).data()
    there, back = [], []
    for ref, held in read(data).items():
        for skill, code in held.items():
            if code != ABSENT:
                other = random.randrange(101) * 2 + code % 2
                there.append(LineEdit(ref, skill, other))
                back.append(LineEdit(ref, skill, code))
    changed = edit(data, there)
    assert not changed.unfit
    assert strip_digits(changed.data) == strip_digits(data)
    assert edit(changed.data, back).data == data


def strip_digits(data: bytes) -> bytes:
    return bytes(byte for byte in data if not chr(byte).isdigit())


@settings(max_examples=30)
@given(SEEDS)
def test_no_edit_leaves_every_byte(random: Random) -> None:
    """Also where the file is asked to say what it says already."""
    data = laid(random).data()
    same = [LineEdit(ref, skill, code) for ref, held in read(data).items() for skill, code in held.items()]
    assert edit(data, []).data == data
    assert edit(data, same).data == data
