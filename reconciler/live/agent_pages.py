"""Checks pages of agents, and single agents: strict and fast first, agent by agent only where one of them is odd."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
import msgspec

from reconciler.live.addresses import is_addressable
from reconciler.live.decode import Malformed, body_of, check_keys, decoded, reason_of, refuse_duplicates
from reconciler.live.records import (
    AgentRow,
    NamedAgent,
    decode_agent,
    decode_agent_page,
    decode_identity,
    decode_named_agent,
    decode_named_page,
    decode_raw_agent_page,
    version_of,
)
from reconciler.model.answers import AgentState
from reconciler.model.assignments import Assignment


@dataclass(frozen=True, slots=True)
class OddAgent:
    """An agent whose record makes no sense; the reason in words."""

    id: str
    user_name: str
    email: str
    reason: str


@dataclass(slots=True)
class CheckedPage:
    """A page of agents; `body` is kept for the names of skills that turn up unannounced."""

    page: int
    page_size: int
    total: int
    agents: list[AgentRow]
    body: bytes
    odd: list[OddAgent] = field(default_factory=list)

    def skill_names(self) -> dict[str, str | None]:
        """Give `{skill id: name}` of every skill on the page, as far as the page says."""
        try:
            return _names_in(decode_named_page(self.body).agents)
        except msgspec.DecodeError:
            return {}


def _names_in(agents: Iterable[NamedAgent]) -> dict[str, str | None]:
    return {row.skill.id: row.skill.name for agent in agents for row in agent.skills or ()}


def read_agent_page(response: httpx.Response) -> CheckedPage:
    """Check one page; Malformed when it is not a page at all."""
    body = body_of(response)
    try:
        page = decode_agent_page(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _one_by_one(body)
    sets = [agent.skills for agent in page.agents if agent.skills is not None]
    rows = sum(map(len, sets))
    check_keys(body, {b'"skills"': len(sets), b'"proficiency"': rows, b'"available"': rows})
    checked = CheckedPage(page.page, page.page_size, page.total, page.agents, body)
    if not all(is_addressable(agent.id) for agent in page.agents):
        return _one_by_one(body)
    return checked


def _one_by_one(body: bytes) -> CheckedPage:
    page = decoded(decode_raw_agent_page, body)
    checked = CheckedPage(page.page, page.page_size, page.total, [], body)
    for raw in page.agents:
        record = bytes(raw)
        refuse_duplicates(record)
        try:
            agent = decode_agent(record)
        except (msgspec.DecodeError, RecursionError) as error:
            checked.odd.append(_odd(record, error))
        else:
            if is_addressable(agent.id):
                checked.agents.append(agent)
            else:
                checked.odd.append(_odd(record, Malformed("its id cannot stand in an address")))
    return checked


def _odd(record: bytes, error: Exception) -> OddAgent:
    identity = decoded(decode_identity, record)
    user_name = identity.user_name if isinstance(identity.user_name, str) else ""
    email = identity.email if isinstance(identity.email, str) else ""
    return OddAgent(identity.id, user_name, email, why(error))


def why(error: Exception) -> str:
    """Say what makes no sense about an agent's record."""
    if isinstance(error, RecursionError):
        return "its record is nested too deeply"
    return reason_of(error) if isinstance(error, msgspec.DecodeError) else str(error)


@dataclass(frozen=True, slots=True)
class SingleAgent:
    """The answer about one agent: its row and `If-Match` version, or why it makes no sense."""

    agent: AgentRow | None
    version: str | None
    odd: OddAgent | None
    body: bytes

    def skill_names(self) -> dict[str, str | None]:
        """Give `{skill id: name}` of the agent's skills, as far as the answer says."""
        try:
            return _names_in([decode_named_agent(self.body)])
        except msgspec.DecodeError:
            return {}


def read_single(response: httpx.Response, agent_id: str) -> SingleAgent:
    """Check the answer about one agent. Malformed when it is no agent, or another one."""
    body = body_of(response)
    identity = decoded(decode_identity, body)
    refuse_duplicates(body)
    if identity.id.casefold() != agent_id.casefold():
        message = "it is about another agent than was asked for"
        raise Malformed(message)
    try:
        agent = decode_agent(body)
    except msgspec.DecodeError as error:
        return SingleAgent(None, None, _odd(body, error), body)
    if agent.skills is None:
        return SingleAgent(None, None, _odd(body, Malformed("it does not say which skills the agent has")), body)
    return SingleAgent(agent, version_of(agent.version, response.headers), None, body)


def state_of(agent: AgentRow, version: str | None) -> AgentState:
    """Give an agent's whole set; of a skill that it holds twice the last row counts."""
    rows = agent.skills or ()
    return AgentState(agent.id, version, {row.skill.id: Assignment(row.proficiency, row.available) for row in rows})
