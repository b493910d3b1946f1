"""Laws of `fmt`, over files of every legal and odd layout: the same meaning, every comment, and nothing left to do."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired import load
from reconciler.desired.report import Report
from reconciler.desired.writing.layout import canonical
from reconciler.desired.writing.layout.formatting import format_bytes
from reconciler.desired.writing.layout.meaning import means_the_same
from reconciler.model.desired import DesiredState

TENANT = "version: 1\ntenant: {name: acme, api: simulator}\n"
NAMES = (
    *("Billing", "no", "1e3", "~ x", "a: b", "it's", 'say "hi"', "# x", "x #", "[a]", "{a}", "a, b", "é 日本", "010"),
    *(
        "back\\slash",
        "-x",
        "- x",
        "? x",
        "x" * 100,
        "Sales, EMEA " * 9 + "x",
        "null",
        "true",
        "absent",
        "<<",
        "=",
        "😀",
    ),
)
Tree = dict[str, "Tree"] | list["Tree"] | str


class Typist:
    """Types a tree as YAML in whatever layout chance picks; each comment is another one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.comments: list[str] = []

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def comment(self, *, about: str = "") -> str:
        """Make a comment; `about` says what it stands at."""
        text = f"#{self._random.choice(('', ' ', ' - : {'))}c{len(self.comments)}{about}"
        self.comments.append(text)
        return text

    def _beside(self, about: str = "") -> str:
        return " " * self._random.randint(1, 9) + self.comment(about=about) if self._chance(0.3) else ""

    def between(self, indent: int, about: str = "") -> str:
        """Type empty lines and comments of any indentation; the last one, if any, is about what follows."""
        lines = []
        for _ in range(self._random.choice((0, 0, 0, 1, 2, 4))):
            is_comment = self._chance(0.6)
            lines.append(" " * self._random.randint(0, 9) * is_comment + (self.comment() if is_comment else ""))
        if self._chance(0.2):
            lines.append(" " * indent + self.comment(about=about and f" above {about}"))
        return "".join(f"{line}\n" for line in lines)

    def scalar(self, text: str, *, in_flow: bool = False) -> str:
        """Type a text plainly, in single or in double quotes, as far as each may be."""
        double = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if not re.fullmatch(r"[\w%@.\[({-][\w%@.() -]*" if not in_flow else r"\w[\w%@.() -]*", text) or text == "null":
            return self._random.choice((double, "'" + text.replace("'", "''") + "'"))
        if text[0] in "[{-" or text.endswith(" "):
            return double
        must_be_plain = re.fullmatch(r"[0-9]{1,3}|true|false|absent", text)
        return text if must_be_plain else self._random.choice((text, text, double, f"'{text}'"))

    def flow(self, tree: Tree, *, may_break: bool) -> str:
        """Type a tree in brackets, on one line or on several."""
        if isinstance(tree, str):
            return self.scalar(tree, in_flow=True)
        is_map = isinstance(tree, dict)
        items = (
            [
                f"{self.scalar(key, in_flow=True)}: {self.flow(value, may_break=may_break)}"
                for key, value in tree.items()
            ]
            if isinstance(tree, dict)
            else [self.flow(value, may_break=may_break) for value in tree]
        )
        text = self._gap(may_break=may_break)
        for number, item in enumerate(items, 1):
            comma = "," if number < len(items) or self._chance(0.2) else ""
            text += item + self._gap(may_break=may_break and self._chance(0.3)) + comma + self._gap(may_break=may_break)
        return ("{%s}" if is_map else "[%s]") % text

    def _gap(self, *, may_break: bool) -> str:
        if not may_break or self._chance(0.5):
            return self._random.choice(("", " "))
        return f"{self._beside()}\n{self.between(12)}" + " " * 12

    def entry(self, head: str, tree: Tree, indent: int, about: str) -> str:
        """Type a value behind `head`, which begins its line."""
        if isinstance(tree, str):
            if self._chance(0.1) and head.endswith(":"):
                return f"{head}{self._beside()}\n{self.between(indent)}{' ' * (indent + 1)}{self.scalar(tree)}\n"
            return f"{head} {self.scalar(tree)}{self._beside(about and f' beside {about}')}\n"
        if not tree or self._chance(0.3):
            text = self.flow(tree, may_break=self._chance(0.5))
            return f"{head} {text}{self._beside()}\n"
        is_list = isinstance(tree, list) and head.endswith(":")
        deeper = indent + (0 if is_list and self._chance(0.3) else self._random.randint(1, 4))
        return f"{head}{self._beside()}\n{self.block(tree, deeper)}"

    def block(self, tree: Tree, indent: int) -> str:
        """Type the lines of a mapping or a list."""
        space = " " * indent
        text = ""
        items = tree.items() if isinstance(tree, dict) else [(None, value) for value in tree]
        for key, value in items:
            about = key if key in {"Billing", "team", "010"} else ""
            text += self.between(indent, about)
            head = f"{space}-" if key is None else f"{space}{self.scalar(key)}:"
            text += self.entry(head, value, indent, about)
        return text


def shuffled(random: Random, tree: dict[str, Tree]) -> dict[str, Tree]:
    """Put the keys into any order."""
    keys = list(tree)
    random.shuffle(keys)
    return {key: tree[key] for key in keys}


def assignment(random: Random) -> Tree:
    """Make what an assignment may be."""
    number = str(random.randint(0, 100))
    long: dict[str, Tree] = {"proficiency": number, "available": random.choice(("true", "false"))}
    forms: list[Tree] = [number, "absent", shuffled(random, long), {"proficiency": number}]
    return random.choice(forms)


def agents_tree(random: Random) -> dict[str, Tree]:
    """Make a file of agents."""

    def some(most: int) -> list[str]:
        return random.sample([name for name in NAMES if name not in {"<<", "null"}], random.randint(0, most))

    def skills() -> Tree:
        return {name: assignment(random) for name in some(4)}

    profiles: dict[str, Tree] = {
        f"p{number}": shuffled(random, {"extends": [f"p{n}" for n in range(number)], "skills": skills()})
        for number in range(random.randint(0, 3))
    }
    agents: dict[str, Tree] = {
        name: shuffled(random, {"profiles": list[Tree](profiles), "skills": skills()}) for name in ["a@x", *some(3)]
    }
    return shuffled(random, {"team": random.choice(NAMES[:14]), "profiles": profiles, "agents": agents})


def tenant_tree(random: Random) -> dict[str, Tree]:
    """Make a `tenant.yaml`."""
    floor: dict[str, Tree] = {
        "skill": "Billing",
        "min_available": "5",
        "reason": "it's # late: so, what",
        "waive_until": "2026-12-01T00:00:00Z",
        "severity": "warn",
    }
    policies: dict[str, Tree] = {
        "empty_agents": "warn",
        "max_agents_changed": "25%",
        "coverage": [shuffled(random, floor) for _ in range(random.randint(0, 2))],
    }
    limit: dict[str, Tree] = {"requests": "50", "per_seconds": "60"}
    tenant: dict[str, Tree] = {"name": "acme", "api": "simulator", "rate_limit": shuffled(random, limit)}
    tree: dict[str, Tree] = {
        "version": "1",
        "tenant": shuffled(random, tenant),
        "ignore_skills": ["WFI *", "x y"],
        "policies": shuffled(random, policies),
    }
    return shuffled(random, tree)


def state_of(files: dict[str, bytes]) -> DesiredState | None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in ({"tenant.yaml": TENANT.encode()} | files).items():
            (Path(folder) / name).write_bytes(data)
        found = load(Path(folder), may_be_empty=True)
        assert found.diagnostics == (), files
        return found.tenants[0].state


def check(random: Random, name: str, make: Callable[[Random], dict[str, Tree]]) -> None:
    """Hold every law for one file that chance typed."""
    typist = Typist(random)
    typed = typist.block(make(random), 0) + typist.between(0)
    typed = random.choice(("", "", "---\n")) + typed
    data = typed.removesuffix("\n" * random.choice((0, 1))).encode()
    if random.random() < 0.3:
        data = data.replace(b"\n", b"\r\n")
    if random.random() < 0.3:
        data = b"\xef\xbb\xbf" + data
    is_tenant_file = name == "tenant.yaml"
    report = Report(name)
    formatted = format_bytes(data, report, is_tenant_file=is_tenant_file)
    assert report.found == [], typed
    assert formatted is not None
    text = formatted.decode()
    assert means_the_same(state_of({name: data}), state_of({name: formatted})), typed
    assert canonical(text, is_tenant_file=is_tenant_file) == text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not text.startswith("\n")
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t\r]\n", text)
    assert not re.search(r"[^ \n] #(?: | - : {)?c[0-9]", text)
    written = [comment for comment in typist.comments if comment in typed]
    for comment in written:
        assert len(re.findall(rf"{re.escape(comment)}$", text, re.MULTILINE)) == 1, comment
    lines = text.split("\n")
    for number, line in enumerate(lines):
        above = re.fullmatch(r"\s*#.* above (\w+)", line)
        if above:
            below = next(each for each in lines[number:] if each.strip() and not each.lstrip().startswith("#"))
            assert below.lstrip(" -").startswith((above[1], f'"{above[1]}"')), text
        beside = re.search(r" beside (\w+)$", line)
        if beside:
            assert line.lstrip(" -").startswith((beside[1], f'"{beside[1]}"')), text


@settings(max_examples=150)
@given(st.integers(0, 1 << 32))
def test_files_of_agents_say_the_same_and_keep_their_comments(seed: int) -> None:
    check(Random(seed), "a.yaml", agents_tree)


@settings(max_examples=80)
@given(st.integers(0, 1 << 32))
def test_tenant_files_say_the_same_and_keep_their_comments(seed: int) -> None:
    check(Random(seed), "tenant.yaml", tenant_tree)
