"""Which files are read, of which tenants, and what is said about a root that holds none."""

import os
import socket
from pathlib import Path

import pytest

from reconciler.desired import load, names
from reconciler.desired.report import Report
from reconciler.desired.tree import MAX_BYTES, read_bytes
from reconciler.model.desired import DesiredState
from reconciler.model.position import SourcePosition
from reconciler.model.tenant import Api, RateLimit, Tenant

AGENTS = "team: Billing EMEA\nagents:\n  ana@x.org:\n    profiles: [tier-1]\n    skills: {Email: absent}\n"
PROFILES = (
    "profiles:\n  tier-1:\n    extends: [everyone]\n    skills: {Billing: 60}\n  everyone: {skills: {Email: 50}}\n"
)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def tenant(name: str) -> str:
    return f"version: 1\ntenant: {{name: {name}, api: simulator}}\n"


def codes(root: Path, wanted: str | None = None) -> list[str]:
    return [diagnostic.code for diagnostic in load(root, tenant=wanted).diagnostics]


def only_state(root: Path) -> DesiredState:
    loaded = load(root)
    assert loaded.diagnostics == ()
    (found,) = loaded.tenants
    assert found.state is not None
    return found.state


def test_a_whole_tenant_is_read(tmp_path: Path) -> None:
    """Everything that `tenant.yaml` and the files say arrives, under the names that they use."""
    full = (
        "version: 1\ntenant:\n  name: acme-prod\n  api: admin-v2\n  realm: na1\n  env_prefix: CXONE_EU\n"
        "  rate_limit: {requests: 50, per_seconds: 2.5}\n  max_concurrency: 4\nignore_skills: ['WFI *']\npolicies: {}\n"
    )
    root = write(tmp_path / "r", {"tenant.yaml": full, "agents/a.yml": AGENTS, "p.yaml": PROFILES})
    state = only_state(root)
    assert state.tenant == Tenant(
        "acme-prod", Api.ADMIN_V2, SourcePosition("tenant.yaml", 2, 1), "na1", RateLimit(50, 2.5), 4, "CXONE_EU"
    )
    assert state.ignore_skills == ("WFI *",)
    (table,) = state.tables
    assert (table.file, table.team, table.refs, table.skills) == (
        "agents/a.yml",
        "Billing EMEA",
        ("ana@x.org",),
        ("Email",),
    )
    assert table.profile_lists[table.profile_index[0]] == ("tier-1",)
    assert state.profiles["tier-1"].extends == ("everyone",)
    assert state.profiles["everyone"].entries == (("Email", 101, 5 << 24 | 23),)
    assert state.profiles["tier-1"].position == SourcePosition("p.yaml", 2, 3)


def test_a_tenant_without_a_name_is_called_after_its_folder(tmp_path: Path) -> None:
    root = write(
        tmp_path / "acme",
        {"tenant.yaml": "version: 1\ntenant: {api: simulator}\n", "a.yaml": AGENTS, "p.yaml": PROFILES},
    )
    assert only_state(root).tenant.name == "acme"


def test_tenants_come_by_name_with_positions_of_their_own_folder(tmp_path: Path) -> None:
    files = {"a/tenant.yaml": tenant("zeta"), "b/tenant.yaml": tenant("alpha")}
    root = write(tmp_path, files | {f"{x}/x.yaml": AGENTS + PROFILES for x in "ab"})
    loaded = load(root)
    states = [found.state for found in loaded.tenants]
    assert [state.tenant.name for state in states if state] == ["alpha", "zeta"]
    assert {state.tables[0].file for state in states if state} == {"x.yaml"}
    assert names(root).tenants == ("alpha", "zeta")
    assert names(root).agents == ("ana@x.org",)
    assert names(root).teams == ("Billing EMEA",)
    assert names(root).skills == ("Billing", "Email")


@pytest.mark.parametrize("wanted", ["alpha", "b"])
def test_one_tenant_is_chosen_by_name_or_folder_and_only_its_faults_are_told(tmp_path: Path, wanted: str) -> None:
    files = {"a/tenant.yaml": tenant("zeta"), "b/tenant.yaml": tenant("alpha")}
    root = write(tmp_path, files | {"b/x.yaml": AGENTS + PROFILES, "a/x.yaml": "- broken\n"})
    loaded = load(root, tenant=wanted)
    assert loaded.diagnostics == ()
    assert [found.path.name for found in loaded.tenants] == ["b"]


def test_an_unknown_tenant_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/tenant.yaml": tenant("acme-prod"), "b/tenant.yaml": tenant("other")})
    (diagnostic,) = load(root, tenant="acme-pord").diagnostics
    assert diagnostic.code == "unknown-tenant"
    assert diagnostic.message == "no tenant is called `acme-pord`; there are `acme-prod` and `other`"
    assert diagnostic.hint == "did you mean `acme-prod`?"
    (diagnostic,) = load(root, tenant="zzz").diagnostics
    assert diagnostic.hint == "choose one: reconcile --tenant acme-prod …"


def test_a_tenant_file_that_is_broken_may_be_the_one_that_was_meant(tmp_path: Path) -> None:
    """Its own fault is told too: that is what has to be mended."""
    root = write(tmp_path, {"eu/tenant.yaml": "tenant: {name: acme-eu\n", "us/tenant.yaml": tenant("acme-us")})
    loaded = load(root, tenant="acme-eu")
    assert [(each.code, each.position and each.position.file) for each in loaded.diagnostics] == [
        ("unknown-tenant", None),
        ("unclosed-bracket", "eu/tenant.yaml"),
    ]
    assert [found.is_named for found in load(root, tenant="eu").tenants] == [False]


def test_a_working_folder_that_is_gone_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert codes(Path()) == ["no-folder"]


def test_a_root_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert codes(tmp_path / "nothing") == ["no-folder"]
    assert codes(tmp_path / "file") == ["not-a-folder"]
    assert codes(tmp_path / "nothing", "acme") == ["no-folder"]


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    root = write(tmp_path, {"tenant.yaml": tenant("acme"), "a.yaml": AGENTS + PROFILES})
    with (root / "big.yaml").open("wb") as file:
        file.truncate(2 * MAX_BYTES)
    (diagnostic,) = load(root).diagnostics
    assert diagnostic.code == "too-big"
    assert "10,485,760 bytes" in diagnostic.message


def test_a_file_that_grows_while_it_is_read_is_not_taken_by_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is cut off could be half of an agent's skills."""
    (tmp_path / "small").touch()
    small = (tmp_path / "small").stat()
    (tmp_path / "big").write_bytes(b"#" * (MAX_BYTES + 1))
    monkeypatch.setattr(os, "fstat", lambda _: small)
    report = Report("big")
    assert read_bytes(tmp_path / "big", report) is None
    assert report.found[0].code == "too-big"


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A file may vanish, or turn into a link, after the folder was listed: the system says why, but of what is gone."""
    (tmp_path / "link").symlink_to("/etc/hostname")
    for name, words in (("gone.yaml", "went away"), ("link", "symbolic links")):
        report = Report(name)
        assert read_bytes(tmp_path / name, report) is None
        assert report.found[0].code == "unreadable"
        assert words in report.found[0].message


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    report = Report("p")
    assert read_bytes(tmp_path / "p", report) is None
    assert report.found[0].code == "not-a-file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, {"tenant.yaml": tenant("acme"), "a.yaml": AGENTS + PROFILES})
    monkeypatch.chdir(root)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.yaml")
        assert codes(root) == ["not-a-file"]


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    root = write(tmp_path, {"tenant.yaml": tenant("acme"), "a.yaml": AGENTS + PROFILES})
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    assert codes(root) == ["link-broken", "link-broken"]


def test_an_unread_file_does_not_make_its_profiles_unknown(tmp_path: Path) -> None:
    """What is missing may stand in the file that could not be read: it is not told as a second fault."""
    root = write(tmp_path, {"tenant.yaml": tenant("acme"), "a.yaml": AGENTS, "p.yaml": PROFILES + "\t: x\n"})
    assert codes(root) == ["tab-indent"]
