"""Names to ids, for agents: which live agent each declared one is, by e-mail, user name or id in any case."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition, unpack_position

# One declared agent as one small integer: the number of its table, and its row there.
Row = int
_ROW_BITS = 20  # a file of at most 5 MiB holds fewer agents than that
_ROW_MASK = (1 << _ROW_BITS) - 1


def row_at(table: int, row: int) -> Row:
    """Name the agent in that row of that table."""
    return table << _ROW_BITS | row


def table_and_row(row: Row) -> tuple[int, int]:
    """Undo `row_at`."""
    return row >> _ROW_BITS, row & _ROW_MASK


@dataclass(frozen=True, slots=True)
class Matched:
    """The live agent of each declared one that has one; `missing` are the others."""

    live: Mapping[Row, LiveAgent]
    missing: tuple[Row, ...]


NOBODY = Matched({}, ())


def agent_rows(desired: DesiredState) -> dict[str, Row]:
    """Index the declared agents by their folded refs; the keys are what the tenant is asked for."""
    rows: dict[str, Row] = {}
    for number, table in enumerate(desired.tables):
        for row, ref in enumerate(table.refs):
            folded = ref.casefold()
            # Nearly always the ref is its own folded form: then one string serves both.
            rows[ref if folded == ref else folded] = row_at(number, row)
    return rows


def ref_of(desired: DesiredState, row: Row) -> str:
    """Give the name under which the files declare the agent."""
    table, at = table_and_row(row)
    return desired.tables[table].refs[at]


def position_of(desired: DesiredState, row: Row) -> SourcePosition:
    """Give the place where the agent is declared."""
    table, at = table_and_row(row)
    return unpack_position(desired.tables[table].file, desired.tables[table].positions[at])


def team_of(desired: DesiredState, row: Row) -> str | None:
    """Give the label of the file in which the agent is declared."""
    return desired.tables[row >> _ROW_BITS].team


def match_agents(desired: DesiredState, rows: Mapping[str, Row], live: LiveState) -> tuple[Matched, list[Diagnostic]]:
    """Find the live agent of every declared one; one that could be two, or two that are one, are errors."""
    matched: dict[Row, LiveAgent] = {}
    diagnostics: list[Diagnostic] = []
    rivals: dict[Row, list[LiveAgent]] = {}
    for agent in live.agents:
        found = _rows_naming(agent, rows)
        if len(found) > 1:
            diagnostics.append(_declared_twice(desired, agent, found))
        for row in found[:1]:
            if row in matched:
                rivals.setdefault(row, [matched[row]]).append(agent)
            matched[row] = agent
    diagnostics += [_ambiguous(desired, row, agents) for row, agents in rivals.items()]
    missing = tuple(row for row in rows.values() if row not in matched)
    return Matched(matched, missing), sorted(diagnostics, key=lambda each: each.sort_key)


def _rows_naming(agent: LiveAgent, rows: Mapping[str, Row]) -> list[Row]:
    """Give the declarations that name this agent, in the order of e-mail, user name, id."""
    named = (rows.get(agent.email.casefold()), rows.get(agent.user_name.casefold()), rows.get(agent.id.casefold()))
    return list(dict.fromkeys([row for row in named if row is not None]))


def _declared_twice(desired: DesiredState, agent: LiveAgent, found: list[Row]) -> Diagnostic:
    first, *others = sorted(found, key=lambda row: position_of(desired, row))
    places = ", ".join(f"`{ref_of(desired, row)}` at {position_of(desired, row)}" for row in others)
    return Diagnostic(
        "agent-declared-twice",
        f"`{ref_of(desired, first)}` is agent {agent.id}, and so is {places}",
        "keep one of the declarations; an agent's whole set stands in one place",
        position_of(desired, first),
        related=tuple(str(position_of(desired, row)) for row in others),
    )


def _ambiguous(desired: DesiredState, row: Row, agents: list[LiveAgent]) -> Diagnostic:
    return Diagnostic(
        "agent-ambiguous",
        f"`{ref_of(desired, row)}` names {len(agents)} agents of the tenant: {', '.join(_candidates(agents))}",
        f"write the id that you mean in place of the name, e.g. `{min(agent.id for agent in agents)}:`",
        position_of(desired, row),
    )


def _candidates(agents: list[LiveAgent]) -> Iterator[str]:
    for agent in sorted(agents, key=lambda each: each.id):
        yield f"{agent.id} ({agent.user_name}, {'active' if agent.active else 'inactive'})"
