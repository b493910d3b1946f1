"""Everybody else who works on the tenant meanwhile: edits, deletions, creations, and requests that use up its limit."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from reconciler.simulator import App, Assignment, Tenant, VirtualTime
from tests.simulation.people import IGNORED, People, visible


@dataclass
class Outsiders:
    """Acts on the tenant, one random thing at a time; `acts` counts what was done."""

    app: App
    people: People
    random: Random
    acts: Counter[str] = field(default_factory=Counter)

    @property
    def _tenant(self) -> Tenant:
        return self.app.tenant

    async def keep_busy(self, what: str, per_s: float, time: VirtualTime) -> None:
        """Do `what` again and again, until cancelled; for a while only, or the simulation itself would never end."""
        act = ACTS[what]
        for _ in range(200):
            await time.sleep(self.random.expovariate(per_s))
            act(self)
            self.acts[what] += 1

    def edit(self) -> None:
        """Set or remove a skill of somebody managed."""
        agent_id = self._somebody()
        if agent_id is not None:
            skills = [skill_id for skill_id in self._tenant.skills if skill_id != IGNORED.id]
            value = None if self.random.random() < 0.3 else Assignment(self.random.randrange(101), self._coin())
            self._tenant.edit_skills(agent_id, {self.random.choice(skills): value})

    def edit_as_planned(self) -> None:
        """Do by hand what the files ask for: one skill, or the whole set."""
        agent_id = self._somebody()
        if agent_id is None:
            return
        wanted = self.people.wishes.sets[agent_id]
        held = visible(self._tenant.agents[agent_id].skills)
        changes: dict[str, Assignment | None] = {
            skill_id: wanted.get(skill_id) for skill_id in sorted({*wanted, *held})
        }
        if self._coin() and changes:
            skill_id = self.random.choice(sorted(changes))
            changes = {skill_id: changes[skill_id]}
        self._tenant.edit_skills(agent_id, changes)

    def edit_ignored(self) -> None:
        """Change the skill that `ignore_skills` leaves to others."""
        agent_id = self._somebody()
        if agent_id is not None:
            value = None if self.random.random() < 0.3 else Assignment(self.random.randrange(101))
            self._tenant.edit_skills(agent_id, {IGNORED.id: value})

    def delete(self) -> None:
        """Delete somebody, managed or not; seldom, or nobody would be left."""
        if len(self._tenant.agents) > 1 and self.random.random() < 0.3:
            self._tenant.delete_agent(self.random.choice(list(self._tenant.agents)))

    def create(self) -> None:
        """Create somebody whom the files already name, or a stranger."""
        for agent in self.people.late:
            if agent.id not in self._tenant.agents:
                self._tenant.put_agent(agent)
                return
        if len(self._tenant.agents) < 60:
            number = self.random.getrandbits(32)
            model = self.people.seed.agents[0]
            name = f"stranger{number}"
            self._tenant.put_agent(replace(model, id=name, user_name=name, email=f"{name}@example.com", skills={}))

    def deactivate(self) -> None:
        """Deactivate a skill, for as long as the trouble lasts."""
        skill = self.random.choice([skill for skill in self._tenant.skills.values() if skill != IGNORED])
        self._tenant.put_skill(replace(skill, active=False))

    def request(self) -> None:
        """Use up some of the tenant's rate limit."""
        for _ in range(self.random.randint(1, 5)):
            self.app.window.arrive(self._tenant.clock())

    def go_home(self) -> None:
        """Put the list of skills back as it was; what was done to agents stays."""
        for skill in self.people.seed.skills:
            if not self._tenant.skills[skill.id].active:
                self._tenant.put_skill(skill)

    def _somebody(self) -> str | None:
        managed = [agent_id for agent_id in self.people.wishes.sets if agent_id in self._tenant.agents]
        return self.random.choice(managed) if managed else None

    def _coin(self) -> bool:
        return self.random.random() < 0.5


ACTS: Mapping[str, Callable[[Outsiders], None]] = {
    "edit": Outsiders.edit,
    "edit-as-planned": Outsiders.edit_as_planned,
    "edit-ignored": Outsiders.edit_ignored,
    "delete": Outsiders.delete,
    "create": Outsiders.create,
    "deactivate": Outsiders.deactivate,
    "request": Outsiders.request,
}
