"""What a pull request of the shipped example goes through: its comment and its report, as the commands write them."""

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path
from queue import Queue
from types import MappingProxyType
from unittest.mock import patch

from reconciler.cli.app import run
from reconciler.simulator import App, Assignment, Fault, Kind, demo_tenant, make_app, serve

ROOT = Path(__file__).parents[2]
_LONGEST_START_S = 60
_REPORT = ("--report", "report.json")
_COMMIT = "4f9c2e7d10b3a86c5e4d3f2a1b0c9d8e7f6a5b4c"
_LICENCE = b'{"message":"no licence for the skill Refunds is left"}'
# The name of a run, what it cost, and when a plan was made: they differ from one run to the next.
_VOLATILE = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+|<time>[^<]*|[\d,]+ requests, [\d,]+ throttled, [^;]+")


class Scene:
    """The example in a folder of its own, its tenant behind a socket, and a pull request in which to comment."""

    def __init__(self, folder: Path, app: App, url: str) -> None:
        self.app = app
        self._folder = folder
        shutil.copytree(ROOT / "desired-state", folder / "desired-state")
        self.edit("tenant.yaml", "api: simulator ", "api: admin-v2 ")
        # A fork's pull request: the text goes into the summary of the step, and nothing is sent to anybody.
        sides = {"head": {"sha": _COMMIT, "repo": {"full_name": "ana/centre"}}, "base": {}}
        (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7, **sides}}), encoding="utf-8")
        self._environ = {
            "PATH": os.environ["PATH"],
            "CXONE_BASE_URL": url,
            "CXONE_CLIENT_ID": "demo",
            "CXONE_CLIENT_SECRET": "demo-secret",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": "acme/centre",
            "GITHUB_RUN_ID": "1001",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands once in a file of the example."""
        path = self._folder / "desired-state" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command in this process, which must end with this code, and give what it wrote."""
        written = BytesIO()
        with (
            chdir(self._folder),
            patch.dict(os.environ, self._environ, clear=True),
            redirect_stdout(TextIOWrapper(written, encoding="utf-8", write_through=True)) as out,
            redirect_stderr(TextIOWrapper(BytesIO(), encoding="utf-8")),
        ):
            ended = run(arguments)
            assert out.detach() is written
        assert ended == code, (arguments, ended)
        return written.getvalue().decode("utf-8")

    def review(self) -> str:
        """Plan, as a pull request does, and give the digest of the plan."""
        self.run(*_REPORT, "plan", "--out", "plan.json")
        return str(json.loads((self._folder / "plan.json").read_bytes())["digest"])

    def apply(self, digest: str, code: int = 0) -> None:
        """Apply what is left of the reviewed plan, as a merge does."""
        self.run(
            *(*_REPORT, "apply", "--yes", "--expect", digest, "--reviewed", "plan.json", "--out", "fresh.json"),
            code=code,
        )

    def comment(self, *arguments: str) -> str:
        """Give the text of the comment."""
        summary = self._folder / "summary.md"
        summary.unlink(missing_ok=True)
        self.run("comment", *arguments)
        return summary.read_text(encoding="utf-8")

    def ended(self) -> str:
        """Give the text of the comment after an apply."""
        return self.comment("--plan", "fresh.json", "--reviewed", "plan.json", "--result", "report.json")


def _plan(scene: Scene) -> str:
    scene.review()
    return scene.comment("--plan", "plan.json", "--result", "report.json")


def _small(scene: Scene) -> str:
    """The tenant is as the files say; then three people of one team change."""
    scene.run("apply", "--yes")
    file = "agents/billing-emea.yaml"
    scene.edit(file, "Spanish: 60 ", "Spanish: 80 ")
    scene.edit(file, "{French: 90}", "{French: 90, Fraud: 50}")
    scene.edit(file, "{Portuguese: 85, Spanish: 85}", "{Portuguese: 85}")
    return _plan(scene)


def _failed(scene: Scene) -> str:
    scene.edit("agents/billing-emea.yaml", "Portuguese: 95", "Portuguese: 950")
    scene.edit("agents/billing-emea.yaml", "profiles: [billing-lead]", "profiles: [billing-leed]")
    scene.run(*_REPORT, "validate", code=3)
    return scene.comment("--plan", "plan.json", "--result", "report.json")


def _applying(scene: Scene) -> str:
    scene.review()
    return scene.comment("--applying", "--reviewed", "plan.json")


def _applied(scene: Scene) -> str:
    scene.apply(scene.review())
    return scene.ended()


def _partly(scene: Scene) -> str:
    """One agent is refused by the tenant; another one is changed by somebody while the apply is under way."""
    tenant = scene.app.tenant
    refused, changed = (tenant.agent_named(f"{name}@example.com") for name in ("dmitri.volkov", "zoe.adams"))
    english = tenant.skill_named("English").id
    path = f"*/agents/{refused.id}"
    scene.app.faults.add(Fault(Kind.STATUS, "PATCH", path, status=400, body=_LICENCE, times=None))
    path = f"*/agents/{changed.id}"
    scene.app.faults.add(
        Fault(Kind.ACT_BEFORE, "PATCH", path, act=lambda: tenant.edit_skills(changed.id, {english: Assignment(10)}))
    )
    scene.apply(scene.review(), code=6)
    return scene.ended()


def _refused(scene: Scene) -> str:
    """Between the review and the merge somebody changes two agents in the tenant's own administration."""
    digest = scene.review()
    tenant = scene.app.tenant
    for name, skill, level in (("ana.silva", "Spanish", 50), ("bo.ito", "Fraud", 30)):
        agent = tenant.agent_named(f"{name}@example.com")
        tenant.edit_skills(agent.id, {tenant.skill_named(skill).id: Assignment(level)})
    scene.apply(digest, code=5)
    return scene.ended()


def _report(scene: Scene) -> str:
    """The plan as a page."""
    scene.review()
    return scene.run("show", "plan.json", "--format", "html")


# The reports, each with what its reader prefers.
REPORTS: Mapping[str, str] = MappingProxyType({"report-light": "light", "report-dark": "dark"})
SCENES: Mapping[str, Callable[[Scene], str]] = MappingProxyType(
    {
        "plan": _plan,
        "report-light": _report,
        "report-dark": _report,
        "small": _small,
        "failed": _failed,
        "applying": _applying,
        "applied": _applied,
        "partly-applied": _partly,
        "refused": _refused,
    }
)


@contextmanager
def _served() -> Iterator[tuple[App, str]]:
    """Serve the example's tenant; it ends with the process."""
    app = make_app(demo_tenant())
    ports: Queue[int] = Queue()
    threading.Thread(target=serve, args=(app, 0, ports.put), daemon=True).start()
    yield app, f"http://127.0.0.1:{ports.get(timeout=_LONGEST_START_S)}"


def text_of_scene(name: str, folder: Path) -> str:
    """Play a scene in an empty folder, and give the text at its end: the comment in Markdown, or the report."""
    with _served() as (app, url):
        return SCENES[name](Scene(folder, app, url))


def print_of(text: str) -> str:
    """Give the fingerprint of a text without what differs from one run to the next."""
    return sha256(_VOLATILE.sub("…", text).encode()).hexdigest()
