"""Where the values of an agent come from, as JSON (`format_version` 1)."""

import json
from datetime import datetime

from reconciler.model.assignments import Assignment
from reconciler.model.commits import NO_HISTORY, History
from reconciler.model.position import SourcePosition
from reconciler.plan.explanation import Chain, Explanation
from reconciler.plan.provenance import Link
from reconciler.render.messages import source_as_dict

FORMAT_VERSION = 1


def why_as_json(explanation: Explanation, folder: str = "", history: History = NO_HISTORY) -> str:
    """Write the explanation as one document, in ASCII; places stand below `folder`."""
    agent = explanation.agent
    document = {
        "format_version": FORMAT_VERSION,
        "tenant": explanation.tenant,
        "at": explanation.now.isoformat(timespec="seconds"),
        "agent": {"id": agent.id, "email": agent.email, "user_name": agent.user_name, "ref": agent.ref},
        "team": explanation.team,
        "source": source_as_dict(explanation.source, folder),
        "reading": explanation.reading.value,
        "skills": [_chain_as_dict(chain, folder, history) for chain in explanation.chains],
    }
    return json.dumps(document, indent=2) + "\n"


def _chain_as_dict(chain: Chain, folder: str, history: History) -> dict[str, object]:
    return {
        "skill": {"id": chain.skill.id, "name": chain.skill.name},
        "desired": _value_as_dict(chain.desired),
        "live": _value_as_dict(chain.live),
        "verdict": chain.verdict.value,
        "ignored_by": chain.ignored_by,
        "chain": [_link_as_dict(link, folder, history) for link in chain.links],
    }


def _link_as_dict(link: Link, folder: str, history: History) -> dict[str, object]:
    window = link.window
    return {
        "kind": link.kind.value,
        "name": link.name,
        "through": list(link.through),
        "ticket": link.ticket,
        "value": _value_as_dict(link.value),
        "wins": link.is_winner,
        "phase": link.phase.value,
        "from": None if window is None else _instant(window.start),
        "until": None if window is None else _instant(window.until),
        "source": source_as_dict(link.position, folder),
        **_commit_as_dict(link.position, history),
    }


def _commit_as_dict(position: SourcePosition, history: History) -> dict[str, object]:
    """Give the commit, and whether there is one: null where nobody knows."""
    at = (position.file, position.line)
    commit = history.commits.get(at)
    if commit is None:
        return {"committed": False if at in history.commits else None, "commit": None}
    return {
        "committed": True,
        "commit": {
            "id": commit.id,
            "author": commit.author,
            "date": None if commit.date is None else commit.date.isoformat(),
            "subject": commit.subject,
            "or_earlier": commit.may_be_earlier,
        },
    }


def _value_as_dict(value: Assignment | None) -> dict[str, object] | None:
    return None if value is None else {"proficiency": value.proficiency, "available": value.available}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
