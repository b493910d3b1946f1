"""The endpoints of the contract, each a function from a request to an answer, behind one table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from reconciler.simulator.bodies import Refusal
from reconciler.simulator.documents import EXTRA_FIELDS, AgentEncoder, skill_document
from reconciler.simulator.tenant import Tenant
from reconciler.simulator.tokens import READ_SCOPE, WRITE_SCOPE, TokenDesk
from reconciler.simulator.wire import Answer, Request, answer_refusal, decode_json, encode_json

# Far beyond any tenant, and short enough to be an integer at once.
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the endpoints work on."""

    tenant: Tenant
    tokens: TokenDesk
    encoder: AgentEncoder


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Who may ask (a scope; None for anybody), and what answers; the agent's id is "" where the path has none."""

    scope: str | None
    answer: Callable[[Desk, Request, str], Answer]


def serve_request(desk: Desk, request: Request) -> Answer:
    """Do what the request asks for, at once, as a tenant without any fault does."""
    found = _find(request.segments)
    if isinstance(found, Refusal):
        return answer_refusal(found)
    methods, agent_id = found
    endpoint = methods.get(request.method)
    if endpoint is None:
        return answer_refusal(Refusal(405, "Method not allowed"), ("Allow", ", ".join(sorted(methods))))
    if endpoint.scope and (refusal := desk.tokens.refuse(request, endpoint.scope)):
        cause = "invalid_token" if refusal.status == 401 else f'insufficient_scope", scope="{endpoint.scope}'  # noqa: PLR2004 - HTTP
        return answer_refusal(refusal, ("WWW-Authenticate", f'Bearer error="{cause}"'))
    return endpoint.answer(desk, request, agent_id)


def _find(segments: tuple[str, ...] | None) -> tuple[Mapping[str, _Endpoint], str] | Refusal:
    if segments is None:
        return Refusal(400, "Malformed path", "it is not UTF-8")
    if methods := _ENDPOINTS.get(segments):
        return methods, ""
    *folder, agent_id = segments
    if tuple(folder) == _AGENTS and agent_id:
        return _ONE_AGENT, agent_id
    return Refusal(404, "No such path")


def _answer_token(desk: Desk, request: Request, _: str) -> Answer:
    return desk.tokens.answer(request)


def _list_skills(desk: Desk, request: Request, _: str) -> Answer:
    behaviour = desk.tenant.behaviour
    paging = _read_paging(request, behaviour.max_page_size)
    if isinstance(paging, Refusal):
        return answer_refusal(paging)
    start, size = (paging[0] - 1) * paging[1] + request.shift, paging[1]
    skills = list(desk.tenant.skills.values())
    items = [encode_json(skill_document(skill, behaviour)) for skill in skills[max(start, 0) : start + size]]
    return _answer_page(desk, "skills", items, paging, len(skills))


def _list_agents(desk: Desk, request: Request, _: str) -> Answer:
    tenant, behaviour = desk.tenant, desk.tenant.behaviour
    paging = _read_paging(request, behaviour.max_page_size)
    if isinstance(paging, Refusal):
        return answer_refusal(paging)
    start, size = (paging[0] - 1) * paging[1] + request.shift, paging[1]
    agents, total = tenant.page_of_agents(max(start, 0), size + min(start, 0), as_of=request.as_of)
    encode, with_skills = desk.encoder.encode, behaviour.inline_skills
    items = [encode(agent, tenant.skills, with_skills=with_skills) for agent in agents]
    return _answer_page(desk, "agents", items, paging, total)


def _answer_page(desk: Desk, key: str, items: list[bytes], paging: tuple[int, int], total: int) -> Answer:
    """Join what is encoded already: a page of 500 agents is a megabyte that nobody encodes again."""
    page, size = paging
    tail = {"page": page, "pageSize": size, "total": total}
    rest = encode_json(tail | EXTRA_FIELDS if desk.tenant.behaviour.extra_fields else tail)
    return Answer(200, b"".join((b'{"', key.encode(), b'":[', b",".join(items), b"],", rest[1:])))


def _get_agent(desk: Desk, request: Request, agent_id: str) -> Answer:
    agent = desk.tenant.agent(agent_id, as_of=request.as_of)
    if agent is None:
        return answer_refusal(Refusal(404, "Agent not found"))
    headers = (("ETag", f'"{agent.version}"'),) if desk.tenant.behaviour.versioned else ()
    return Answer(200, desk.encoder.encode(agent, desk.tenant.skills), headers)


def _patch_agent(desk: Desk, request: Request, agent_id: str) -> Answer:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return answer_refusal(Refusal(415, "Unsupported media type", "the body must be application/json"))
    try:
        body = decode_json(request.body)
    except ValueError as error:
        return answer_refusal(Refusal(400, "Malformed JSON", str(error)))
    stored = desk.tenant.replace_skills(agent_id, body, request.headers.get("if-match"), request=request.number)
    if isinstance(stored, Refusal):
        return answer_refusal(stored)
    headers = (("ETag", f'"{stored.version}"'),) if desk.tenant.behaviour.versioned else ()
    return Answer(200, desk.encoder.encode(stored, desk.tenant.skills), headers)


def _read_paging(request: Request, max_page_size: int) -> tuple[int, int] | Refusal:
    """Read `page` (from 1) and `pageSize` (cut to the cap); anything else in the query is refused."""
    refusal = Refusal(400, "Bad query", "`page` and `pageSize` are taken, once each, whole numbers from 1")
    try:
        query = parse_qs(request.query, keep_blank_values=True, strict_parsing=True) if request.query else {}
    except ValueError:
        return refusal
    texts = {"page": ["1"], "pageSize": [str(max_page_size)], **query}
    are_sane = all(len(values) == 1 and _WHOLE_NUMBER.fullmatch(values[0]) for values in texts.values())
    if texts.keys() != {"page", "pageSize"} or not are_sane:
        return refusal
    return int(texts["page"][0]), min(int(texts["pageSize"][0]), max_page_size)


_AGENTS = ("api", "v2", "agents")
_ONE_AGENT = {"GET": _Endpoint(READ_SCOPE, _get_agent), "PATCH": _Endpoint(WRITE_SCOPE, _patch_agent)}
_ENDPOINTS: Mapping[tuple[str, ...], Mapping[str, _Endpoint]] = {
    ("oauth", "token"): {"POST": _Endpoint(None, _answer_token)},
    ("api", "v2", "skills"): {"GET": _Endpoint(READ_SCOPE, _list_skills)},
    _AGENTS: {"GET": _Endpoint(READ_SCOPE, _list_agents)},
}
