"""From a pull request to the tenant: the run steps of the workflows, as they are in the YAML, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reconciler.simulator import Author
from tests.emulated import EmulatedGitHub
from tests.workflows.actions import ROOT
from tests.workflows.centre import READER, TENANT, WRITER, Centre, agents_file, make_centre, served
from tests.workflows.runner import JobRun, Run

pytestmark = pytest.mark.real
AGENTS = "desired-state/agents.yaml"
RAISED = {"Billing": 75, "English": 80, "Spanish": 40}


@dataclass(frozen=True)
class Story:
    """One change on its whole way, and what was there to see after each step."""

    centre: Centre
    planning: Run
    applying: Run
    planned: JobRun
    applied: JobRun
    checked: JobRun
    comments: tuple[list[tuple[int, str]], list[tuple[int, str]]]
    written_by_plan: int


@pytest.fixture(scope="module")
def story(github: EmulatedGitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Pull request, plan, merge, apply, and the plan of the schedule."""
    with served() as (app, url):
        centre = make_centre(github, app, url, tmp_path_factory.mktemp("story"))
        pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED, bo=RAISED)})
        planning = centre.start("plan", centre.opened(pull))
        planned = planning.play()["plan"]
        before, written = centre.comments(pull), centre.writes() + len(centre.tenant.commits)
        applying = centre.start("apply", centre.merge(pull))
        applied = applying.play()["apply"]
        after = centre.comments(pull)
        checked = centre.run("drift", centre.scheduled())
        yield Story(centre, planning, applying, planned, applied, checked, (before, after), written)


def test_a_pull_request_shows_its_plan_and_writes_nothing(story: Story) -> None:
    assert not story.planned.is_red, story.planned.said
    ((_, text),) = story.comments[0]
    for shown in (text, story.planned.summary):
        assert "2 of 4 managed agents change" in shown
        assert "ana@example.com" in shown
    assert story.written_by_plan == 0


def test_the_plan_is_kept_as_a_page_and_the_comment_says_where(story: Story) -> None:
    """With what the comment shows; the step that writes it has no secret."""
    (page,) = story.centre.artifact(story.planning, "report-default").iterdir()
    assert page.name == "report.html"
    text = page.read_text(encoding="utf-8")
    assert "2 agents change" in text
    assert "ana@example.com" in text
    ((_, comment),) = story.comments[0]
    assert "`report.html` in the artifacts of [this run](" in comment
    assert not any("secret" in value.lower() for value in story.planned.steps["Report"].env.values())


def test_a_page_that_cannot_be_kept_takes_nothing_from_the_plan(centre: Centre) -> None:
    """The job is green, and the comment does not point to what is not there."""
    pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED)})
    run = centre.start("plan", centre.opened(pull))
    folder = centre.artifact(run, "report-default")
    folder.parent.mkdir(parents=True)
    folder.touch()
    planned = run.play()["plan"]
    assert planned.steps["Keep the report"].outcome == "failure"
    assert not planned.is_red
    assert "report.html" not in centre.comment(pull)


def test_its_merge_is_applied_and_the_same_comment_says_so(story: Story) -> None:
    assert not story.applied.is_red, story.applied.said
    ((first, _),), ((second, text),) = story.comments
    assert second == first
    assert "2 of 2" in text
    centre = story.centre
    assert centre.live("ana") == centre.live("bo") == RAISED
    assert len(centre.tenant.commits) == centre.writes() == 2


def test_the_second_plan_is_empty(story: Story) -> None:
    """The schedule finds nothing, and opens no issue."""
    assert not story.checked.is_red, story.checked.said
    assert "No changes. 4 agents match." in story.checked.steps["Plan"].out
    assert story.centre.issues("all") == []


def test_a_plan_reads_with_a_credential_that_cannot_write(story: Story) -> None:
    """Each job is given its own environment's, and no step but the one that speaks to the tenant has it."""
    for job, holder, client in ((story.planned, "Plan", READER), (story.applied, "Apply", WRITER)):
        assert job.steps[holder].env["CLIENT_SECRET"] == client.secret
        assert all(client.secret not in step.env.values() for name, step in job.steps.items() if name != holder)
        assert client.secret not in job.said + job.summary


def test_the_journal_outlives_the_machine(story: Story) -> None:
    """`reconcile rollback` needs it: it is kept under the attempt's own name, and holds no secret."""
    (journal,) = story.centre.artifact(story.applying, "runs-default-1").glob("*.jsonl")
    text = journal.read_text(encoding="utf-8")
    assert "ana@example.com" in text
    assert "-secret" not in text


def test_a_comment_follows_its_pull_request(centre: Centre) -> None:
    """A further commit edits it; one that takes everything back says so in the same place."""
    pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED)})
    centre.run("plan", centre.opened(pull))
    ((first, before),) = centre.comments(pull)
    centre.amend(pull, {AGENTS: agents_file(ana=RAISED, cy=RAISED)})
    centre.run("plan", centre.opened(pull))
    ((second, wider),) = centre.comments(pull)
    centre.amend(pull, {AGENTS: agents_file()})
    centre.run("plan", centre.opened(pull))
    ((third, none),) = centre.comments(pull)
    assert first == second == third
    assert "cy@example.com" not in before
    assert "cy@example.com" in wider
    assert "ana@example.com" not in none
    assert "No changes" in none


def test_a_pull_request_that_changes_no_desired_state_gets_no_comment(centre: Centre) -> None:
    """Neither when it is opened nor when it is merged; both jobs are green."""
    pull = centre.propose("words", {"README.md": "Our centre\n"})
    planned = centre.run("plan", centre.opened(pull))
    assert not planned.is_red, planned.said
    assert centre.comments(pull) == []
    applied = centre.run("apply", centre.merge(pull))
    assert not applied.is_red, applied.said
    assert centre.writes() == 0
    assert centre.comments(pull) == []


def test_a_typo_is_shown_at_its_line_and_the_job_is_red(centre: Centre) -> None:
    """Nothing is asked of the tenant; a later commit that mends it turns the same comment into the plan."""
    pull = centre.propose(
        "typo", {AGENTS: agents_file(ana=RAISED).replace("cy@example.com: {skills", "cy@example.com: {skils")}
    )
    planned = centre.run("plan", centre.opened(pull))
    assert planned.is_red
    assert planned.steps["Validate"].code == 3
    assert planned.said.count("::error file=desired-state/agents.yaml,line=5,") == 1
    assert planned.steps["Plan"].outcome == planned.steps["Keep the plan"].outcome == "skipped"
    assert planned.steps["Comment"].outcome == "success"
    assert centre.app.requests == []
    ((first, text),) = centre.comments(pull)
    assert "skils" in text
    centre.amend(pull, {AGENTS: agents_file(ana=RAISED)})
    assert not centre.run("plan", centre.opened(pull)).is_red
    ((second, text),) = centre.comments(pull)
    assert second == first
    assert "skils" not in text
    assert "ana@example.com" in text


def test_a_skill_that_the_tenant_does_not_have_fails_the_plan_and_the_comment_says_which(centre: Centre) -> None:
    """The step after a failed plan does not hide it: the job stays red."""
    pull = centre.propose("typo", {AGENTS: agents_file(ana={"Biling": 75})})
    planned = centre.run("plan", centre.opened(pull))
    assert planned.is_red
    assert (planned.steps["Validate"].code, planned.steps["Plan"].code, planned.steps["Comment"].code) == (0, 3, 0)
    assert "Biling" in centre.comment(pull)


def test_a_host_that_is_down_does_not_hide_the_plan(centre: Centre) -> None:
    """The plan is kept and its step is green; that there is no comment is a step of its own, which is red."""
    pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED)})
    event = centre.opened(pull)
    centre.hosting.environ["GITHUB_API_URL"] = "http://127.0.0.1:9"
    planned = centre.run("plan", event)
    assert planned.steps["Plan"].outcome == planned.steps["Keep the plan"].outcome == "success"
    assert "ana@example.com" in planned.summary
    assert centre.comments(pull) == []


def test_a_fork_is_checked_without_any_secret_and_told_why_there_is_no_plan(centre: Centre) -> None:
    """Neither the tenant nor the host is asked for anything, and no step holds a token."""
    pull = centre.propose("raise", {AGENTS: agents_file(ana=RAISED)})
    run = centre.start("plan", centre.opened(pull, fork="mallory/centre"))
    played = run.play()
    assert played.keys() == {"validate"}
    job = played["validate"]
    assert not job.is_red, job.said
    assert "fork" in job.summary
    assert not any({"GITHUB_TOKEN", "CLIENT_SECRET"} & step.env.keys() for step in job.steps.values())
    assert centre.app.requests == []
    assert centre.comments(pull) == []


def test_a_fork_that_is_wrong_is_red(centre: Centre) -> None:
    pull = centre.propose("typo", {AGENTS: "agents: []\n"})
    played = centre.start("plan", centre.opened(pull, fork="mallory/centre")).play()
    assert played["validate"].is_red
    assert "::error file=desired-state/agents.yaml,line=1," in played["validate"].said


def test_another_repository_calls_them_with_a_tenant_of_its_own(centre: Centre) -> None:
    """Folder, tenant, prefix and environment are inputs; the tool comes from the repository of the workflow."""
    folder = "centres/beta"
    tenant = TENANT.replace("name: acme", "name: beta\n  env_prefix: CXONE_BETA")
    inputs = {"directory": "centres", "tenant": "beta", "env-prefix": "CXONE_BETA"}
    centre.hosting.environ["CXONE_BETA_BASE_URL"] = centre.hosting.environ.pop("CXONE_BASE_URL")
    files = {f"{folder}/tenant.yaml": tenant, f"{folder}/agents.yaml": agents_file(ana=RAISED)}
    pull = centre.propose("beta", {**files, "centres/gamma/tenant.yaml": TENANT.replace("acme", "gamma")})
    planned = centre.run("plan", centre.opened(pull), {**inputs, "environment": "plan"})
    assert not planned.is_red, planned.said
    applied = centre.run("apply", centre.merge(pull), {**inputs, "environment": "production"})
    assert not applied.is_red, applied.said
    assert centre.live("ana") == RAISED
    assert [commit.author for commit in centre.tenant.commits] == [Author.API]
    assert "beta" in centre.comment(pull)


def test_this_repository_plans_its_own_example_without_any_credential(centre: Centre) -> None:
    """The shipped tenant is simulated inside the command: whoever forks the repository sees it work."""
    centre.hosting.environ.clear()
    centre.hosting.secrets["plan"].clear()
    shipped = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "desired-state").rglob("*.yaml")
    }
    pull = centre.propose("example", shipped)
    planned = centre.run("plan", centre.opened(pull))
    assert not planned.is_red, planned.said
    assert "acme-demo" in centre.comment(pull)
    assert centre.app.requests == []
