"""A GitLab as far as the pages need it: one project with notes, issues, a merge, and the artifacts of jobs."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOT = "project_42_bot"
TOKEN = "glpat-of-the-project"


@dataclass
class GitLab:
    """Its state. `artifacts` are the plans that jobs kept, by the number of the job."""

    url: str
    notes: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    tip: str = ""

    def answer(self, method: str, path: str, document: dict[str, Any]) -> object:
        """Do what a request asks for; None for what there is not."""
        path = path.removeprefix("/projects/42")
        rows = {"/merge_requests/7/notes": self.notes, "/issues": self.issues}
        found = re.fullmatch(r"(.+?)(?:/(\d+))?", path)
        if found and found[1] in rows:
            return _kept(rows[found[1]], method, found[2], document)
        if kept := re.fullmatch(r"/jobs/(\d+)/artifacts/plan\.json", path):
            return self.artifacts.get(kept[1])
        return {
            "/user": {"username": BOT},
            "/merge_requests/7": {"iid": 7, "state": "opened"},
            "/repository/branches/main": {"commit": {"id": self.tip}},
            f"/repository/commits/{self.tip}/merge_requests": [{"iid": 7, "state": "merged", "target_branch": "main"}],
        }.get(path)


def _kept(rows: list[dict[str, Any]], method: str, number: str | None, document: dict[str, Any]) -> object:
    if method == "GET":
        return rows
    if number is None:
        rows.append({"id": len(rows) + 1, "iid": len(rows) + 1, "author": {"username": BOT}})
        number = str(len(rows))
    rows[int(number) - 1].update(document)
    return rows[int(number) - 1]


@contextmanager
def hosted_gitlab() -> Iterator[GitLab]:
    """Serve it on this machine until the end; who has not its token is sent away."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            document = json.loads(self.rfile.read(size) or b"{}")
            is_known = self.headers.get("PRIVATE-TOKEN") == TOKEN
            found = gitlab.answer(self.command, self.path.partition("?")[0], document) if is_known else None
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(401 if not is_known else 404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the server's own names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gitlab = GitLab(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield gitlab
        server.shutdown()
