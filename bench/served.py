"""The tenant of the paced apply on a socket, in a process of its own, as its limit is counted in real time."""

from pathlib import Path

from children import Numbers
from judging import pace, sent
from terms import Terms
from world import Scene, behaviour_of

from reconciler.simulator import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Tenant, make_app, serve


def tenant(agents: str, limit: str, window_s: str, folder: str) -> Numbers:
    """Write the desired state below `folder`, print port and credential, serve until SIGTERM; then judge by the log."""
    terms = Terms(int(limit), int(limit), float(window_s))
    scene = Scene(int(agents), int(agents))
    scene.write(Path(folder) / "desired-state", terms)
    live = Tenant(scene.seed, behaviour_of(terms))
    app = make_app(live)
    serve(app, 0, lambda port: print(port, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, flush=True))
    return {
        **sent(app.requests),
        **pace(app.requests, terms.configured, terms.window_s),
        "lost": len(scene.unlike(live)),
    }
