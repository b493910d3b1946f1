"""The dialect `admin-v2`: skills and agents in pages, one agent by id, one PATCH that replaces an agent's whole set."""

import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

import httpx
import msgspec

from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import TenantError
from reconciler.live.agent_pages import CheckedPage, SingleAgent, read_agent_page, read_single, state_of
from reconciler.live.census import Census
from reconciler.live.connection import Connection, Glance, Requests, Tenant
from reconciler.live.crew import for_each
from reconciler.live.decode import body_of, decoded, refuse_duplicates
from reconciler.live.failures import incomplete
from reconciler.live.listing import MAX_LISTINGS, Listing, Reading
from reconciler.live.records import SkillPage, decode_skill_page, version_in
from reconciler.live.session import Dialect, Session, open_session
from reconciler.live.write_answers import judge, judge_failure
from reconciler.model.agents import LiveState
from reconciler.model.answers import AgentState, WriteAnswer
from reconciler.model.assignments import Assignment
from reconciler.model.skills import Skill, SkillCatalog

_DIALECT = Dialect(token_path=("oauth", "token"), read_scope="admin:agent:read")
_SKILLS = ("api", "v2", "skills")
_AGENTS = ("api", "v2", "agents")
_ID_LIKE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@asynccontextmanager
async def open_driver(connection: Connection, clock: Clock, random: Random, *, writable: bool) -> AsyncIterator[Tenant]:
    """Open a tenant that speaks this dialect."""
    async with open_session(connection, _DIALECT, clock, random, writable=writable) as session:
        yield AdminV2(session)


class AdminV2:
    """The driver; see `connection.Tenant` for what its methods promise."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Whether the last listing of agents, if there was one, said what they hold.
        self._is_inline = False

    @property
    def requests(self) -> Requests:
        """What has been sent so far."""
        return self._session.tally.requests

    async def read_skills(self) -> SkillCatalog:
        """Read every skill."""
        found: dict[str, Skill] = {}

        def absorb(page: SkillPage) -> int:
            found.update((row.id, Skill(row.id, row.name, row.active)) for row in page.skills)
            return len(page.skills)

        seen = ""
        for _ in range(MAX_LISTINGS):
            found.clear()
            reading = await Listing(self._session, _SKILLS, read=_read_skill_page, absorb=absorb).run()
            if reading.is_steady and len(found) == reading.total:
                return SkillCatalog(found.values())
            seen = f"{len(found)} found of {reading.total}"
        raise incomplete("skills", f"{MAX_LISTINGS} readings did not agree with themselves, the last: {seen}")

    async def glance(self) -> Glance:
        """Read a page of one agent; where it names no version, that agent by id too, whose ETag may."""
        page = await self._session.ask(self._session.addresses.of(*_AGENTS, page=1, pageSize=1), read_agent_page)
        if not page.agents:
            return Glance(page.total, None)
        first = page.agents[0]
        version = version_in(first.version)
        if version is None and (single := await self._single(first.id)) is not None:
            version = single.version
        return Glance(page.total, version is not None)

    async def read_agents(
        self,
        catalog: SkillCatalog,
        wanted: Collection[str] | None,
        progress: Callable[[int, int], None] | None = None,
        *,
        graded: bool = False,
    ) -> LiveState:
        """Read every agent, as often as it takes to be sure of those who are wanted, within three listings.

        One who is not listed counts as gone when a GET by id says so, or when a second listing lacks them too.
        """
        census = Census(catalog, wanted, graded=graded)
        gone: set[str] = set()
        missing: set[str] = set()
        listings = 0
        while True:
            listings += 1
            census.begin_round(with_refs=bool(missing))
            reading = await self._list(census, progress)
            is_settled = reading.is_steady and census.unique == reading.total
            missing = census.missing() - gone
            if missing and (is_settled or listings == MAX_LISTINGS):
                gone |= await self._ask_by_id(census, missing, reading.pages)
                missing = census.missing() - gone
            if listings == MAX_LISTINGS or (is_settled and (listings > 1 or not missing)):
                break
        if missing and not is_settled:
            raise incomplete("agents", f"it kept moving, and {len(missing)} of the agents asked for were not in it")
        await self._ask_singly(census, sorted(census.vanished | census.unresolved))
        return census.state(reading.pages, moved=not is_settled)

    async def read_agent(self, agent_id: str) -> AgentState | None:
        """Read one agent; None when there is none."""
        single = await self._single(agent_id)
        if single is None:
            return None
        if single.agent is None:
            reason = single.odd.reason if single.odd else "no reason given"
            message = f"the record of agent {agent_id} makes no sense: {reason}"
            raise TenantError(
                Diagnostic("agent-unreadable", message, "look at this agent in the tenant's administration")
            )
        return state_of(single.agent, single.version)

    async def read_sets(self, agent_ids: Collection[str]) -> dict[str, AgentState]:
        """Read many agents again; those gone or unreadable are left out."""
        wanted = frozenset(agent_ids)
        states: dict[str, AgentState] = {}

        def absorb(page: CheckedPage) -> int:
            for agent in page.agents:
                if agent.id in wanted and agent.skills is not None:
                    states[agent.id] = state_of(agent, version_in(agent.version))
            return len(page.agents) + len(page.odd)

        async def ask(agent_id: str) -> None:
            single = await self._single(agent_id)
            if single is not None and single.agent is not None:
                states[agent_id] = state_of(single.agent, single.version)

        if self._is_inline:
            await Listing(self._session, _AGENTS, read=read_agent_page, absorb=absorb).run()
        await for_each(sorted(wanted - states.keys()), ask, self._width)
        return states

    def adjacent(self) -> AbstractAsyncContextManager[None]:
        """Let what is read and then written within leave without a wait between."""
        return self._session.adjacent()

    async def write_agent(
        self,
        agent_id: str,
        assignments: Mapping[str, Assignment],
        version: str | None,
        departing: Callable[[], None] | None = None,
    ) -> WriteAnswer:
        """Replace the agent's whole set."""
        rows = [
            {"skill": {"id": skill_id}, "proficiency": assignment.proficiency, "available": assignment.available}
            for skill_id, assignment in sorted(assignments.items())
        ]
        headers = {"Content-Type": "application/json"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        url = self._session.addresses.of(*_AGENTS, agent_id)
        request = self._session.request("PATCH", url, msgspec.json.encode({"skills": rows}), headers, departing)
        try:
            response = await self._session.send(request)
        except httpx.RequestError as error:
            return judge_failure(error)
        return judge(response, agent_id, self._session)

    @property
    def _width(self) -> int:
        return self._session.connection.max_concurrency

    async def _list(self, census: Census, progress: Callable[[int, int], None] | None) -> Reading:
        listing = Listing(self._session, _AGENTS, read=read_agent_page, absorb=census.absorb, progress=progress)
        reading = await listing.run()
        self._is_inline = census.is_inline
        return reading

    async def _single(self, agent_id: str) -> SingleAgent | None:
        url = self._session.addresses.of(*_AGENTS, agent_id)
        return await self._session.ask_if_there(url, lambda response: read_single(response, agent_id))

    async def _ask_by_id(self, census: Census, refs: Collection[str], pages: int) -> frozenset[str]:
        """Ask for those of `refs` that look like ids, as long as that takes less than a listing; give those gone."""
        ids = sorted(ref for ref in refs if _ID_LIKE.fullmatch(ref))
        if len(ids) >= pages:
            return frozenset()
        await self._ask_singly(census, ids)
        return frozenset(ids) & census.missing()

    async def _ask_singly(self, census: Census, agent_ids: Collection[str]) -> None:
        async def ask(agent_id: str) -> None:
            census.absorb_single(agent_id, await self._single(agent_id))

        await for_each(agent_ids, ask, min(self._width, len(agent_ids)))


def _read_skill_page(response: httpx.Response) -> SkillPage:
    body = body_of(response)
    page = decoded(decode_skill_page, body)
    refuse_duplicates(body)
    return page
