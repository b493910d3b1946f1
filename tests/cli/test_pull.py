"""`reconcile pull`: files from what a tenant holds; all or none, and never over a file that it would not write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.placing import put
from reconciler.cli.scaffold import NewFile
from reconciler.errors import ReconcileError
from reconciler.simulator import Agent, Assignment, Behaviour, Fault, Kind, Seed, Skill, Tenant, demo_seed
from tests.cli.conftest import Reconcile
from tests.cli.test_init import SECRET, serving

TENANT = "version: 1\ntenant: {name: acme, api: simulator}\nignore_skills: [Fax]\n"


@pytest.fixture
def tenant(folder: Path) -> Path:
    """Describe nobody of a tenant yet."""
    (folder / "desired-state").mkdir()
    (folder / "desired-state" / "tenant.yaml").write_text(TENANT, encoding="utf-8")
    return folder / "desired-state"


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("flags", [(), ("--profiles",)])
def test_the_demo_ends_with_an_empty_plan(reconcile: Reconcile, tenant: Path, flags: tuple[str, ...]) -> None:
    ended = reconcile("pull", *flags)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "No changes. 43 agents match.")
    assert "Pulled 43 agents.\n\nWritten:\n  desired-state/agents/all.yaml\n" in ended.out
    assert contents(tenant).keys() == {"tenant.yaml", "agents/all.yaml", ".schema/agents.json"}
    assert (b"profiles: [all-1]" in contents(tenant)["agents/all.yaml"]) == bool(flags)
    assert reconcile("plan").out.endswith("No changes. 43 agents match.\n")


def test_a_new_team_stands_beside_the_files(reconcile: Reconcile, example: Path) -> None:
    """The plan is about what was written, not about what differs elsewhere."""
    before = contents(example)
    ended = reconcile("pull", "--team", "New=*@example.com")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "No changes. 2 agents match.")
    assert "warning[pull-declared]: 40 agents stay in the file that declares them: aaron.kim@example.com, " in ended.err
    after = contents(example)
    assert after.keys() - before.keys() == {"agents/new.yaml"}
    assert before.items() <= after.items()
    again = reconcile("pull", "--team", "New=*@example.com")
    assert again.code == 3
    assert "error[pull-nobody]: everyone who was asked for is declared already; nothing was written" in again.err


def test_force_writes_a_teams_file_anew_and_no_other(reconcile: Reconcile, example: Path) -> None:
    before = contents(example)
    (example / "agents" / "billing-emea.yaml").chmod(0o640)
    ended = reconcile("pull", "--team", "Billing EMEA", "--force")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "No changes. 11 agents match.")
    assert (
        "warning[pull-dropped]: 1 agent of the files written over are in no file any more: lena.fischer@" in ended.err
    )
    after = contents(example)
    assert {name for name in after if before.get(name) != after[name]} == {"agents/billing-emea.yaml"}
    assert (example / "agents" / "billing-emea.yaml").stat().st_mode & 0o777 == 0o640
    assert reconcile("pull", "--team", "Billing EMEA", "--force").code == 0
    assert contents(example) == after


def test_elsewhere_there_is_no_plan(reconcile: Reconcile, example: Path, folder: Path) -> None:
    """Everyone is written there, and a second time only by force."""
    before = contents(example)
    assert reconcile("pull", "--out", "compare").out.endswith(
        "compare/agents/others.yaml\n  compare/.schema/agents.json\n"
    )
    assert contents(example) == before
    there = contents(folder / "compare")
    assert there.keys() == {
        *(f"agents/{team}.yaml" for team in ("billing-emea", "retention", "sales-americas", "tech-support", "others")),
        ".schema/agents.json",
    }
    refused = reconcile("pull", "--out", "compare", "--agent", "ana*")
    assert refused.code == 3
    assert "error[pull-exists]: compare/agents/billing-emea.yaml is there already; nothing was written" in refused.err
    assert contents(folder / "compare") == there
    assert reconcile("pull", "--out", "compare", "--force").code == 0
    assert contents(folder / "compare") == there


def stands_in_the_way(tenant: Path) -> None:
    (tenant / "agents").mkdir()
    (tenant / "agents" / "all.yaml").write_text("agents: {nobody: {skills: {}}}\n", encoding="utf-8")


def links_away(tenant: Path) -> None:
    (tenant / "others").mkdir()
    (tenant / "agents").symlink_to(tenant / "others")


def is_a_file(tenant: Path) -> None:
    (tenant / "agents").write_text("mine", encoding="utf-8")


def is_broken(tenant: Path) -> None:
    (tenant / "odd.yaml").write_text("agents: [", encoding="utf-8")


@pytest.mark.parametrize(
    ("prepare", "flags", "ending"),
    [
        (stands_in_the_way, (), (3, "error[pull-exists]: desired-state/agents/all.yaml is there already")),
        (links_away, ("--force",), (3, "error[pull-exists]: desired-state/agents is a link")),
        (is_a_file, (), (1, "error[pull-file]: desired-state/agents/all.yaml cannot be written: ")),
        (is_broken, ("--force",), (3, "odd.yaml:")),
        (None, ("--agent", "nobody"), (3, "error[pull-nobody]: --agent nobody: no agent of the tenant is called so")),
        (None, ("--agent", "ana.sliva"), (3, "did you mean `ana.silva@example.com`")),
        (None, ("--team", "Billing"), (3, "error[team-unknown]")),
        (None, ("--team", "Billing="), (3, "the team `Billing` has no glob")),
        (None, ("--team", "a\u202eb=*"), (3, "U+202E RIGHT-TO-LEFT OVERRIDE")),
    ],
)
def test_nothing_is_written_on_an_error(
    reconcile: Reconcile,
    tenant: Path,
    prepare: Callable[[Path], None] | None,
    flags: tuple[str, ...],
    ending: tuple[int, str],
) -> None:
    if prepare:
        prepare(tenant)
    before = contents(tenant)
    ended = reconcile("pull", *flags)
    assert (ended.code, ending[1] in ended.err) == (ending[0], True), ended.err
    assert contents(tenant) == before


@pytest.mark.parametrize(
    ("out", "message"),
    [("tenants", "belongs to no tenant"), ("tenants/b/agents", "belongs to the tenant in tenants/b")],
)
def test_no_other_tenants_folder_is_written_to(reconcile: Reconcile, folder: Path, out: str, message: str) -> None:
    for name in ("a", "b"):
        (folder / "tenants" / name).mkdir(parents=True)
        (folder / "tenants" / name / "tenant.yaml").write_text(TENANT.replace("acme", name), encoding="utf-8")
    ended = reconcile("-C", "tenants", "--tenant", "a", "pull", "--out", out)
    assert (ended.code, f"error[pull-place]: --out {out}: what is written there {message}\n" in ended.err) == (3, True)
    assert reconcile("-C", "tenants", "--tenant", "a", "pull", "--out", "tenants/a/voice").code == 0
    assert (folder / "tenants" / "a" / "voice" / "agents" / "all.yaml").exists()


def test_a_file_that_came_meanwhile_is_not_written_over(folder: Path) -> None:
    """Between the look and the write somebody else may have made it."""
    (folder / "new.yaml").write_text("theirs", encoding="utf-8")
    with pytest.raises(ReconcileError):
        put([NewFile(folder / "first.yaml", "text"), NewFile(folder / "new.yaml", "text", must_be_new=True)])
    assert contents(folder) == {"new.yaml": b"theirs"}


def test_where_one_file_cannot_be_written_all_are_as_before(folder: Path) -> None:
    """Those before it are put back, and folders that were made for them go again."""
    (folder / "old.yaml").write_text("old", encoding="utf-8")
    (folder / "file").write_text("mine", encoding="utf-8")
    before = contents(folder)
    names = ("old.yaml", "new/deep/new.yaml", "new/other.yaml", "file/new.yaml")
    with pytest.raises(ReconcileError) as caught:
        put([NewFile(folder / name, "text") for name in names])
    assert caught.value.diagnostics[0].code == "pull-file"
    assert contents(folder) == before
    assert not (folder / "new").exists()


def real(tenant: Path) -> None:
    text = TENANT.replace("api: simulator", "api: admin-v2, realm: eu1")
    (tenant / "tenant.yaml").write_text(text, encoding="utf-8")


@pytest.mark.real
def test_a_tenant_that_repeats_the_credential_gets_no_files(
    reconcile: Reconcile, tenant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(tenant)
    odd = Agent("1", "ana", f"{SECRET}@example.com", "A", "S", {"s": Assignment(5)})
    serving(Tenant(Seed((Skill("s", "Billing"),), (odd,)), Behaviour()), monkeypatch)
    before = contents(tenant)
    ended = reconcile("pull")
    assert (ended.code, "error[init-secret]" in ended.err, SECRET in ended.err) == (5, True, False)
    assert contents(tenant) == before


@pytest.mark.real
def test_a_tenant_that_changes_meanwhile_is_not_called_described(
    reconcile: Reconcile, tenant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant is only read; what differs is shown, and the exit code is not that of success."""
    real(tenant)
    app = serving(Tenant(demo_seed()), monkeypatch)
    ana = next(each for each in app.tenant.agents.values() if each.user_name == "asilva")
    english = next(each.id for each in app.tenant.skills.values() if each.name == "English")
    app.faults.add(
        Fault(
            Kind.ACT_BEFORE,
            "GET",
            "/api/v2/agents",
            nth=2,
            act=lambda: app.tenant.edit_skills(ana.id, {english: Assignment(1)}),
        )
    )
    ended = reconcile("pull")
    assert (ended.code, "error[pull-differs]" in ended.err) == (1, True)
    assert "~ English  1 -> 80" in ended.out
    assert {request.method for request in app.requests} == {"GET", "POST"}


def _three(folder: Path) -> list[NewFile]:
    for name in ("a", "b", "c"):
        (folder / name).write_text("old", encoding="utf-8")
    return [NewFile(folder / name, "new") for name in ("a", "b", "c")] + [NewFile(folder / "sub" / "d", "new")]


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["ctrl-c", "full"])
def test_an_end_at_any_move_leaves_every_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, is_after: bool, error: BaseException
) -> None:
    """Right before a file is moved to its place, and right after."""
    files = _three(tmp_path)
    honest, moved = Path.replace, 0

    def cut(self: Path, place: Path) -> Path:
        nonlocal moved
        moved += 1
        if moved == at and not is_after:
            raise error
        done = honest(self, place)
        if moved == at:
            raise error
        return done

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises((KeyboardInterrupt, ReconcileError)):
        put(files)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys("abc", "old")


def test_what_cannot_be_put_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the others are put back all the same."""
    files = _three(tmp_path)
    honest = Path.replace

    def failing(self: Path, place: Path) -> Path:
        if place.name == "c" or (place.name == "b" and self.name.endswith(".old")):
            raise OSError(5, "Input/output error")
        return honest(self, place)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(ReconcileError) as caught:
        put(files)
    assert "b: neither" in caught.value.diagnostics[0].message
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "a": "old",
        "b": "new",
        "c": "old",
    }
