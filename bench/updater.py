"""The simple updater that one writes first: PATCHes every agent without looking, ten at a time, and tries thrice."""

import asyncio
from collections.abc import Mapping

import httpx

from reconciler.live import ASGIApp
from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, SkillSet

_AT_ONCE = 10
_TRIES = 3


class Updater:
    """Sends what is desired; `failed` are the agents it gave up on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failed: set[str] = set()

    async def run(self, desired: Mapping[str, SkillSet]) -> None:
        """Write all agents: `{agent id: whole set}`."""
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator.localhost") as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": DEMO_CLIENT_ID,
                "client_secret": DEMO_CLIENT_SECRET,
            }
            answer = await client.post("/oauth/token", data=form)
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            places = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(self._write(client, places, *agent) for agent in desired.items()))

    async def _write(
        self, client: httpx.AsyncClient, places: asyncio.Semaphore, agent_id: str, skills: SkillSet
    ) -> None:
        body = {
            "skills": [
                {"skill": {"id": skill_id}, "proficiency": held.proficiency, "available": held.available}
                for skill_id, held in skills.items()
            ]
        }
        async with places:
            for attempt in range(_TRIES):
                answer = await client.patch(f"/api/v2/agents/{agent_id}", json=body)
                if answer.is_success:
                    return
                if attempt + 1 < _TRIES:
                    await asyncio.sleep(2**attempt)
        self.failed.add(agent_id)
