"""Makes the big tenant that is measured: desired state in files, and the listing of a tenant that differs a little.

Equal sizes give equal bytes everywhere, so figures of two machines or two commits are about the same work.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from uuid import UUID

import children

AGENTS_PER_FILE = 200
AGENTS_PER_PAGE = 500
SKILLS_PER_AGENT = 20
# One agent in so many holds something else than what is declared.
CHANGED_EVERY = 100

# Counts up when the data change, so that nothing old is measured.
_EDITION = 1
_TOPICS = (
    *("Accounts", "Billing", "Broadband", "Claims", "Devices", "Insurance", "Loyalty", "Onboarding", "Payments"),
    *("Retention", "Returns", "Sales", "Shipping", "Subscriptions", "Travel", "Warranty", "Wholesale"),
)
_REGIONS = ("Americas", "APAC", "EMEA", "Iberia", "Nordics")
_FIRST_NAMES = ("Amara", "Bilal", "Chiara", "Daniel", "Elena", "Felix", "Hana", "Igor", "Kofi", "Leila", "Priya")
_LAST_NAMES = ("Abebe", "Berg", "Costa", "Eriksen", "Fontana", "Garcia", "Horvat", "Khan", "Nguyen", "Petrov", "Zhang")
_SHARE_AVAILABLE = 0.95
# So high that no request waits: what is measured is work.
_TENANT = """\
version: 1
tenant: {name: big, api: simulator, rate_limit: {requests: 100000, per_seconds: 1}}
"""

# Skill number -> (proficiency, available).
_Set = dict[int, tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Data:
    """Where the data of one size lie: `desired` is a tenant's folder, `pages` holds `skills.json` and `N.json`."""

    agents: int
    folder: Path

    @property
    def desired(self) -> Path:
        """The folder of the desired state."""
        return self.folder / "desired"

    @property
    def pages(self) -> Path:
        """The folder of the listing."""
        return self.folder / "pages"

    @property
    def files(self) -> list[Path]:
        """The files of agents, in order."""
        return sorted((self.desired / "agents").iterdir())


def skill_names() -> list[str]:
    """Give the names of all skills."""
    return [f"{topic} {region}" for topic in _TOPICS for region in _REGIONS]


def prepared(agents: int, cache: Path) -> Data:
    """Give the data for `agents` agents (a multiple of a page's 500), made now if the cache has none."""
    data = Data(agents, cache / f"{agents}-agents-{_EDITION}")
    if not data.folder.exists():
        print(f"making the data of {agents:,} agents, once", file=sys.stderr, flush=True)
        children.run("data:generate", agents, cache)
    return data


def part_of(data: Data, agents: int, folder: Path) -> Path:
    """Make a folder of desired state with about the first `agents` agents in whole files, as links."""
    (folder / "agents").mkdir(parents=True)
    shutil.copy(data.desired / "tenant.yaml", folder)
    for file in data.files[: round(agents / AGENTS_PER_FILE)]:
        try:
            os.link(file, folder / "agents" / file.name)
        except OSError:  # across file systems, or where there are no links
            shutil.copy(file, folder / "agents")
    return folder


def generate(agents: str, cache: str) -> children.Numbers:
    """Write the data of one size, whole or not at all."""
    Path(cache).mkdir(parents=True, exist_ok=True)
    made = Data(int(agents), Path(mkdtemp(dir=cache)))
    (made.desired / "agents").mkdir(parents=True)
    made.pages.mkdir()
    (made.desired / "tenant.yaml").write_text(_TENANT, encoding="utf-8")
    _Generator(made).write()
    kept = Data(int(agents), Path(cache) / f"{agents}-agents-{_EDITION}")
    try:
        made.folder.rename(kept.folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(made.folder)
    return {}


class _Generator:
    """Draws the agents one by one; a file and a page are written as soon as they are full."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._random = Random(data.agents)  # noqa: S311 - chance that repeats itself
        self._skills = [(self._make_id(), name) for name in skill_names()]

    def write(self) -> None:
        """Write everything."""
        skills = [{"id": skill_id, "name": name, "active": True} for skill_id, name in self._skills]
        self._write_page("skills.json", {"skills": skills, "page": 1, "pageSize": 500, "total": len(skills)})
        lines: list[str] = []
        page: list[object] = []
        for number, (email, names, declared) in enumerate(self._agents()):
            lines += self._declare(email, declared)
            page.append(self._listed(email, names, self._live(number, declared)))
            if (number + 1) % AGENTS_PER_FILE == 0:
                self._write_file(number // AGENTS_PER_FILE, lines)
                lines = []
            if len(page) == AGENTS_PER_PAGE:
                at = number // AGENTS_PER_PAGE + 1
                frame = {"page": at, "pageSize": AGENTS_PER_PAGE, "total": self._data.agents}
                self._write_page(f"{at}.json", {"agents": page, **frame})
                page = []

    def _agents(self) -> Iterator[tuple[str, tuple[str, str], _Set]]:
        draw = self._random
        for number in range(self._data.agents):
            first, last = draw.choice(_FIRST_NAMES), draw.choice(_LAST_NAMES)
            held = draw.sample(range(len(self._skills)), SKILLS_PER_AGENT)
            levels = draw.choices(range(101), k=SKILLS_PER_AGENT)
            email = f"{first}.{last}.{number}@example.com".lower()
            declared = {
                skill: (level, draw.random() < _SHARE_AVAILABLE) for skill, level in zip(held, levels, strict=True)
            }
            yield email, (first, last), declared

    def _live(self, number: int, declared: _Set) -> _Set:
        """Give what the tenant holds: the same but for a few agents, in turn a level, a skill more, a skill less."""
        if number % CHANGED_EVERY:
            return declared
        first, (level, available) = next(iter(declared.items()))
        match number // CHANGED_EVERY % 3:
            case 0:
                return {**declared, first: ((level + 7) % 101, available)}
            case 1:
                extra = next(skill for skill in range(len(self._skills)) if skill not in declared)
                return {**declared, extra: (50, True)}
            case _:
                return {skill: value for skill, value in declared.items() if skill != first}

    def _declare(self, email: str, declared: _Set) -> Iterator[str]:
        yield f"  {email}:\n    skills:\n"
        for skill, (level, available) in declared.items():
            value = str(level) if available else f"{{proficiency: {level}, available: false}}"
            yield f"      {self._skills[skill][1]}: {value}\n"

    def _listed(self, email: str, names: tuple[str, str], live: _Set) -> Mapping[str, object]:
        return {
            "id": self._make_id(),
            "userName": email.partition("@")[0],
            "email": email,
            "firstName": names[0],
            "lastName": names[1],
            "active": True,
            "version": self._random.randrange(1, 100),
            "skills": [
                {
                    "skill": {"id": self._skills[skill][0], "name": self._skills[skill][1]},
                    "proficiency": level,
                    "available": available,
                }
                for skill, (level, available) in live.items()
            ],
        }

    def _write_file(self, number: int, lines: list[str]) -> None:
        path = self._data.desired / "agents" / f"{number:05}.yaml"
        path.write_text(f"team: Team {number}\nagents:\n{''.join(lines)}", encoding="utf-8")

    def _write_page(self, name: str, document: Mapping[str, object]) -> None:
        (self._data.pages / name).write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")

    def _make_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
