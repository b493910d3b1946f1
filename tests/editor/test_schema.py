"""The schema and the reader agree: what is read is valid, and what is refused is not, but for a list."""

import json
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from reconciler.desired import agentfile
from reconciler.desired.modeline import Kind, schema_file
from reconciler.desired.schema import Offers, find_offers, make_schema
from reconciler.desired.schema.documents import Agent, AgentsFile, Assignment, Profile
from reconciler.desired.schema.words import WORDS
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition
from reconciler.model.skills import Skill, SkillCatalog
from reconciler.model.tenant import Api, Tenant
from tests.editor.planted import SEEN, UNSEEN, planted
from tests.editor.reading import VALIDATORS, Draft202012Validator, faults, is_valid, places

ROOT = Path(__file__).parents[2]
EXAMPLE = sorted((ROOT / "desired-state").rglob("*.yaml"))
TENANT = Tenant("acme", Api.SIMULATOR, SourcePosition("tenant.yaml", 1, 1))

# Values that mean something somewhere, right or wrong.
SCALARS = st.one_of(
    st.integers(-1, 102).map(str),
    st.sampled_from(["absent", "Absent", "'absent'", "true", "no", "null", "~", "''", "1e2", "1.0", "5.5", "0x1F"]),
    st.sampled_from(["010", "+5", "'85'", "25%", "block", "admin-v2", "na1", "CXONE_A", "é", "a b", "' a'"]),
    st.sampled_from(["2026-12-01T00:00:00Z", "2026-12-01 00:00+0100", "2026-12-01", "2026-13-01T00:00Z"]),
    st.sampled_from(["2026-06-01t12:30:15.5-05:00", "0001-01-01T00:00:00+23:59", "2026-12-01T24:00Z"]),
)
NAMES = st.sampled_from(["A", "ana@example.com", "911", "no", "1.0", "true", "Café", "1e5"])


def or_any(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw what fits, and rarely something else: most documents are to be accepted."""
    return st.integers(0, 29).flatmap(lambda chance: value if chance else SCALARS)


def written(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def named(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return or_any(st.dictionaries(or_any(NAMES), values, min_size=1, max_size=3).map(written))


def listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return or_any(st.lists(values, min_size=1, max_size=3, unique=True).map(lambda found: f"[{', '.join(found)}]"))


def keyed(needed: str, **parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw a mapping that has the needed keys, and some of the others; `start` stands for `from`."""
    parts = {key.replace("start", "from"): or_any(values) for key, values in parts.items()}
    required = {key: parts.pop(key) for key in needed.split()}
    return st.fixed_dictionaries(required, optional=parts).map(written)


WHOLE = st.integers(0, 100).map(str)
COUNTS = st.integers(1, 100).map(str)
BOOLEANS = st.sampled_from(["true", "false"])
TIMES = st.sampled_from(["2026-12-01T00:00:00Z", "2027-01-01 06:00:00-05:00", "'2026-12-02T00:00+0100'"])
STARTS = st.sampled_from(["2026-11-01T00:00:00Z", "2025-11-27t06:00:00.25-05:00"])
SHORT = st.one_of(WHOLE, st.just("absent"))
SKILLS = named(or_any(st.one_of(SHORT, keyed("proficiency", proficiency=WHOLE, available=BOOLEANS))))
CHANGES = named(or_any(st.one_of(SHORT, keyed("available", proficiency=WHOLE, available=BOOLEANS))))
WHOM = {"agents": listed(NAMES), "teams": listed(NAMES), "until": TIMES, "reason": NAMES}
AGENTS_FILES = keyed(
    "agents",
    team=NAMES,
    profiles=named(keyed("", extends=listed(NAMES), skills=SKILLS)),
    agents=named(keyed("skills", profiles=listed(NAMES), skills=st.one_of(SKILLS, st.just("{}")))),
    overrides=listed(keyed("until skills teams", **WHOM, skills=CHANGES, start=STARTS, ticket=NAMES)),
    holds=listed(keyed("until agents", **WHOM, skills=listed(NAMES))),
)
LIMITS = st.one_of(WHOLE, st.sampled_from(["25%", "'100%'", "0%"]))
WORDS_OF_POLICIES = st.sampled_from(["block", "warn"])
FLOORS = keyed(
    "skill min_available reason",
    skill=NAMES,
    min_available=WHOLE,
    min_proficiency=WHOLE,
    severity=WORDS_OF_POLICIES,
    waive_until=TIMES,
    reason=NAMES,
)
TENANT_FILES = keyed(
    "version tenant",
    version=st.just("1"),
    tenant=keyed(
        "api",
        name=NAMES,
        api=st.sampled_from(["simulator", "admin-v2"]),
        realm=st.sampled_from(["na1", "12", "1e5"]),
        rate_limit=keyed("", requests=COUNTS, per_seconds=st.sampled_from(["60", "1.5", "86400"])),
        max_concurrency=COUNTS,
        env_prefix=st.just("CXONE_A"),
    ),
    ignore_skills=listed(NAMES),
    policies=keyed(
        "",
        max_agents_changed=LIMITS,
        max_assignments_removed=LIMITS,
        empty_agents=WORDS_OF_POLICIES,
        missing_agents=WORDS_OF_POLICIES,
        coverage=listed(FLOORS),
    ),
)
DOCUMENTS = st.one_of(
    AGENTS_FILES.map(lambda text: (Kind.AGENTS, text + "\n")), TENANT_FILES.map(lambda text: (Kind.TENANT, text + "\n"))
)


@settings(max_examples=300)
@given(DOCUMENTS)
def test_what_the_reader_accepts_is_valid(document: tuple[Kind, str]) -> None:
    """An editor marks nothing that is right."""
    is_accepted = not faults(*document)
    event(f"{document[0]} {'accepted' if is_accepted else 'refused'}")
    assert not is_accepted or is_valid(*document)


@pytest.mark.parametrize("name", SEEN)
def test_a_planted_error_is_refused_by_both(name: str) -> None:
    kind, marked = SEEN[name]
    case = planted(marked)
    assert places(kind, case.text) == [case.reader]
    assert not is_valid(kind, case.text)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_a_schema_cannot_say_is_known(name: str) -> None:
    """The list that the page on editors gives; whatever leaves it belongs to the other one."""
    kind, marked = UNSEEN[name]
    case = planted(marked)
    assert places(kind, case.text) == [case.reader]
    assert is_valid(kind, case.text)


@pytest.mark.parametrize("path", EXAMPLE, ids=lambda path: path.name)
def test_the_shipped_example_is_valid(path: Path) -> None:
    kind = Kind.TENANT if path.name == "tenant.yaml" else Kind.AGENTS
    assert is_valid(kind, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", Kind)
def test_the_shipped_schema_is_what_is_generated(kind: Kind) -> None:
    """Type `reconcile schema --out desired-state/.schema` after a change of the models."""
    assert (ROOT / "desired-state" / schema_file(kind)).read_text(encoding="utf-8") == make_schema(kind)


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_is_one(kind: Kind) -> None:
    document = json.loads(make_schema(kind))
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(document)


def test_the_models_of_agents_files_have_the_keys_that_are_read() -> None:
    """They are read without a model, for their number."""
    assert tuple(AgentsFile.model_fields) == agentfile._TOP_KEYS
    assert tuple(Assignment.model_fields) == agentfile._ENTRY_KEYS
    assert (*Profile.model_fields, *Agent.model_fields) == ("extends", "skills", "profiles", "skills")


def test_every_key_has_its_words_and_no_other() -> None:
    for model, (_, keys) in WORDS.items():
        assert {field.alias or name for name, field in model.model_fields.items()} == set(keys), model.__name__


def test_no_part_of_the_schema_takes_unknown_keys_or_null() -> None:
    for kind, validator in VALIDATORS.items():
        schema = validator.schema
        assert isinstance(schema, dict)
        for name, part in [(kind, schema), *schema["$defs"].items()]:
            if "properties" in part:
                assert part["additionalProperties"] is False, name
        assert '"null"' not in make_schema(kind)


def test_only_skills_that_files_may_name_are_offered() -> None:
    """By name and id, the names first; nothing inactive, ignored, ambiguous or odd."""
    listing = [
        Skill("1", "Billing"),
        Skill("2", "Old", active=False),
        Skill("3", "WFI Training"),
        Skill("4", "Twin"),
        Skill("5", "Twin"),
        Skill("6", "odd\u202e"),
        Skill("true", "911"),
        Skill("1e3", "0x1F"),
    ]
    offers = find_offers(DesiredState(TENANT, (), {}, ignore_skills=("WFI *",)), SkillCatalog(listing))
    assert offers.skills == ("0x1F", "911", "Billing", "1e3", "true", "1", "4", "5", "6")
    schema = json.loads(make_schema(Kind.AGENTS, offers))
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"agents": {"ana": {"skills": {"Billing": 5, "1": 5, "911": 5}}}})
    assert not validator.is_valid({"agents": {"ana": {"skills": {"Old": 5}}}})
    hold = {"agents": ["ana"], "until": "2026-12-01T00:00:00Z"}
    # As YAML reads them where they stand as values.
    assert validator.is_valid({"holds": [hold | {"skills": ["Billing", 1, 911, 1000.0, True, 31]}]})
    assert not validator.is_valid({"holds": [hold | {"skills": ["Biling"]}]})


def test_names_of_the_files_are_examples_only() -> None:
    offers = Offers(agents=("ana",), profiles=("lead",), teams=("Night",))
    schema = json.loads(make_schema(Kind.AGENTS, offers))
    examples = {
        name: part["examples"] for name, part in schema["$defs"].items() if name.endswith("Name") and "examples" in part
    }
    assert examples == {"AgentName": ["ana"], "ProfileName": ["lead"], "TeamName": ["Night"]}
    assert Draft202012Validator(schema).is_valid({"team": "Day", "agents": {"bo": {"profiles": ["tier"]}}})
