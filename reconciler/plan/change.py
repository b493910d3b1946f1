"""The plan and its parts: a closed family of values, frozen once made.

Plan
├── AgentChange        one agent to write: its whole set before and after
│   └── AssignmentChange   one skill of it: add, change or remove
├── AgentHeld          one agent of whom a hold leaves something alone
├── Step               one PATCH: all of an agent's change, or a half of it
├── CoverageRow        one skill that changes hands: who can take it before and after
├── Entry              one coming moment, and what an apply from then on changes
│   ├── Event              one thing that begins or ends then
│   ├── SkillTurn          one skill: how many agents it changes of
│   └── AgentTurn          one agent whom it changes
├── Diagnostic         a finding
└── Summary            the counts, and what the apply will cost
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.assignments import Assignment
from reconciler.model.position import SourcePosition
from reconciler.plan.scope import Filters


class Action(StrEnum):
    """What happens to one assignment."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class SkillName:
    """A skill as a person and the tenant know it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class AgentName:
    """An agent as the tenant knows it, and as the files refer to it (`ref`)."""

    id: str
    email: str
    user_name: str
    ref: str

    @property
    def label(self) -> str:
        """What people call the agent: the e-mail, or what there is instead."""
        return self.email or self.user_name or self.id


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an assignment that has another value afterwards."""

    field: str
    before: int | bool
    after: int | bool


@dataclass(frozen=True, slots=True)
class Until:
    """What ends by itself, with what its author wrote beside: an override at one of its lines, or a hold."""

    until: datetime
    source: SourcePosition
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentChange:
    """One skill of one agent. `before` is None for an add, `after` for a remove; `fields` describes a change.

    `override` says for how long, where the files ask for it for a time only; `hold`, for how long live is left alone.
    """

    action: Action
    skill: SkillName
    before: Assignment | None
    after: Assignment | None
    source: SourcePosition
    fields: tuple[FieldChange, ...] = ()
    override: Until | None = None
    hold: Until | None = None

    @property
    def coverage_shift(self) -> int:
        """How many more agents can take the skill afterwards, if the agent is active: 1, 0 or -1."""
        return _is_available(self.after) - _is_available(self.before)


def value_words(assignment: Assignment | None) -> str:
    """Write an assignment for a sentence: `60`, `60 (not available)`, `absent`."""
    if assignment is None:
        return "absent"
    return f"{assignment.proficiency}" + ("" if assignment.available else " (not available)")


def _is_available(assignment: Assignment | None) -> bool:
    return assignment is not None and assignment.available


@dataclass(frozen=True, slots=True)
class AgentChange:
    """One agent to write.

    `before` and `after` are the agent's whole sets by skill id, with the ignored skills that a write carries over:
    a PATCH replaces everything, so its body is all of `after`. An inactive agent counts for no skill's coverage.
    `has_union`: written in two steps, lest a skill be short of cover on the way (see `plan.order`).
    """

    agent: AgentName
    team: str | None
    source: SourcePosition
    skills: tuple[AssignmentChange, ...]
    before: Mapping[str, Assignment]
    after: Mapping[str, Assignment]
    version: str | None
    is_active: bool = True
    has_union: bool = False


@dataclass(frozen=True, slots=True)
class AgentHeld:
    """One agent of whom something is left alone: what would be written if no hold stood in its way."""

    agent: AgentName
    team: str | None
    source: SourcePosition
    skills: tuple[AssignmentChange, ...]


class Part(StrEnum):
    """How much of an agent's change one PATCH writes."""

    WHOLE = "whole"
    UNION = "union"  # what is added, while what is removed stays
    FINAL = "final"  # the rest, once the union is written


@dataclass(frozen=True, slots=True)
class Step:
    """One PATCH; `change` is the agent's place in `Plan.changes`."""

    change: int
    part: Part


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How many active agents hold a skill available, from `min_proficiency` on: before, after, and in between.

    `floor` is the highest of the policy's, if one names it. `lowest` is the least of any moment while the writes go in
    their order; None in a plan that an older version saved.
    """

    skill: SkillName
    before: int
    after: int
    floor: int | None = None
    lowest: int | None = None
    min_proficiency: int = 0

    @property
    def is_left(self) -> bool:
        """Whether the last agent is lost."""
        return self.after == 0 < self.before

    @property
    def is_below(self) -> bool:
        """Whether fewer are there afterwards than the floor."""
        return self.floor is not None and self.after < self.floor


class Turn(StrEnum):
    """What happens to something at a moment."""

    BEGINS = "begins"
    ENDS = "ends"


class Kind(StrEnum):
    """What begins or ends."""

    OVERRIDE = "override"
    HOLD = "hold"
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that begins or ends; `subject` says whom or what it is about, in words."""

    kind: Kind
    turn: Turn
    subject: str
    source: SourcePosition
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class SkillTurn:
    """One skill, and of how many agents an apply adds, changes and removes it."""

    skill: SkillName
    actions: Mapping[Action, int]


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One agent, and what an apply changes of it."""

    agent: AgentName
    team: str | None
    source: SourcePosition
    skills: tuple[AssignmentChange, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One moment, as the files write it, and what an apply from then on changes in what one before it left.

    `coverage` holds the skills whose agents change, `waived` the ids of those whose floors are waived then, `blocked`
    of those whose floors forbid the apply. Of the `agents_changed` as many are `agents` as there was room for, first
    who loses something.
    """

    at: datetime
    events: tuple[Event, ...]
    agents_changed: int
    skills: tuple[SkillTurn, ...]
    coverage: tuple[CoverageRow, ...]
    waived: frozenset[str] = frozenset()
    agents: tuple[AgentTurn, ...] = ()
    blocked: frozenset[str] = frozenset()

    @property
    def actions(self) -> Mapping[Action, int]:
        """How many assignments are added, changed and removed."""
        return {action: sum(each.actions.get(action, 0) for each in self.skills) for action in Action}


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a plan.

    `writes` are the PATCHes, two for an agent with a union step. `requests` is what an apply sends after its plan: the
    writes and the listing that verifies them. `eta_seconds` is what the writes take at the configured rate. Of the
    agents and assignments that are held only those count that differ from the files.
    """

    agents_managed: int
    agents_changed: int
    agents_unmanaged: int
    agents_missing: int
    agents_unreadable: int
    assignments_added: int
    assignments_changed: int
    assignments_removed: int
    writes: int
    requests: int
    eta_seconds: float
    agents_held: int = 0
    assignments_held: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply would do, and what a reviewer needs to judge it.

    `ignored` are the ids of the skills that others own: every write carries over what is live. `unreadable` are the
    managed agents whose live set makes no sense, each with why: they are left alone. `order` is every write in the
    order of `plan.order` (empty in a plan that was read from a file), `filters` what the plan was narrowed by.
    `skill_names` are those of all the tenant's skills by id, for messages (empty in a plan that was read).
    `held` is what differs and is left alone by a hold. `now` is the moment for which it was made; `at` is the same
    where somebody chose it. Before `valid_until` nothing begins or ends by itself. `coming` are the moments after `now`
    at which what is desired changes; beyond them there are `coming_later` at which something begins or ends.
    """

    tenant: str
    digest: str
    summary: Summary
    changes: tuple[AgentChange, ...]
    coverage: tuple[CoverageRow, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    ignored: frozenset[str] = frozenset()
    unreadable: tuple[tuple[AgentName, str], ...] = ()
    order: tuple[Step, ...] = ()
    filters: Filters = field(default_factory=Filters)
    skill_names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    held: tuple[AgentHeld, ...] = ()
    now: datetime | None = field(default=None, compare=False)
    at: datetime | None = None
    valid_until: datetime | None = None
    coming: tuple[Entry, ...] = ()
    coming_later: int = 0

    @property
    def today(self) -> datetime | None:
        """The moment that `in 3 days` counts from; None in a plan for another one, of which nobody would know that."""
        return self.now if self.at is None else None

    @property
    def is_blocked(self) -> bool:
        """Whether a finding forbids the apply."""
        return any(finding.severity is Severity.BLOCK for finding in self.findings)
