"""What holds for a time survives a pull: no override or hold is lost or cut off, and no surge becomes what lasts."""

from pathlib import Path

import pytest

from reconciler.desired.writing import Wish, parse_team
from reconciler.errors import InvalidInput
from tests.desired.test_pulling import Centre, people, write

UNTIL = "until: 2026-12-22T14:00:00Z"
SKILLS = "skills: {Billing: 5}"
AGENTS = "team: Crew\nagents: {ana@example.com: {skills: {Billing: 5}}}\n"


def new_centre(folder: Path) -> Centre:
    folder.mkdir()
    return Centre.of(people(), folder)


def refused(centre: Centre, wish: Wish, *, force: bool = True) -> list[str]:
    before = {path: path.read_bytes() for path in centre.context.root.rglob("*.yaml")}
    with pytest.raises(InvalidInput) as caught:
        centre.pull(wish, force=force)
    assert {path: path.read_bytes() for path in centre.context.root.rglob("*.yaml")} == before
    return [f"{each.code} {each.position}" for each in caught.value.diagnostics]


def file_of(centre: Centre, team: str) -> str:
    """Find where a pull of a team puts it."""
    made = centre.pull(Wish(teams=(parse_team(team),), takes_inactive=True))
    (file,) = made.written.files
    return file.path


def test_a_file_that_holds_an_override_or_a_hold_is_not_replaced(tmp_path: Path) -> None:
    for number, entry in enumerate(
        (f"overrides: [{{{UNTIL}, teams: [Crew], {SKILLS}}}]", f"holds: [{{{UNTIL}, teams: [Crew]}}]")
    ):
        centre = new_centre(tmp_path / str(number))
        path = file_of(centre, "Crew=ana*")
        write(centre, path, f"{AGENTS}{entry}\n")
        assert refused(centre, Wish(teams=(parse_team("Crew=ana*"),))) == [
            f"pull-timed {path}:3:{len(entry.split('[')[0]) + 2}"
        ]


def test_a_file_whose_agents_or_team_one_names_is_not_replaced(tmp_path: Path) -> None:
    for number, whom in enumerate(("agents: [ANA@example.com]", "teams: [Crew]")):
        centre = new_centre(tmp_path / str(number))
        path = file_of(centre, "Crew=ana*")
        write(centre, path, AGENTS)
        write(centre, "z.yaml", f"holds: [{{{UNTIL}, {whom}}}]\n")
        assert refused(centre, Wish(teams=(parse_team("Crew=ana*"),))) == ["pull-timed z.yaml:1:9"]


def test_a_team_in_which_an_override_is_in_force_takes_nobody_more(tmp_path: Path) -> None:
    """Its values would be written as what lasts; one that is to come, or is over, is no reason."""
    windows = {
        f"from: 2026-11-22T13:00:00Z, {UNTIL}": True,
        f"from: 2026-12-01T00:00:00Z, {UNTIL}": False,
        "until: 2026-11-22T14:00:00Z": False,
    }
    for number, (window, is_open) in enumerate(windows.items()):
        centre = new_centre(tmp_path / str(number))
        write(centre, "mine.yaml", AGENTS)
        write(centre, "z.yaml", f"overrides: [{{{window}, teams: [Crew], {SKILLS}}}]\n")
        wish = Wish(teams=(parse_team("Crew=bo*"),), takes_inactive=True)
        if is_open:
            assert refused(centre, wish, force=False) == ["pull-timed z.yaml:1:13"]
        else:
            assert centre.pull(wish).written.files


def test_what_a_hold_on_everyone_leaves_alone_does_not_become_what_lasts(tmp_path: Path) -> None:
    centre = new_centre(tmp_path / "0")
    path = file_of(centre, "Crew=ana*")
    write(centre, path, AGENTS)
    write(centre, "z.yaml", f"holds: [{{{UNTIL}, skills: [Billing]}}]\n")
    assert refused(centre, Wish(teams=(parse_team("Crew=ana*"),))) == ["pull-timed z.yaml:1:9"]
