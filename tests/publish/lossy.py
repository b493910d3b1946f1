"""A GitHub in memory that loses answers."""

import json

import httpx

BOT = "github-actions[bot]"


class Lossy(httpx.AsyncBaseTransport):
    """GitHub's comments and issues, as far as a test needs them.

    Each write meets the next of `faults` first: the status that answers instead, and whether the write is carried out
    all the same.
    """

    def __init__(self, *faults: tuple[int, bool] | None, comments: tuple[str, ...] = ()) -> None:
        self.faults = list(faults)
        self.rows = [{"id": number, "user": {"login": BOT}, "body": body} for number, body in enumerate(comments, 1)]
        self.issues: list[dict[str, object]] = []
        self.writes: list[str] = []
        self.commented_on: list[str] = []
        self.wrote_as = BOT

    @property
    def bodies(self) -> list[object]:
        """What the comments say."""
        return [row["body"] for row in self.rows]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        path, document = request.url.path, json.loads(request.content or b"{}")
        if request.method == "GET":
            return httpx.Response(200, json=self.issues if path.endswith("/issues") else self.rows)
        self.writes.append(request.method)
        fault = self.faults.pop(0) if self.faults else None
        answer = None
        if fault is None or fault[1]:
            answer = self._issue(request, document) if self._is_of_issue(path) else self._comment(request, document)
        return httpx.Response(fault[0], json={"message": "fault"}) if fault else answer or httpx.Response(500)

    @staticmethod
    def _is_of_issue(path: str) -> bool:
        return not path.endswith("/comments") and "/issues/comments/" not in path

    def _comment(self, request: httpx.Request, document: dict[str, object]) -> httpx.Response:
        if request.method == "POST":
            self.commented_on.append(request.url.path.split("/")[-2])
            row = {"id": len(self.rows) + 100, "user": {"login": self.wrote_as}, "body": document["body"]}
            self.rows.append(row)
            return httpx.Response(201, json=row)
        number = int(request.url.path.rpartition("/")[2])
        found = [row for row in self.rows if row["id"] == number]
        if not found:
            return httpx.Response(404, json={"message": "Not Found"})
        if request.method == "DELETE":
            self.rows.remove(found[0])
            return httpx.Response(204)
        found[0].update(document)
        return httpx.Response(200, json=found[0])

    def _issue(self, request: httpx.Request, document: dict[str, object]) -> httpx.Response:
        if request.method == "POST":
            row = {"number": len(self.issues) + 20, "user": {"login": BOT}, **document}
            self.issues.append(row)
            return httpx.Response(201, json=row)
        number = int(request.url.path.rpartition("/")[2])
        [row] = [row for row in self.issues if row["number"] == number]
        row.update(document)
        if document.get("state") == "closed":
            self.issues.remove(row)
        return httpx.Response(200, json=row)
