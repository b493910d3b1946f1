"""Random overrides, holds and waivers, as YAML and as a count of its own of what is desired when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

SKILLS = ("Billing", "Chat", "Email", "Sales")
AGENTS = ("ana", "bo", "cy")
TEAM = "Testers"
# The clock of the tests starts here; hours are counted from it.
START = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
# What an override does: None drops the skill, a number gives it, a pair of halves leaves None alone.
Effect = int | tuple[int | None, bool | None] | None
Value = tuple[int, bool]


@dataclass(frozen=True)
class Override:
    """Hours from START; `agents` empty means the team, which is everyone."""

    start: int | None
    until: int
    agents: frozenset[str]
    skills: Mapping[str, Effect]

    def is_open(self, hour: float) -> bool:
        """Whether it has begun and not ended."""
        return (self.start is None or self.start <= hour) and hour < self.until

    def about(self, name: str) -> bool:
        """Whether it concerns an agent."""
        return not self.agents or name in self.agents


@dataclass(frozen=True)
class Hold:
    """As Override; no skills are all skills, nobody is everyone."""

    until: int
    agents: frozenset[str]
    skills: frozenset[str]

    def covers(self, name: str, skill: str) -> bool:
        """Whether it leaves an assignment alone."""
        return (not self.agents or name in self.agents) and (not self.skills or skill in self.skills)


@dataclass(frozen=True)
class Timetable:
    """What lasts, and what holds for a time; `waiver` is the end of that of a floor for Billing."""

    lasting: Mapping[str, Mapping[str, Value]]
    overrides: tuple[Override, ...]
    holds: tuple[Hold, ...]
    waiver: int | None

    def wanted(self, name: str, hour: float) -> dict[str, Value]:
        """What the files ask for, whatever is held."""
        wanted = dict(self.lasting[name])
        for override in self.overrides:
            for skill, effect in override.skills.items() if override.is_open(hour) and override.about(name) else ():
                value = after(effect, wanted.get(skill))
                wanted.pop(skill, None)
                if value is not None:
                    wanted[skill] = value
        return wanted

    def held(self, name: str, hour: float) -> frozenset[str]:
        """Which skills are left alone; a hold on all skills is about those too that nobody here names."""
        return frozenset(
            skill
            for skill in (*SKILLS, "WFI Break")
            for hold in self.holds
            if hour < hold.until and hold.covers(name, skill)
        )

    def state(self, hour: float) -> object:
        """All that is desired at a moment."""
        people = {name: (self.wanted(name, hour), self.held(name, hour)) for name in AGENTS}
        return people, self.waiver is not None and hour < self.waiver

    def turns(self) -> list[int]:
        """The hours at which what is desired changes."""
        return [
            hour for hour in sorted(set(self._hours())) if hour > 0 and self.state(hour) != self.state(hour - 0.001)
        ]

    def _hours(self) -> Iterator[int]:
        for override in self.overrides:
            yield from (hour for hour in (override.start, override.until) if hour is not None)
        yield from (hold.until for hold in self.holds)
        if self.waiver is not None:
            yield self.waiver

    @property
    def is_clear(self) -> bool:
        """Whether no two overrides set one assignment at one time."""
        uses = [
            (name, skill, override)
            for override in self.overrides
            for name in AGENTS
            for skill in override.skills
            if override.about(name)
        ]
        return not any(
            one[:2] == other[:2] and any(one[2].is_open(hour) and other[2].is_open(hour) for hour in range(-50, 60))
            for number, one in enumerate(uses)
            for other in uses[:number]
            if one[2] is not other[2]
        )


def after(effect: Effect, before: Value | None) -> Value | None:
    """Give what an override makes of a value."""
    if effect is None:
        return None
    if isinstance(effect, int):
        return effect, True
    proficiency, available = effect
    if before is None:
        return None if proficiency is None else (proficiency, available is not False)
    return (
        before[0] if proficiency is None else proficiency,
        before[1] if available is None else available,
    )


def moment(hour: float) -> datetime:
    """Give the moment of an hour."""
    return START + timedelta(hours=hour)


def written_moment(hour: int) -> str:
    """Write a moment, each in an offset of its own."""
    return moment(hour).astimezone(timezone(timedelta(minutes=(hour * 75) % 1680 - 840))).isoformat()


def as_yaml(table: Timetable) -> tuple[str, str]:
    """Write a file of overrides and holds, and the policies."""
    lines = ["overrides:"] if table.overrides else []
    for override in table.overrides:
        lines.append(f"  - until: {written_moment(override.until)}")
        if override.start is not None:
            lines.append(f"    from: {written_moment(override.start)}")
        lines.append(f"    {_whom(override.agents)}")
        effects = ", ".join(f"{skill}: {_effect(effect)}" for skill, effect in override.skills.items())
        lines.append(f"    skills: {{{effects}}}")
    lines += ["holds:"] if table.holds else []
    for hold in table.holds:
        lines.append(f"  - until: {written_moment(hold.until)}")
        lines.append(f"    {_whom(hold.agents)}")
        if hold.skills:
            lines.append(f"    skills: [{', '.join(sorted(hold.skills))}]")
    waiver = "" if table.waiver is None else f", waive_until: {written_moment(table.waiver)}, reason: later"
    policies = f"policies:\n  coverage:\n    - {{skill: Billing, min_available: 1{waiver}}}\n"
    return "\n".join([*lines, ""]), policies


def _whom(agents: frozenset[str]) -> str:
    refs = ", ".join(f"{name}@example.com" for name in sorted(agents))
    return f"agents: [{refs}]" if agents else f"teams: [{TEAM}]"


def _effect(effect: Effect) -> str:
    if effect is None or isinstance(effect, int):
        return "absent" if effect is None else str(effect)
    proficiency, available = effect
    parts = [] if proficiency is None else [f"proficiency: {proficiency}"]
    parts += [] if available is None else [f"available: {str(available).lower()}"]
    return f"{{{', '.join(parts)}}}"


VALUES = st.tuples(st.integers(0, 3), st.booleans())
SETS = st.dictionaries(st.sampled_from(SKILLS), VALUES)
_EFFECTS: st.SearchStrategy[Effect] = st.one_of(
    st.none(),
    st.integers(0, 3),
    st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.booleans())).filter(
        lambda pair: pair != (None, None)
    ),
)
_WHOM = st.frozensets(st.sampled_from(AGENTS))


@st.composite
def _overrides(draw: st.DrawFn) -> Override:
    until = draw(st.integers(-5, 40))
    start = draw(st.one_of(st.none(), st.integers(-20, until - 1)))
    skills = draw(st.dictionaries(st.sampled_from(SKILLS), _EFFECTS, min_size=1, max_size=2))
    return Override(start, until, draw(_WHOM), skills)


TIMETABLES = st.builds(
    Timetable,
    lasting=st.fixed_dictionaries(dict.fromkeys(AGENTS, SETS)),
    overrides=st.lists(_overrides(), max_size=4).map(tuple),
    holds=st.lists(st.builds(Hold, st.integers(-5, 40), _WHOM, st.frozensets(st.sampled_from(SKILLS))), max_size=2).map(
        tuple
    ),
    waiver=st.one_of(st.none(), st.integers(-5, 40)),
)
