"""Files of agents laid out at random, as odd as is legal: quotes, braces, commas, comments, line ends."""

import json
from dataclasses import dataclass
from random import Random

from reconciler.model.assignments import ABSENT, decode

NAMES = ("Billing", "E-mail", "It's", "a: b", "#x", "yes", "Ünit 7", "{x}", "客服", "null", "Sales, EU", "🙂")


@dataclass
class Layout:
    """Writes a file as somebody might have; `random` decides at every place."""

    random: Random

    def some(self, *texts: str) -> str:
        """Take one of these."""
        return self.random.choice(texts)

    def name(self, name: str) -> str:
        """Write a key, quoted or not."""
        plain = self.random.random() < 0.5 and name.replace(" ", "").isalnum() and name not in {"yes", "null"}
        single = "'" + name.replace("'", "''") + "'"
        escaped = "".join(c if c.isascii() else f"\\U{ord(c):08X}" for c in json.dumps(name, ensure_ascii=False))
        return name if plain else self.some(escaped, json.dumps(name, ensure_ascii=False), single)

    def comment(self) -> str:
        """End a line."""
        return self.some("", "", "  # note", "\t# {odd: 1, ", "   ")

    def own(self, indent: str) -> str:
        """Write a line that says nothing, or none."""
        return self.some("", "", "", f"{indent}# own\n", "\n", "# left: 1\n")

    def value(self, code: int) -> str:
        """Write a value that fits into a line."""
        if code == ABSENT:
            return "absent"
        proficiency, available = decode(code)
        if available and self.random.random() < 0.6:
            return f"{proficiency}"
        pairs = [f"proficiency: {proficiency}", f"available: {str(available).lower()}"]
        self.random.shuffle(pairs)
        if available and self.random.random() < 0.3:
            pairs = [f"proficiency: {proficiency}"]
        return self.some("{ ", "{") + ", ".join(pairs) + self.some(" }", ",}", "}", "\n         }")

    def long(self, code: int, indent: str) -> str:
        """Write a long form in block style."""
        proficiency, available = decode(code)
        lines = [f"proficiency:  {proficiency}", f"available: {str(available).lower()}"]
        if available and self.random.random() < 0.3:
            lines.pop()
        else:
            self.random.shuffle(lines)
        deeper = indent + self.some(" ", "   ")
        return "".join(f"{self.own(deeper)}{deeper}{line}{self.comment()}\n" for line in lines)

    def block(self, codes: dict[str, int], indent: str) -> str:
        """Write a mapping in block style."""
        text = ""
        for skill, code in codes.items():
            text += f"{self.own(indent)}{indent}{self.name(skill)}{self.some(':', ' :')}"
            if code != ABSENT and self.random.random() < 0.2:
                text += f"{self.comment()}\n{self.long(code, indent)}"
            else:
                text += f"{self.some(' ', '   ', chr(9))}{self.value(code)}{self.comment()}\n"
        return text

    def flow(self, codes: dict[str, int], indent: str) -> str:
        """Write a mapping in braces."""
        pairs = [f"{self.name(skill)}: {self.value(code)}" for skill, code in codes.items()]
        how = self.random.randrange(4)
        if how == 0 or not pairs:
            return self.some("{", "{ ") + self.some(", ", ",  ").join(pairs) + self.some("}", " }")
        if how == 1:
            return "{" + f",{self.comment()}\n{indent} ".join(pairs) + self.some("}", f" # last\n{indent}}}")
        if how == 2:
            lines = f"{self.comment()}\n{indent}, ".join(pairs)
            return f"{{ {lines}{self.comment()}\n{indent}}}"
        lines = "".join(f"{self.own(indent)}{indent}{pair},{self.comment()}\n" for pair in pairs[:-1])
        last = f"{indent}{pairs[-1]}{self.some(',', '')}{self.comment()}\n"
        return f"{{{self.comment()}\n{lines}{last}{self.own(indent)}{indent}}}"

    def agent(self, ref: str, codes: dict[str, int] | None, indent: str) -> str:
        """Write an agent; without codes it has only profiles."""
        deeper = indent + self.some(" ", "  ", "    ")
        profiles = self.some("[p]", "[ 'p' ]", "[\n          p]", f"\n{deeper}- p{self.comment()}")
        head = f"{self.own(indent)}{indent}{self.name(ref)}:"
        if codes is not None and self.random.random() < 0.2:
            parts = [f"skills: {self.flow(codes, deeper)}", f"profiles: {self.some('[p]', '[ p ]')}"]
            self.random.shuffle(parts)
            return f"{head} {{{', '.join(parts)}}}{self.comment()}\n"
        if codes is None and self.random.random() < 0.4:
            return f"{head} {{profiles: {self.some('[p]', '[ p ]')}}}{self.comment()}\n"
        parts = [] if self.random.random() < 0.5 and codes is not None else [f"{deeper}profiles: {profiles}\n"]
        if codes:
            inner = deeper + self.some(" ", "  ", "      ")
            block = f"{deeper}skills:{self.comment()}\n{self.block(codes, inner)}"
            parts.append(self.some(block, f"{deeper}skills: {self.flow(codes, inner)}{self.comment()}\n"))
        elif codes is not None:
            parts.append(f"{deeper}skills: {self.some('{}', '{ }', '{  }')}{self.comment()}\n")
        self.random.shuffle(parts)
        return f"{head}{self.comment()}\n" + "".join(parts)


@dataclass
class Laid:
    """A file in pieces: what stands before the agents, each agent, what stands behind."""

    head: str
    agents: list[str]
    tail: str
    is_crlf: bool
    has_mark: bool
    declared: list[dict[str, int] | None]

    def data(self) -> bytes:
        """Put the pieces together."""
        text = self.head + "".join(self.agents) + self.tail
        return b"\xef\xbb\xbf" * self.has_mark + (text.replace("\n", "\r\n") if self.is_crlf else text).encode()


def codes(random: Random, most: int) -> dict[str, int]:
    skills = random.sample(NAMES, random.randint(0, most))
    return {skill: random.choice((random.randrange(202), random.randrange(202), ABSENT)) for skill in skills}


def laid(random: Random) -> Laid:
    layout = Layout(random)
    declared = [codes(random, 4) if random.random() < 0.8 else None for _ in range(random.randint(1, 4))]
    indent = layout.some("  ", " ", "     ")
    profiles = "profiles: {p: {skills: {Billing: 1}}}\n"
    first = random.random() < 0.5
    head = layout.own("") + (profiles if first else "") + f"agents:{layout.comment()}\n"
    tail = layout.own("") + ("" if first else profiles) + layout.some("", "# end", "team: T", "\n\n")
    agents = [layout.agent(f"a{at}@x.org", each, indent) for at, each in enumerate(declared)]
    return Laid(head, agents, tail, random.random() < 0.3, random.random() < 0.2, declared)
