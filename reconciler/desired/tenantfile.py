"""`tenant.yaml`: what it says about its tenant, as the plain values of the model."""

from typing import NamedTuple

from reconciler.desired.documents import check_document
from reconciler.desired.naming import check_name
from reconciler.desired.nodes import Mapping, Node, Scalar
from reconciler.desired.policies import read_policies
from reconciler.desired.report import Report
from reconciler.desired.shapes import TenantDocument
from reconciler.model.policies import Policies
from reconciler.model.position import unpack_position
from reconciler.model.tenant import Api, RateLimit, Tenant

FILE = "tenant.yaml"
EXAMPLE = (
    "write there a `tenant.yaml` that says `version: 1` and `tenant: {name: acme-prod, api: admin-v2, realm: na1}`"
)
_ELSEWHERE = ("agents", "profiles", "team", "overrides", "holds")


class TenantFile(NamedTuple):
    """A tenant, the globs on the names of skills that others own, and its policies."""

    tenant: Tenant
    ignore_skills: tuple[str, ...]
    policies: Policies


def read_tenant(root: Node, folder: str, report: Report) -> TenantFile | None:
    """Read the tree of `tenant.yaml`; `folder` names the tenant where the file does not. None when it has faults."""
    before = len(report.found)
    if isinstance(root, Mapping):
        root = _without_foreign_keys(root, report)
    document = check_document(TenantDocument, root, report)
    if not isinstance(root, Mapping) or document is None:
        return None
    key, tenant_node = root.entries["tenant"]
    policies = read_policies(root.entries["policies"][1], FILE, report) if "policies" in root.entries else Policies()
    shape = document.tenant
    name = shape.name or folder
    problem = None if shape.name else check_name(name, "folder's name, which is the tenant's")
    if problem is not None:
        report.problem(key.at, problem)
    api = Api(shape.api)
    if api is Api.CXONE and isinstance(tenant_node, Mapping):
        at = tenant_node.entries["api"][1].at
        message = "`api: cxone` is not supported yet: nothing would be read or written"
        report.error("not-supported-yet", at, message, "write `api: admin-v2` or `api: simulator`")
    if len(report.found) > before:
        return None
    return TenantFile(
        Tenant(
            name=name,
            api=api,
            position=unpack_position(FILE, key.at),
            realm=shape.realm,
            rate_limit=RateLimit(shape.rate_limit.requests, shape.rate_limit.per_seconds),
            max_concurrency=shape.max_concurrency,
            env_prefix=shape.env_prefix,
        ),
        tuple(document.ignore_skills),
        policies,
    )


def named_in(root: Node | None) -> Scalar | None:
    """The name that a `tenant.yaml` gives to its tenant, whatever else is wrong in it."""
    for step in ("tenant", "name"):
        root = root.entries[step][1] if isinstance(root, Mapping) and step in root.entries else None
    return root if isinstance(root, Scalar) and root.text else None


def _without_foreign_keys(root: Mapping, report: Report) -> Mapping:
    """Note keys that belong into the other files."""
    kept = {}
    for name, (key, value) in root.entries.items():
        if name in _ELSEWHERE:
            message = f"the key `{name}` does not belong into `{FILE}`"
            report.error("misplaced-key", key.at, message, f"move it to a file of its own, like `{name}.yaml`")
        else:
            kept[name] = (key, value)
    return Mapping(kept, root.at)
