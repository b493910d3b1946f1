"""A contact centre under review: its repository on the emulated GitHub, a git to check out from, and its tenant."""

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from queue import Queue
from uuid import UUID, uuid5

from reconciler.simulator import (
    READ_SCOPE,
    Agent,
    App,
    Assignment,
    Behaviour,
    Client,
    Seed,
    Skill,
    Tenant,
    make_app,
    serve,
)
from tests.emulated import BOT, OWNER, EmulatedGitHub
from tests.workflows.actions import ROOT
from tests.workflows.runner import Event, Hosting, JobRun, Run

READER = Client("reader", "reader-secret", frozenset({READ_SCOPE}))
WRITER = Client("writer", "writer-secret")
NAMES = ("ana", "bo", "cy", "di")
SKILLS = ("Billing", "English", "Spanish")
TENANT = """\
version: 1
tenant:
  name: acme
  api: admin-v2
  realm: na1
"""
_SPACE = UUID("8a1d7a52-6c8f-4d1e-9a30-0b1f2c3d4e5f")
_HELD = {"Billing": 60, "English": 80}
_GIT = ("git", "-c", "user.name=dev", "-c", "user.email=dev@example.com", "-c", "init.defaultBranch=main")


def agents_file(**levels: Mapping[str, int]) -> str:
    """Write what everybody holds: what main says, but for those who are named."""
    lines = ["team: Billing", "agents:"]
    for name in NAMES:
        skills = ", ".join(f"{skill}: {level}" for skill, level in levels.get(name, _HELD).items())
        lines.append(f"  {name}@example.com: {{skills: {{{skills}}}}}")
    return "\n".join([*lines, ""])


def _seed() -> Seed:
    ids = {name: str(uuid5(_SPACE, name)) for name in (*SKILLS, *NAMES)}
    held = {ids[skill]: Assignment(level) for skill, level in _HELD.items()}
    return Seed(
        tuple(Skill(ids[name], name) for name in SKILLS),
        tuple(Agent(ids[name], name, f"{name}@example.com", name.title(), "Test", held) for name in NAMES),
    )


@contextmanager
def served() -> Iterator[tuple[App, str]]:
    """Serve a tenant that is as main says, for a reader and a writer; it ends with the process."""
    app = make_app(Tenant(_seed(), Behaviour(limit=None)), clients=(READER, WRITER))
    ports: Queue[int] = Queue()
    threading.Thread(target=serve, args=(app, 0, ports.put), daemon=True).start()
    yield app, f"http://127.0.0.1:{ports.get(timeout=10)}"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request on both sides: its number, and the branch that it comes from."""

    number: int
    branch: str


@dataclass
class Centre:
    """Everything that the workflows touch, and what people do to it."""

    github: EmulatedGitHub
    hosting: Hosting
    app: App
    _runs: Iterator[int] = field(default_factory=lambda: count(1001))

    @property
    def tenant(self) -> Tenant:
        """The tenant itself: its log is what the workflows are judged by."""
        return self.app.tenant

    # What people do in the repository.

    def propose(self, branch: str, files: Mapping[str, str]) -> PullRequest:
        """Open a pull request that changes these files of main."""
        self._git("checkout", "-q", "-b", branch, "main")
        self._commit(branch, files)
        return PullRequest(self.github.new_pull_request(self.hosting.repository, branch), branch)

    def amend(self, pull: PullRequest, files: Mapping[str, str]) -> None:
        """Push one more commit to a pull request."""
        self._git("checkout", "-q", pull.branch)
        self._commit(pull.branch, files)

    def merge(self, pull: PullRequest) -> Event:
        """Merge, and give what happens then. The host makes its own commit: `commits` maps it to that of git."""
        sha = self.github.merge(self.hosting.repository, pull.number)
        self._git("checkout", "-q", "main")
        self._git("merge", "-q", "--no-ff", "-m", f"Merge #{pull.number}", pull.branch)
        self._push("main")
        return self.pushed(sha)

    def pushed(self, sha: str | None = None) -> Event:
        """Tell of a push to main: of the commit `sha` of the host, or of its newest."""
        newest = (
            sha or self.github.ask("GET", f"/repos/{self.hosting.repository}/branches/main").json()["commit"]["sha"]
        )
        self.hosting.commits[newest] = self._git("rev-parse", "main")
        payload = {"ref": "refs/heads/main", "after": newest, "head_commit": {"id": newest}, **self._repository()}
        return Event("push", payload, newest, "refs/heads/main")

    def commit_to_main(self, files: Mapping[str, str]) -> Event:
        """Push to main without a pull request."""
        self._git("checkout", "-q", "main")
        self._commit("main", files)
        path = f"/repos/{self.hosting.repository}/contents/main-{next(self._runs)}.txt"
        self.github.ask("PUT", path, message="Straight to main", content="Y2hhbmdlCg==", branch="main")
        return self.pushed()

    def _commit(self, branch: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "-q", "--allow-empty", "-m", f"Work on {branch}")
        self._push(branch)

    # What happens then.

    def opened(self, pull: PullRequest, *, fork: str | None = None) -> Event:
        """Tell of a pull request, as GitHub does: its document, and a merge of both sides to check out."""
        document = self.github.ask("GET", f"/repos/{self.hosting.repository}/pulls/{pull.number}").json()
        if fork is not None:
            document["head"]["repo"] = {**document["base"]["repo"], "full_name": fork}
        self._git("checkout", "-q", "--detach", "main")
        self._git("merge", "-q", "--no-ff", "-m", "Merge both sides", pull.branch)
        merged = self._git("rev-parse", "HEAD")
        self._push(f"HEAD:refs/pull/{pull.number}/merge")
        self.hosting.commits[merged] = merged
        return Event(
            "pull_request",
            {"action": "synchronize", "number": pull.number, "pull_request": document, **self._repository()},
            merged,
            f"refs/pull/{pull.number}/merge",
            head_ref=pull.branch,
            base_ref="main",
        )

    def scheduled(self) -> Event:
        """Tell that the time of the schedule has come."""
        pushed = self.pushed()
        return Event("schedule", {"schedule": "17 6 * * 1-5", **self._repository()}, pushed.sha, pushed.ref)

    def dispatched(self, **inputs: str) -> Event:
        """Tell that somebody started a workflow by hand, on main."""
        pushed = self.pushed()
        return Event("workflow_dispatch", {"inputs": inputs, **self._repository()}, pushed.sha, pushed.ref)

    def start(self, workflow: str, event: Event, inputs: Mapping[str, str] | None = None) -> Run:
        """Make a run of a workflow, with a number of its own."""
        return Run(self.hosting, f"{workflow}.yml", event, next(self._runs), inputs=inputs)

    def run(self, workflow: str, event: Event, inputs: Mapping[str, str] | None = None) -> JobRun:
        """Run the one job of a workflow that has something to do."""
        (job,) = self.start(workflow, event, inputs).play().values()
        return job

    def rerun(self, run: Run) -> Run:
        """Make the next attempt of a run: the same event, the same commit, a new machine."""
        return replace(run, attempt=run.attempt + 1)

    def artifact(self, run: Run, name: str) -> Path:
        """Where an artifact is kept."""
        return self.hosting.folder / "artifacts" / str(run.number) / name

    def forget_artifacts(self) -> None:
        """Let everything that runs have kept expire."""
        shutil.rmtree(self.hosting.folder / "artifacts")

    def _repository(self) -> dict[str, object]:
        return {"repository": {"full_name": self.hosting.repository, "default_branch": "main"}}

    # What is left behind.

    def comments(self, pull: PullRequest) -> list[tuple[int, str]]:
        """Give the comments of a pull request: id and text."""
        path = f"/repos/{self.hosting.repository}/issues/{pull.number}/comments?per_page=100"
        comments = self.github.ask("GET", path).json()
        assert all(each["user"]["login"] == BOT for each in comments)
        return [(each["id"], each["body"]) for each in comments]

    def comment(self, pull: PullRequest) -> str:
        """Give the text of the one comment that there is."""
        ((_, text),) = self.comments(pull)
        return text

    def issues(self, state: str) -> list[tuple[int, str]]:
        """Give the issues that are `open` or `closed`: number and text."""
        path = f"/repos/{self.hosting.repository}/issues?state={state}&per_page=100"
        found = self.github.ask("GET", path).json()
        return [(each["number"], each["body"]) for each in found if not each.get("pull_request")]

    def live(self, name: str) -> dict[str, int]:
        """Give what an agent really holds."""
        held = self.tenant.agent_named(f"{name}@example.com").skills
        return {self.tenant.skills[skill].name: value.proficiency for skill, value in held.items()}

    def edit(self, name: str, **levels: int | None) -> None:
        """Change an agent behind everybody's back: a level, or None to take the skill away."""
        changes = {
            self.tenant.skill_named(skill).id: None if level is None else Assignment(level)
            for skill, level in levels.items()
        }
        self.tenant.edit_skills(self.tenant.agent_named(f"{name}@example.com").id, changes)

    def writes(self) -> int:
        """Count what asked the tenant for a change."""
        return sum(request.method == "PATCH" for request in self.app.requests)

    @property
    def _work(self) -> Path:
        return self.hosting.folder / "work"

    def _push(self, what: str) -> None:
        self._git("push", "-q", "--force", str(self.hosting.remote), what)

    def _git(self, *words: str) -> str:
        command = [*_GIT, "-C", str(self._work), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()

    def begin(self) -> None:
        """Put the first commit on main."""
        self._work.mkdir()
        self._git("init", "-q")
        self._git("init", "-q", "--bare", str(self.hosting.remote))
        self._commit("main", {"desired-state/tenant.yaml": TENANT, "desired-state/agents.yaml": agents_file()})


def make_centre(github: EmulatedGitHub, app: App, url: str, folder: Path) -> Centre:
    """Make one, with a credential to read for plans, and one to write behind the protected environment."""
    hosting = Hosting(
        folder=folder,
        workflows=ROOT / ".github" / "workflows",
        repository=github.new_repository(),
        api_url=github.url,
        token=github.token(BOT),
        environ={"CXONE_BASE_URL": url},
        secrets={
            name: {"CXONE_CLIENT_ID": client.id, "CXONE_CLIENT_SECRET": client.secret}
            for name, client in (("plan", READER), ("production", WRITER))
        },
    )
    assert hosting.repository.startswith(f"{OWNER}/")
    centre = Centre(github, hosting, app)
    centre.begin()
    return centre
