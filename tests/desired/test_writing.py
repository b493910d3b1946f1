"""What is written from a tenant is read back as that tenant: no error, no change, and no reviewer misled."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from yaml import CSafeLoader, load

from reconciler import pipeline
from reconciler.desired.naming import check_name
from reconciler.desired.writing import (
    Group,
    TenantDraft,
    Written,
    choose,
    read_draft,
    scalar,
    write_agents,
    write_tenant,
)
from reconciler.desired.writing.layout import canonical
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import encode, pack
from reconciler.model.desired import DesiredState
from reconciler.model.skills import Skill as LiveSkill
from reconciler.model.skills import SkillCatalog
from reconciler.plan.change import Plan
from reconciler.plan.scope import Filters
from reconciler.simulator import Agent, Assignment, Behaviour, Seed, Skill, Tenant, make_app
from tests.conftest import VirtualClock

HOSTILE = (
    *("no", "off", "Yes", "~", "null", "010", "1e3", "0x1F", "1_000", ".5", ".inf", "12:30", "2026-01-01", "true"),
    *(
        "- x",
        "? x",
        ": x",
        "x: y",
        "x #y",
        "#x",
        "&x",
        "*x",
        "!x",
        "%x",
        "@x",
        "`x`",
        "|",
        ">",
        "<<",
        "=",
        "---",
        "...",
    ),
    *("'", '"', "it's", 'say "hi"', "back\\slash", "a\\n", "{a: b}", "[a]", "a, b", "a*", "a?", "[a-z]", "[!a]"),
    *("Ana", "ana", "ANA", "Billing", "billing", "WFI Break", "Crème", "Cre\u0300me", "Straße", "STRASSE", "日本語"),
    *(
        " a",
        "a ",
        "a\u00a0",
        "a\u00a0b",
        "a\tb",
        "a\nb",
        "a\rb",
        "\x00",
        "a\x1b[31m",
        "\u202eevil",
        "a\u200bb",
        "\ufeffa",
    ),
    *(
        "\ufffd",
        "\u0410na",
        "a\u0301",
        "😀",
        "\ue000",
        "x" * 256,
        "x" * 257,
        "é" * 256,
        "absent",
        "skills",
        "agents",
        "",
    ),
    *("<<<<<<< HEAD", ">>>>>>> x", "a/b", "..", ".", "tenant"),
)
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6).filter(lambda text: text.isprintable()))
IDS = NAMES.filter(bool)
TENANT = DesiredState(read_draft(TenantDraft("acme", "simulator"))[0], (), {})  # type: ignore[arg-type] # it has no fault


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    """Draw a tenant of names that nobody would wish for, many of them shared."""
    skills = draw(st.lists(st.builds(Skill, IDS, NAMES, st.sampled_from((True, True, False))), max_size=6))
    held = st.dictionaries(
        st.one_of(
            st.sampled_from([skill.id for skill in skills] or ["none"]), st.sampled_from(("unlisted", "Billing"))
        ),
        st.builds(Assignment, st.one_of(st.integers(0, 100), st.just(60), st.just(60), st.just(777)), st.booleans()),
        max_size=4,
    )
    agents = draw(
        st.lists(st.builds(Agent, IDS, NAMES, NAMES, st.just("F"), st.just("L"), held, st.booleans()), max_size=6)
    )
    behaviour = Behaviour(
        max_page_size=draw(st.sampled_from((2, 500))),
        inline_skills=draw(st.sampled_from((True, True, False))),
        versioned=draw(st.booleans()),
        limit=None,
    )
    return Tenant(Seed(tuple(skills), tuple(agents)), behaviour, clock=lambda: 0.0)


@dataclass(frozen=True)
class Import:
    """A tenant that was read and written into files below `folder`."""

    context: pipeline.Context
    state: LiveState
    written: Written

    def plan(self) -> Plan:
        """Load the files, and compare."""
        chosen = pipeline.load_one(self.context, None)
        assert chosen.warnings == ()
        return asyncio.run(pipeline.plan(self.context, chosen.desired, Filters()))


def imported(tenant: Tenant, folder: Path, max_file_bytes: int = 1 << 20) -> Import:
    """Import everyone."""
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
    state = asyncio.run(pipeline.survey(context, TENANT))
    choice = choose(state.agents, (), takes_rest=True, takes_inactive=True)
    written = write_agents(state, choice.groups, max_file_bytes)
    texts = {file.path: file.text for file in written.files}
    texts["tenant.yaml"] = write_tenant(TenantDraft("acme", "simulator", ignored=written.ignored))
    for name, text in texts.items():
        path = context.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Import(context, state, written)


def assert_canonical(folder: Path) -> None:
    """`fmt` has nothing to do for what was just written."""
    for path in folder.rglob("*.yaml"):
        text = path.read_bytes().decode()
        assert canonical(text, is_tenant_file=path.name == "tenant.yaml") == text


def agent(name: str, **skills: int) -> Agent:
    held = {skill: Assignment(level) for skill, level in skills.items()}
    return Agent(f"id-{name}", name, f"{name}@example.com", "F", "L", held)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(tenants(), st.sampled_from((1, 400, 1 << 20)))
@example(Tenant(Seed((), (agent("a"),)), clock=lambda: 0.0), 400)
def test_after_an_import_nothing_is_to_be_changed(tenant: Tenant, max_file_bytes: int) -> None:
    """The law of `init`: whatever the tenant holds, the files have no fault, and the plan is empty, twice."""
    with tempfile.TemporaryDirectory() as folder:
        made = imported(tenant, Path(folder), max_file_bytes)
        declared = sum(file.agents for file in made.written.files)
        assert_canonical(made.context.root)
        assert declared + len(made.written.left_out) == len(made.state.agents)
        if not declared:
            return
        for plan in (made.plan(), made.plan()):
            assert plan.changes == ()
            assert (plan.summary.agents_managed, plan.summary.agents_missing) == (declared, 0)
            assert plan.unreadable == ()
    assert all(len(file.text.encode()) <= max_file_bytes or file.agents == 1 for file in made.written.files)


def test_each_odd_name_is_written_or_replaced(tmp_path: Path) -> None:
    """One agent and one skill of each odd name: where the reader refuses it, the user name and the id stand instead."""
    skills = tuple(Skill(f"s{number}", name) for number, name in enumerate(HOSTILE))
    agents = tuple(
        Agent(f"id-{number}", f"u{number}", name, "F", "L", {f"s{number}": Assignment(5)})
        for number, name in enumerate(HOSTILE)
    )
    made = imported(Tenant(Seed(skills, agents)), tmp_path)
    assert (made.written.left_out, made.written.ignored) == ((), {})
    assert_canonical(made.context.root)
    assert made.plan().changes == ()
    assert made.plan().summary.agents_managed == len(HOSTILE)
    refs = {row.strip(' :"') for row in made.written.files[0].text.splitlines()}
    for number, name in enumerate(HOSTILE):
        assert (f"u{number}" in refs) or is_good(name)


@given(tenants())
def test_nobody_is_left_out_without_a_reason(tenant: Tenant) -> None:
    """Who has a good e-mail alone, and holds nothing but good skills that are theirs alone, is always written."""
    with tempfile.TemporaryDirectory() as folder:
        made = imported(tenant, Path(folder))
    names = [name.casefold() for each in made.state.agents for name in {each.id, each.email, each.user_name}]
    skills = [text for each in made.state.catalog.skills for text in {each.id, each.name}]
    good = {
        skill.id
        for skill in tenant.skills.values()
        if skill.active and skills.count(skill.name) == 1 and is_good(skill.name)
    }
    for live, _ in made.written.left_out:
        is_alone = is_good(live.email) and names.count(live.email.casefold()) == 1
        is_readable = live.id not in made.state.unreadable
        assert not (is_alone and is_readable and tenant.agents[live.id].skills.keys() <= good)


def is_good(name: str) -> bool:
    return check_name(name, "name", is_live=True) is None and "\ufffd" not in name


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)).filter(is_good))
def test_every_reader_of_yaml_takes_a_scalar_for_its_text(name: str) -> None:
    """Ours takes any plain word for a text; an editor, a linter and a reader of YAML 1.1 must see the same."""
    text = f"a:\n  {scalar(name)}: 1\nb:\n  - {scalar(name)}  # comment\n"
    expected = {"a": {name: 1}, "b": [name]}
    assert load(text, CSafeLoader) == expected  # YAML 1.1
    assert YAML(typ="safe", pure=True).load(text) == expected  # YAML 1.2


def test_ordinary_names_stand_without_quotes() -> None:
    """So that people can read and search what they review."""
    for name in ("ana.silva+x@example.com", "Billing EMEA", "O'Brien", "Crème", "0a1b2c3d-0000-1111-2222-3333444455ff"):
        assert scalar(name) == name


def live_state(*agents: LiveAgent, skills: tuple[LiveSkill, ...] = ()) -> LiveState:
    return LiveState(SkillCatalog(skills), agents, len(agents), 1, None)


def live(name: str, sets: Mapping[int, int] | None = None, *, email: str | None = None) -> LiveAgent:
    address = f"{name}@example.com" if email is None else email
    return LiveAgent(f"id-{name}", address, name, True, None, None if sets is None else pack(sets))


BILLING = LiveSkill("1", "Billing")


def texts(state: LiveState, *groups: Group, max_file_bytes: int = 1 << 20) -> dict[str, str]:
    """Give the bodies of the files, without their head."""
    written = write_agents(state, groups, max_file_bytes)
    return {
        file.path: file.text.partition("alone. Take care: `skills: {}` strips an agent.\n\n")[2]
        for file in written.files
    }


def test_a_file_is_sorted_and_one_line_is_one_assignment() -> None:
    """In the order of names, whatever that of the listing: the next export differs only where the tenant does."""
    skills = (LiveSkill("9", "billing"), LiveSkill("1", "Zulu"), LiveSkill("2", "Dup"), LiveSkill("3", "Dup"))
    catalog = {skill.id: number for number, skill in enumerate(SkillCatalog(skills).skills)}
    bo = live("Bo", {catalog["1"]: encode(7, True), catalog["9"]: encode(0, False), catalog["3"]: encode(100, True)})
    state = live_state(bo, live("ana", {}), live("cy", {}, email="ANA@example.com"), skills=skills)
    assert texts(state, Group("Billing: EMEA", state.agents)) == {
        "agents/billing-emea.yaml": 'team: "Billing: EMEA"\n\nagents:\n'
        "  ana:\n    skills: {}\n\n"
        "  Bo@example.com:\n    skills:\n"
        "      billing: {proficiency: 0, available: false}\n"
        '      "3": 100  # Dup\n'
        "      Zulu: 7\n\n"
        "  cy:\n    skills: {}\n"
    }


def test_an_id_says_whose_it_is() -> None:
    twins = tuple(LiveAgent(f"id-{n}", "twin@example.com", "twin", True, None, b"") for n in (1, 2))
    assert "  id-1:  # twin@example.com, twin\n" in texts(live_state(*twins), Group(None, twins))[
        "agents/all.yaml"
    ].replace('"', "")


@pytest.mark.parametrize(
    ("teams", "stems"),
    [
        (("Billing EMEA", "billing-emea", "BILLING  EMEA"), ("billing-emea", "billing-emea-2", "billing-emea-3")),
        (("Équipe été", "日本語", "Tenant"), ("equipe-ete", "team", "tenant-team")),
        (("Others", None), ("others", "others-2")),
        ((None,), ("all",)),
    ],
)
def test_every_team_has_a_file_of_its_own(teams: tuple[str | None, ...], stems: tuple[str, ...]) -> None:
    """A name that any file system takes, never `tenant.yaml`, which would be taken for another tenant."""
    agents = tuple(live(f"a{number}", {}) for number in range(len(teams)))
    groups = [Group(team, (each,)) for team, each in zip(teams, agents, strict=True)]
    assert list(texts(live_state(*agents), *groups)) == [f"agents/{stem}.yaml" for stem in stems]


def test_a_large_file_is_cut_between_agents() -> None:
    agents = tuple(live(f"a{number:03}", {0: encode(60, True)}) for number in range(150))
    made = texts(live_state(*agents, skills=(BILLING,)), Group("Billing", agents), max_file_bytes=900)
    assert list(made)[:2] == ["agents/billing.part-01.yaml", "agents/billing.part-02.yaml"]
    assert all(text.startswith("team: Billing\n\nagents:\n") for text in made.values())
    assert sum(text.count("@example.com") for text in made.values()) == 150


def test_an_inactive_skill_goes_to_ignore_skills_and_its_holder_stays_managed(tmp_path: Path) -> None:
    """No file may name it, and every write carries it over; the pattern matches that name and no other."""
    skills = (Skill("s1", "Fax [old]*"), Skill("s2", "Fax o"), Skill("s3", "Fax [old]* 2", active=False))
    tenant = Tenant(Seed((*skills[1:], Skill("s1", skills[0].name, active=False)), (agent("ana", s1=5, s2=6),)))
    made = imported(tenant, tmp_path)
    assert made.written.ignored == {"Fax [[]old][*]": "is not active"}
    assert "Fax o: 6" in made.written.files[0].text
    assert made.plan().changes == ()


def test_an_inactive_skill_that_shares_its_name_leaves_its_holder_out() -> None:
    """To ignore the name would give away the active skill, which files may name by its id."""
    skills = (LiveSkill("1", "Fax"), LiveSkill("2", "Fax", active=False))
    state = live_state(live("ana", {0: encode(5, True)}), live("bo", {1: encode(5, True)}), skills=skills)
    written = write_agents(state, [Group(None, state.agents)])
    assert written.ignored == {}
    assert [(each.user_name, reason) for each, reason in written.left_out] == [
        ("bo", "it holds the skill Fax (2), which is not active")
    ]
    assert '"1": 5  # Fax' in written.files[0].text
