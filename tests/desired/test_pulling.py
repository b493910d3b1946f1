"""What is pulled from a tenant is read back as that tenant, beside whatever the files say already."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from reconciler import pipeline
from reconciler.desired.writing import (
    Declared,
    Group,
    Pulled,
    Team,
    TenantDraft,
    Wish,
    pull,
    select,
    write_tenant,
)
from reconciler.desired.writing.layout import canonical
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveState
from reconciler.model.desired import DesiredState
from reconciler.plan.change import Plan
from reconciler.plan.scope import Filters
from reconciler.simulator import Agent, Assignment, Behaviour, Seed, Skill, Tenant, make_app
from tests.conftest import VirtualClock
from tests.desired.test_writing import HOSTILE

SEEDS, CHUNKS = 1000, 8


def crowd(random: Random) -> Tenant:
    """Make a tenant of odd names, whose agents hold much in common."""
    names = [name for name in HOSTILE if name]

    def name(plain: str) -> str:
        return random.choice(names) if random.random() < 0.3 else plain

    skills = tuple(Skill(f"s{n}", name(f"Skill {n}"), random.random() < 0.9) for n in range(random.randint(1, 12)))
    sets = [held(random, skills, 0.7) for _ in range(random.randint(1, 3))]
    agents = tuple(
        Agent(
            f"id-{n}",
            name(f"u{n}"),
            name(f"a{n}@example.com"),
            "F",
            "L",
            random.choice(sets) | held(random, skills, 0.1),
            random.random() < 0.9,
        )
        for n in range(random.randint(0, 20))
    )
    behaviour = Behaviour(inline_skills=random.random() < 0.8, versioned=random.random() < 0.8, limit=None)
    return Tenant(Seed(skills, agents), behaviour, clock=lambda: 0.0)


def held(random: Random, skills: tuple[Skill, ...], share: float) -> dict[str, Assignment]:
    level = random.choice((60, 80))
    chosen = [skill.id for skill in skills if random.random() < share]
    return {skill: Assignment(random.choice((level, level, 5)), random.random() < 0.9) for skill in chosen}


@dataclass(frozen=True)
class Centre:
    """A tenant, and a folder that is to describe it."""

    context: pipeline.Context

    @classmethod
    def of(cls, tenant: Tenant, folder: Path, ignored: Mapping[str, str] | None = None) -> "Centre":
        """Begin with `tenant.yaml` alone."""
        clock = VirtualClock()
        app = make_app(tenant, sleep=clock.sleep, random=Random(1))
        context = pipeline.Context(
            root=folder / "desired-state",
            environ={"RECONCILE_STATE_DIR": str(folder / "state")},
            clock=clock,
            random=Random(1),
            embedded=lambda _folder, _name: app,
            stage=lambda _text: None,
        )
        context.root.mkdir()
        text = write_tenant(TenantDraft("acme", "simulator", ignored=ignored or {}))
        (context.root / "tenant.yaml").write_bytes(text.encode())
        return cls(context)

    def desired(self) -> DesiredState:
        """Load the files; there must be nothing wrong with them."""
        chosen = pipeline.load_one(self.context, None, may_be_empty=True)
        assert chosen.warnings == ()
        return chosen.desired

    def survey(self) -> LiveState:
        """Read the tenant."""
        return asyncio.run(pipeline.survey(self.context, self.desired()))

    def pull(self, wish: Wish, *, force: bool = False, profiles: bool = False, most: int = 1 << 20) -> Pulled:
        """Pull as the command does, and put the files down."""
        desired, state = self.desired(), self.survey()
        groups = select(state, desired, Declared(desired, state), wish)
        now = self.context.clock.now()
        made = pull(
            state, desired, groups, now, below="", may_replace=force, has_profiles=profiles, max_file_bytes=most
        )
        for file in made.written.files:
            path = self.context.root / file.path
            assert file.path in made.replaced or not path.exists()
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(file.text.encode())
        assert all(canonical(file.text) == file.text for file in made.written.files)
        return made

    def plan(self) -> Plan:
        """Compare the whole tenant."""
        return asyncio.run(pipeline.plan(self.context, self.desired(), Filters()))

    def files(self) -> dict[str, bytes]:
        """Read what is there."""
        found = sorted(self.context.root.rglob("*.yaml"))
        return {path.relative_to(self.context.root).as_posix(): path.read_bytes() for path in found}


def ignored(random: Random) -> dict[str, str]:
    return dict.fromkeys(
        random.sample(("Skill 1*", "Skill 3", "a*", "s2"), random.choice((0, 0, 1, 2))), "others own it"
    )


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_plan_after_a_pull_is_empty(chunk: int) -> None:
    """For 1,000 random tenants: everyone is written or left out for a reason; with profiles and without."""
    for seed in range(chunk, SEEDS, CHUNKS):
        random = Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            centre = Centre.of(crowd(random), Path(folder), ignored(random))
            most = random.choice((600, 1 << 20))
            made = centre.pull(Wish(takes_inactive=True), profiles=seed % 2 == 0, most=most)
            declared = sum(file.agents for file in made.written.files)
            assert declared + len(made.written.left_out) == len(centre.survey().agents), seed
            assert all(len(file.text.encode()) <= most or file.agents == 1 for file in made.written.files), seed
            if declared:
                plan = centre.plan()
                assert (plan.changes, plan.summary.agents_managed, plan.summary.agents_missing) == ((), declared, 0), (
                    seed
                )


@pytest.mark.parametrize("chunk", range(2))
def test_a_pull_beside_files_writes_the_others_and_with_force_all_anew(chunk: int) -> None:
    """No file changes that is not replaced; nobody is declared twice; what was written is what is live."""
    for seed in range(chunk, 200, 2):
        random = Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            tenant = crowd(random)
            centre = Centre.of(tenant, Path(folder), ignored(random))
            team = Team("Night", ("a1*", "u2*", "id-3"))
            if any(team.holds(agent) for agent in centre.survey().agents):
                centre.pull(Wish(teams=(team,), takes_inactive=True), profiles=random.random() < 0.5)
            skills = tuple(tenant.skills.values())
            for agent in list(tenant.agents.values()):
                if random.random() < 0.3:
                    tenant.edit_skills(agent.id, held(random, skills, 0.5))
            before = centre.files()
            beside = centre.pull(Wish(takes_inactive=True), profiles=random.random() < 0.5)
            assert before.items() <= centre.files().items(), seed
            new = {file.path for file in beside.written.files}
            if centre.desired().tables:
                assert not [change for change in centre.plan().changes if change.source.file in new], seed
            centre.pull(Wish(takes_inactive=True), force=True, profiles=random.random() < 0.5)
            if centre.desired().tables:
                gone = {file for file in centre.files() if file not in before and file not in new}
                assert not gone, seed
                assert all(change.source.file not in new for change in centre.plan().changes), seed


@pytest.mark.parametrize("has_profiles", [False, True])
def test_equal_tenants_give_equal_bytes(has_profiles: bool) -> None:
    """Whatever the order of the listing."""
    for seed in range(20):
        with tempfile.TemporaryDirectory() as folder:
            centre = Centre.of(crowd(Random(seed)), Path(folder))
            state, desired, now = centre.survey(), centre.desired(), centre.context.clock.now()
        turned = replace(state, agents=state.agents[::-1])
        made = [
            pull(
                each,
                desired,
                [Group(None, each.agents)],
                now,
                below="",
                may_replace=False,
                has_profiles=has_profiles,
            )
            for each in (state, turned)
        ]
        assert made[0].written.files == made[1].written.files


def people() -> Tenant:
    skills = (Skill("1", "Billing"), Skill("2", "Fax", active=False))
    held = {"1": Assignment(60)}
    return Tenant(
        Seed(
            skills,
            (
                Agent("i1", "ana", "ana@example.com", "F", "L", held),
                Agent("i2", "bo", "bo@example.com", "F", "L", held),
                Agent("i3", "cy", "cy@example.com", "F", "L", held, active=False),
                Agent("i4", "dee", "dee@example.com", "F", "L", {"2": Assignment(5)}),
            ),
        ),
        clock=lambda: 0.0,
    )


def names(pulled: Pulled) -> list[str]:
    texts = "".join(file.text for file in pulled.written.files)
    return [name for name in ("ana", "bo", "cy", "dee") if f"  {name}@example.com:\n" in texts]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(), ["ana", "bo"]),
        (Wish(takes_inactive=True), ["ana", "bo", "cy"]),
        (Wish(("B*",)), ["bo"]),
        (Wish(("i1", "BO@example.com")), ["ana", "bo"]),
        (Wish(("cy",)), ["cy"]),
        (Wish(("*y",), takes_inactive=True), ["cy"]),
        (Wish(("a*",), (Team("New", ("*",)),)), ["ana"]),
        (Wish((), (Team("New", ("a*",)), Team("Rest", ("*",)))), ["ana", "bo"]),
    ],
)
def test_who_is_taken(tmp_path: Path, wish: Wish, expected: list[str]) -> None:
    """Filters narrow each other; the inactive only on request or by name; who holds a dead skill is left out."""
    assert names(Centre.of(people(), tmp_path).pull(wish)) == expected


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(("anna",)), "pull-nobody"),
        (Wish(("z*", "a*")), "pull-nobody"),
        (Wish((), (Team("Night", ()),)), "team-unknown"),
        (Wish((), (Team("Night", ("z*",)),)), "pull-nobody"),
        (Wish(("a*",), (Team("Night", ("b*",)),)), "pull-nobody"),
    ],
)
def test_a_name_that_means_nobody_is_an_error(tmp_path: Path, wish: Wish, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Centre.of(people(), tmp_path).pull(wish)
    assert {each.code for each in caught.value.diagnostics} == {code}


def write(centre: Centre, name: str, text: str) -> None:
    (centre.context.root / name).parent.mkdir(exist_ok=True)
    (centre.context.root / name).write_text(text, encoding="utf-8")


ANA = "team: Day\nagents: {ana: {skills: {Billing: 5}}}\n"


def test_who_is_declared_stays_in_the_file(tmp_path: Path) -> None:
    """Under whatever name; and a team is known by the files that say so."""
    centre = Centre.of(people(), tmp_path)
    write(centre, "mine.yaml", ANA)
    made = centre.pull(Wish(), force=True)
    assert (names(made), [each.user_name for each in made.already]) == (["bo"], ["ana"])
    assert not centre.pull(Wish((), (Team("Day", ()),)), force=True).written.files


def test_force_writes_a_team_anew(tmp_path: Path) -> None:
    centre = Centre.of(people(), tmp_path)
    write(centre, "agents/day.yaml", ANA + "profiles: {unused: {skills: {Billing: 1}}}\n")
    made = centre.pull(Wish((), (Team("Day", ()),)), force=True)
    assert (made.replaced, names(made), made.already) == (("agents/day.yaml",), ["ana"], ())
    assert centre.plan().changes == ()


@pytest.mark.parametrize(
    ("wish", "other", "code"),
    [
        (Wish(("bo",), (Team("Day", ("bo",)),)), "agents: {dee: {skills: {}}}\n", "pull-loses"),
        (Wish(), "agents: {bo: {profiles: [p]}}\n", "pull-profile"),
        (Wish(), "profiles: {q: {extends: [p]}}\n", "pull-profile"),
        (Wish(), "agents: {bo: {skills: {Bling: 5}}}\n", "skill-unknown"),
        (Wish(), "agents: {bo: {skills: {}}, i2: {skills: {}}}\n", "agent-declared-twice"),
    ],
)
def test_what_would_not_fit_together_is_refused(tmp_path: Path, wish: Wish, other: str, code: str) -> None:
    """Before anything is written: afterwards no plan could be made, or somebody would be lost."""
    centre = Centre.of(people(), tmp_path)
    write(centre, "agents/day.yaml", ANA + "profiles: {p: {skills: {Billing: 1}}}\n")
    write(centre, "other.yaml", other)
    before = centre.files()
    with pytest.raises(InvalidInput) as caught:
        centre.pull(wish, force=True)
    assert caught.value.diagnostics[0].code == code
    assert centre.files() == before


def test_a_file_in_which_somebody_stays_is_barred(tmp_path: Path) -> None:
    """Everyone would take two files, and the one who is left takes the name of a third, which therefore stays."""
    centre = Centre.of(people(), tmp_path)
    write(centre, "agents/all.yaml", "agents: {bo: {skills: {Billing: 5}}}\n")
    desired, state = centre.desired(), centre.survey()
    groups = select(state, desired, Declared(desired, state), Wish())
    made = pull(
        state,
        desired,
        groups,
        centre.context.clock.now(),
        below="",
        may_replace=True,
        has_profiles=False,
        max_file_bytes=1,
    )
    assert (names(made), made.barred, made.replaced) == (["ana"], ("agents/all.yaml",), ())


def test_who_cannot_be_written_again_is_named(tmp_path: Path) -> None:
    """In a replaced file: those whom the tenant lacks, and those whom no file can describe."""
    centre = Centre.of(people(), tmp_path)
    write(centre, "agents/day.yaml", "team: Day\nagents: {ana: {skills: {}}, DEE: {skills: {}}, gone: {skills: {}}}\n")
    made = centre.pull(Wish(), force=True)
    assert made.dropped == ("DEE", "gone")
    assert centre.plan().changes == ()


def test_elsewhere_everyone_is_written_whatever_the_files_say(tmp_path: Path) -> None:
    centre = Centre.of(people(), tmp_path)
    write(centre, "mine.yaml", ANA)
    desired, state = centre.desired(), centre.survey()
    groups = select(state, desired, Declared(desired, state), Wish())
    made = pull(state, desired, groups, centre.context.clock.now(), below=None, may_replace=False, has_profiles=False)
    assert [file.path for file in made.written.files] == ["agents/day.yaml", "agents/others.yaml"]
    assert names(made) == ["ana", "bo"]
