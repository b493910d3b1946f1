"""The tenant on a real socket: it answers, it cuts lines, and it leaves without a word when it is told to."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, demo_tenant, make_app, serve

pytestmark = pytest.mark.real

_SERVER = """
import sys
from reconciler.simulator import Fault, Kind, demo_tenant, make_app, serve
faults = [Fault(Kind.DROP_BEFORE, "PUT", times=None), Fault(Kind.DROP_AFTER, "DELETE", times=None)]
serve(make_app(demo_tenant(), faults=faults), int(sys.argv[1]), lambda port: print(port, flush=True))
print("left", flush=True)
"""


@contextlib.contextmanager
def _served() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Serve in another process; gives the process and the address."""
    command = [sys.executable, "-c", _SERVER, "0"]
    folder = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_leaves_cleanly(number: signal.Signals) -> None:
    """Every kind of request over one connection, then a signal: it returns, with nothing on stderr."""
    form = {"grant_type": "client_credentials", "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET}
    with _served() as (process, address), httpx.Client(base_url=address, trust_env=False) as client:
        token = client.post("/oauth/token", data=form).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        listing = client.get("/api/v2/agents?pageSize=5")
        agent = listing.json()["agents"][0]
        assert len(listing.headers.get_list("date")) == 1
        assert client.patch(f"/api/v2/agents/{agent['id']}", json={"skills": []}).json()["version"] == 2
        for method in ("PUT", "DELETE"):
            with pytest.raises(httpx.RemoteProtocolError, match="disconnected") as caught:
                client.request(method, "/api/v2/agents")
            assert "without sending a response" in str(caught.value)
        assert client.get(f"/api/v2/agents/{agent['id']}").json()["skills"] == []
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=10)
        assert (process.returncode, stdout, stderr) == (0, "left\n", "")


def test_it_listens_on_this_machine_only() -> None:
    """And says so, as OSError, when the port is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(make_app(demo_tenant()), taken.getsockname()[1], print)
