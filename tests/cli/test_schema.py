"""`reconcile schema`: to stdout, or to where the first line of each file leads; the tenant is only read."""

import json
import shutil
from pathlib import Path

import pytest

from reconciler.desired.modeline import Kind
from reconciler.desired.schema import make_schema
from reconciler.simulator import Agent, Assignment, Behaviour, Seed, Skill, Tenant
from tests.cli.conftest import Reconcile, Served
from tests.cli.test_init import SECRET, serving


@pytest.mark.parametrize(("words", "kind"), [((), Kind.AGENTS), (("agents",), Kind.AGENTS), (("tenant",), Kind.TENANT)])
def test_it_goes_to_stdout_without_any_files(reconcile: Reconcile, words: tuple[str, ...], kind: Kind) -> None:
    ended = reconcile("-C", "nowhere", "schema", *words)
    assert (ended.code, ended.out, ended.err) == (0, make_schema(kind), "")


def test_it_goes_to_a_file_or_both_to_a_folder(reconcile: Reconcile, folder: Path) -> None:
    """Over what is there, and says so."""
    (folder / "one.json").write_text("old", encoding="utf-8")
    ended = reconcile("schema", "tenant", "--out", "one.json")
    assert (ended.out, ended.err) == ("", "wrote one.json\n")
    assert (folder / "one.json").read_text(encoding="utf-8") == make_schema(Kind.TENANT)
    ended = reconcile("schema", "--out", "new")
    assert (ended.code, ended.err) == (0, "wrote new/agents.json\nwrote new/tenant.json\n")
    for kind in Kind:
        assert (folder / "new" / f"{kind}.json").read_text(encoding="utf-8") == make_schema(kind)


@pytest.mark.parametrize("words", [(), ("tenant",)])
def test_a_folder_in_no_folder_is_a_slip(reconcile: Reconcile, folder: Path, words: tuple[str, ...]) -> None:
    """As for `plan --out`: nothing is made."""
    ended = reconcile("schema", *words, "--out", "nowhere/new")
    assert (ended.code, (folder / "nowhere").exists()) == (3, False)
    assert "error[out-file]: --out nowhere/new: No such file or directory" in ended.err


def test_a_place_that_takes_no_file_is_told(reconcile: Reconcile, folder: Path) -> None:
    (folder / "taken").write_text("a file", encoding="utf-8")
    ended = reconcile("schema", "--out", "taken")
    told = "error[out-file]: --out taken: taken/agents.json cannot be written: Not a directory; nothing was written"
    assert (ended.code, ended.err.splitlines()[0]) == (3, told)


def test_online_only_skills_are_asked_for(reconcile: Reconcile, served: Served) -> None:
    """Read, and nothing else; what is not active, or of others, is no choice."""
    ended = reconcile("schema", "--online")
    assert ended.code == 0
    assert {(each.method, each.path.partition("?")[0]) for each in served.app.requests} == {
        ("POST", "/oauth/token"),
        ("GET", "/api/v2/skills"),
    }
    skill = json.loads(ended.out)["$defs"]["SkillName"]
    assert {"Billing", "Social Media"} <= set(skill["enum"])
    assert not {"Fax", "WFI Training"} & set(skill["enum"])
    assert "billing-lead" in json.loads(ended.out)["$defs"]["ProfileName"]["examples"]


def test_online_needs_files_without_errors(reconcile: Reconcile, example: Path) -> None:
    (example / "odd.yaml").write_text("agents: [", encoding="utf-8")
    ended = reconcile("schema", "--online", "--out", "new")
    assert (ended.code, "odd.yaml:" in ended.err, Path("new").exists()) == (3, True, False)


@pytest.mark.real
def test_a_tenant_that_repeats_the_credential_gets_no_file(
    reconcile: Reconcile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "desired-state").mkdir()
    text = "version: 1\ntenant: {api: admin-v2, realm: eu1}\n"
    (folder / "desired-state" / "tenant.yaml").write_text(text, encoding="utf-8")
    odd = Agent("1", "ana", "ana@example.com", "A", "S", {"s": Assignment(5)})
    serving(Tenant(Seed((Skill("s", SECRET),), (odd,)), Behaviour()), monkeypatch)
    ended = reconcile("schema", "--online", "--out", "new")
    assert (ended.code, "error[init-secret]" in ended.err, Path("new").exists()) == (5, True, False)
    assert SECRET not in reconcile("schema", "--online").out


def test_pull_and_init_keep_a_schema_that_is_there(reconcile: Reconcile, folder: Path) -> None:
    """It may hold the tenant's skills; only `schema --out` replaces it."""
    place = folder / "desired-state" / ".schema" / "agents.json"
    place.parent.mkdir(parents=True)
    place.write_text("{}", encoding="utf-8")
    assert reconcile("init", "--api", "simulator", "--team", "A=a*", "--no-workflows").code == 0
    assert reconcile("pull", "--team", "B=b*", "--force").code == 0
    assert place.read_text(encoding="utf-8") == "{}"
    assert (place.parent / "tenant.json").exists()
    assert reconcile("schema", "--out", "desired-state/.schema").code == 0
    assert place.read_text(encoding="utf-8") == make_schema(Kind.AGENTS)


def test_the_first_line_of_a_file_says_where_it_is_and_nothing_else(reconcile: Reconcile, folder: Path) -> None:
    """No name of a team or a folder comes into it."""
    team = "A $schema: x, { }=a*"
    assert reconcile("-C", "o d $d", "init", "--api", "simulator", "--team", "X=b*", "--no-workflows").code == 0
    assert reconcile("-C", "o d $d", "pull", "--team", team, "--out", "o d $d/d e").code == 0
    firsts = {path.read_text(encoding="utf-8").splitlines()[0] for path in (folder / "o d $d").rglob("*.yaml")}
    line = "# yaml-language-server: $schema={}.schema/{}.json"
    assert firsts == {line.format("", "tenant"), line.format("../", "agents"), line.format("../../", "agents")}


@pytest.mark.parametrize("name", ["agents.json", ".schema"])
def test_a_link_leads_nowhere(reconcile: Reconcile, example: Path, name: str) -> None:
    """A pull request may bring one that leads out of the repository."""
    outside = example.parent / "outside"
    outside.mkdir()
    (outside / "agents.json").write_text('{"$schema": "mine"}', encoding="utf-8")
    folder = example / ".schema"
    shutil.rmtree(folder)
    if name == ".schema":
        folder.symlink_to(outside)
    else:
        folder.mkdir()
        (folder / name).symlink_to(outside / name)
    ended = reconcile("schema", "--out", str(folder))
    assert (ended.code, "error[out-file]" in ended.err, "a link is in the way" in ended.err) == (3, True, True)
    assert (outside / "agents.json").read_text(encoding="utf-8") == '{"$schema": "mine"}'


def test_what_is_no_schema_is_not_written_over(reconcile: Reconcile, example: Path) -> None:
    place = example / "agents" / "retention.yaml"
    before = place.read_bytes()
    ended = reconcile("schema", "agents", "--out", str(place))
    assert (ended.code, "what is there is no JSON" in ended.err) == (3, True)
    assert place.read_bytes() == before
