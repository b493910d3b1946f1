"""The state in a file outlives the process, bears other writers, and survives damage."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.simulator import Behaviour, Refusal, Skill, Tenant, demo_seed, demo_tenant, embedded_app, open_stored

from .door import ANA, body_of


def _strip(tenant: Tenant, who: str = ANA) -> None:
    assert not isinstance(tenant.replace_skills(tenant.agent_named(who).id, {"skills": []}), Refusal)


def test_a_new_file_holds_the_seed(tmp_path: Path) -> None:
    """Made at once, with the folders above it; nothing else is left lying about but the lock."""
    path = tmp_path / "a" / "b" / "tenant.json"
    tenant = open_stored(path)
    assert (tenant.skills, tenant.agents) == (demo_tenant().skills, demo_tenant().agents)
    assert {file.name for file in path.parent.iterdir()} == {"tenant.json", "tenant.json.lock"}
    assert json.loads(path.read_bytes())["format"] == 1


def test_what_was_written_is_found_again(tmp_path: Path) -> None:
    """By a second process: every commit of ours and of outsiders, skills too, whatever the tenant shows over HTTP."""
    path = tmp_path / "tenant.json"
    first = open_stored(path, Behaviour(versioned=False, names_in_assignments=False, inline_skills=False))
    _strip(first)
    first.put_skill(Skill("new-skill", "Näh-Hotline 你好"))
    first.put_agent(replace(first.agent_named("bo.ito@example.com"), active=False))
    first.delete_agent(first.agent_named("emma.novak@example.com").id)
    second = open_stored(path)
    assert (second.skills, second.agents) == (first.skills, first.agents)
    assert second.agent_named(ANA).version == 2
    assert second.commits == []
    assert second.moved_aside is None


def test_a_refused_write_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tenant.json"
    tenant = open_stored(path)
    before = path.stat()
    assert isinstance(tenant.replace_skills(tenant.agent_named(ANA).id, {"skills": 1}), Refusal)
    assert path.stat() == before


def test_two_at_once_see_each_other(tmp_path: Path) -> None:
    """Each reads what the other wrote, before a read and before a write; an old version is refused."""
    path = tmp_path / "tenant.json"
    one, other = open_stored(path), open_stored(path)
    _strip(one)
    ana = one.agent_named(ANA)
    assert isinstance(other.replace_skills(ana.id, body_of(other, Billing=1), '"1"'), Refusal)
    assert not isinstance(other.replace_skills(ana.id, body_of(other, Billing=1), '"2"'), Refusal)
    one.catch_up()
    assert one.agent(ana.id) == other.agent(ana.id)
    assert other.agent_named(ANA).version == 3


def test_a_person_may_edit_the_file(tmp_path: Path) -> None:
    """One agent per line: the next look at the tenant shows it."""
    path = tmp_path / "tenant.json"
    tenant = open_stored(path)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    assert len([line for line in lines if ANA in line]) == 1
    path.write_text("".join(lines).replace('"firstName":"Ana"', '"firstName":"Anna"'), "utf-8")
    tenant.catch_up()
    assert tenant.agent_named(ANA).first_name == "Anna"


def test_a_file_that_is_gone_is_made_anew(tmp_path: Path) -> None:
    """Deleting it is how a demonstration starts over."""
    path = tmp_path / "tenant.json"
    tenant = open_stored(path)
    _strip(tenant)
    path.unlink()
    tenant.catch_up()
    assert tenant.agents == demo_tenant().agents
    assert path.exists()


_SOUND = '{"format":1,"skills":[],"agents":[]}'
_AGENT = {"id": "a", "userName": "a", "email": "a", "firstName": "a", "lastName": "a", "active": True, "version": 1}
_HELD = {"skill": {"id": "s"}, "proficiency": 1, "available": True}


def _file_with(**changes: object) -> str:
    return json.dumps({"format": 1, "skills": [], "agents": [{**_AGENT, "skills": [_HELD], **changes}]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        _SOUND[:-1],
        _SOUND.replace("1", "2"),
        _SOUND.replace('"agents":[]', '"agents":7'),
        "[" * 100_000,
        "\udcff",
        _file_with(version="1"),
        _file_with(active=1),
        _file_with(email=None),
        _file_with(skills={}),
        _file_with(skills=[{}]),
        _file_with(skills=["s"]),
        _file_with(skills=[{**_HELD, "proficiency": True}]),
    ],
)
def test_a_damaged_file_is_moved_aside(tmp_path: Path, text: str) -> None:
    """Kept under another name, and the tenant starts from its seed."""
    path = tmp_path / "tenant.json"
    path.write_text(text, "utf-8", "surrogateescape")
    tenant = open_stored(path)
    assert tenant.agents == demo_tenant().agents
    assert tenant.moved_aside == tmp_path / "tenant.json.damaged"
    assert tenant.moved_aside.read_text("utf-8", "surrogateescape") == text
    assert open_stored(path).moved_aside is None


def test_a_sound_file_is_taken(tmp_path: Path) -> None:
    """What the table above spoils one thing of at a time."""
    for text in (_SOUND, _file_with()):
        path = tmp_path / "tenant.json"
        path.write_text(text, "utf-8")
        assert open_stored(path).moved_aside is None


def test_a_write_that_fails_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays the truth: a commit that could not be stored is not there afterwards."""
    path = tmp_path / "tenant.json"
    tenant = open_stored(path)

    def fail(_path: Path, _data: bytes) -> int:
        message = "no space left on device"
        raise OSError(message)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", fail)
        with pytest.raises(OSError, match="no space"):
            _strip(tenant)
    tenant.catch_up()
    assert tenant.agents == demo_tenant().agents


@pytest.mark.parametrize("name", ["acme-demo", "../../etc", "a/b", "ACME", "", ".", "x" * 300, "Örebro\n"])
def test_a_tenants_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    """Every name has a file of its own, right in the folder."""
    folder = tmp_path / "state" / "simulator"
    embedded_app(folder, name)
    embedded_app(folder, f"{name}-other")
    assert {path.parent for path in tmp_path.rglob("*.json")} == {folder}
    assert len(list(folder.glob("*.json"))) == 2


_WRITER = """
import sys
from pathlib import Path
from reconciler.simulator import open_stored
for round in range(100):
    tenant = open_stored(Path(sys.argv[1])) if round % 20 == 0 else tenant
    agent = tenant.agent_named("ana.silva@example.com")
    tenant.replace_skills(agent.id, {"skills": []})
"""


@pytest.mark.real
def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    """Each of their commits counts the version up by one, and the file is sound at the end."""
    path = tmp_path / "tenant.json"
    command = [sys.executable, "-c", _WRITER, str(path)]
    writers = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    tenant = open_stored(path)
    assert tenant.agent_named(ANA).version == demo_seed().agents[0].version + 200
    assert tenant.moved_aside is None
    assert {file.name for file in tmp_path.iterdir()} == {"tenant.json", "tenant.json.lock"}
