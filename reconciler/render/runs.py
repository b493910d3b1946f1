"""Past runs: as a list, newest first, as one in detail, and as JSON (`format_version` 1)."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.model.assignments import Assignment
from reconciler.plan.change import value_words
from reconciler.plan.outcome import Status
from reconciler.plan.record import AgentRecord, RunRecord, RunState, WrittenSkill
from reconciler.render.columns import columns, cut, padded
from reconciler.render.escape import terminal
from reconciler.render.style import PLAIN, Style

FORMAT_VERSION = 1
_WIDTH = 80
_RUN_WIDTH = 23
_TENANT_WIDTH = 28
_COMMIT_WIDTH = 12
_HEADINGS = ("run", "started (UTC)", "kind", "state", "done")
_STATES = {
    RunState.COMPLETE: "every agent as planned",
    RunState.PARTLY: "partly done",
    RunState.INTERRUPTED: "interrupted",
    RunState.KILLED: "killed, or still under way: the journal has no end",
}


def runs_as_text(records: Sequence[RunRecord], style: Style = PLAIN) -> str:
    """Give each run two lines of at most 80 columns, and a third where its journal is damaged; headings stand first."""
    rows = [_row(record) for record in records]
    widths = [max(map(columns, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [style.bold(_in_columns(_HEADINGS, widths))]
    for record, row in zip(records, rows, strict=True):
        lines += [_in_columns(row, widths), f"    {_origin(record)}"]
        if record.damage:
            lines.append(f"    {style.red(_damage(record))}")
    return "".join(f"{line}\n" for line in lines)


def _row(record: RunRecord) -> tuple[str, ...]:
    head = record.head
    done = sum(agent.is_as_planned for agent in record.agents)
    started = f"{head.started_at:%Y-%m-%d %H:%M}"
    return (cut(terminal(head.run), _RUN_WIDTH), started, head.kind, record.state, f"{done}/{len(record.agents)}")


def _origin(record: RunRecord) -> str:
    """Say for which tenant, by whom and from which commit, as far as that is known."""
    head = record.head
    commit = f", commit {terminal(head.commit)[:_COMMIT_WIDTH]}" if head.commit else ""
    tenant = cut(terminal(head.tenant), _TENANT_WIDTH) or "unknown tenant"
    room = _WIDTH - 4 - columns(tenant) - len(", by ") - columns(commit)
    return tenant + (f", by {cut(terminal(head.who), room)}" if head.who else "") + commit


def _damage(record: RunRecord) -> str:
    return f"damaged: {terminal(record.damage)}"


def _in_columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(padded, cells, widths)).rstrip()


def run_as_text(record: RunRecord, style: Style = PLAIN) -> str:
    """Write one run: its head, then every agent with what was asked for, `?` where nobody knows whether it happened."""
    lines = [*_head(record, style)]
    for agent in sorted(record.agents, key=_place):
        lines += ["", *_agent(agent, style)]
    return "".join(f"{line}\n" for line in lines)


def _place(agent: AgentRecord) -> tuple[str, str]:
    return (agent.agent.label.casefold(), agent.agent.id)


def _head(record: RunRecord, style: Style) -> Iterator[str]:
    head = record.head
    words = f"{head.kind} of {terminal(head.tenant) or 'an unknown tenant'}, {_STATES[record.state]}"
    yield f"{style.bold(terminal(head.run))}: {words}"
    if record.damage:
        yield style.red(_damage(record))
    facts = (
        ("Started", _instant(head.started_at)),
        ("Ended", "" if record.ended_at is None else _instant(record.ended_at)),
        ("By", head.who),
        ("Commit", head.commit),
        ("Digest", head.digest),
        ("Allowed", ", ".join(head.allowed)),
        ("Undoes", head.reverts),
    )
    yield from (f"{name + ':':<9}{terminal(value)}" for name, value in facts if value)
    yield f"{'Agents:':<9}{_counted(record) or 'none'}"


def _counted(record: RunRecord) -> str:
    counts = Counter(_status(agent) for agent in record.agents)
    words = [*(_word(status) for status in Status), _word(None)]
    return ", ".join(f"{counts[word]} {word}" for word in words if counts[word])


def _agent(agent: AgentRecord, style: Style) -> Iterator[str]:
    status = _status(agent)
    paint = style.yellow if agent.is_doubtful else style.green if agent.is_as_planned else style.red
    team = "" if agent.team is None else f", {terminal(agent.team)}"
    message = f": {terminal(agent.message)}" if agent.message else ""
    yield f"{paint(status)} {style.bold(terminal(agent.agent.label))}{team}{message}"
    if agent.resolved_by:
        yield f"    found out by run {terminal(agent.resolved_by)}"
    names = [terminal(each.skill.name) for each in agent.skills]
    width = max(map(columns, names), default=0)
    mark = "?" if agent.is_doubtful else " "
    for each, name in zip(agent.skills, names, strict=True):
        value = f"{value_words(each.before)} -> {value_words(each.after)}"
        yield f"  {mark} {padded(name, width)}  {value}"


def _status(agent: AgentRecord) -> str:
    return _word(agent.status)


def _word(status: Status | None) -> str:
    return "in doubt" if status is None else status.value.replace("_", " ")


def runs_as_json(records: Iterable[RunRecord]) -> str:
    """Write the runs as one document, in ASCII; one run is a list of one."""
    document = {"format_version": FORMAT_VERSION, "runs": [_run_as_dict(record) for record in records]}
    return json.dumps(document, indent=2) + "\n"


def _run_as_dict(record: RunRecord) -> dict[str, object]:
    head = record.head
    return {
        "run": head.run,
        "kind": head.kind.value,
        "tenant": head.tenant,
        "digest": head.digest,
        "state": record.state.value,
        "started_at": _instant(head.started_at),
        "ended_at": None if record.ended_at is None else _instant(record.ended_at),
        "who": head.who,
        "commit": head.commit,
        "allowed": list(head.allowed),
        "reverts": head.reverts,
        "damage": record.damage,
        "agents": [_agent_as_dict(agent) for agent in sorted(record.agents, key=_place)],
    }


def _agent_as_dict(record: AgentRecord) -> dict[str, object]:
    agent = record.agent
    return {
        "agent": {"id": agent.id, "email": agent.email, "user_name": agent.user_name, "ref": agent.ref},
        "team": record.team,
        "status": record.status and record.status.value,
        "message": record.message,
        "doubtful": record.is_doubtful,
        "resolved_by": record.resolved_by,
        "skills": [_skill_as_dict(each) for each in record.skills],
    }


def _skill_as_dict(each: WrittenSkill) -> dict[str, object]:
    return {
        "skill": {"id": each.skill.id, "name": each.skill.name},
        "before": _value_as_dict(each.before),
        "after": _value_as_dict(each.after),
    }


def _value_as_dict(value: Assignment | None) -> dict[str, object] | None:
    return None if value is None else {"proficiency": value.proficiency, "available": value.available}


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
