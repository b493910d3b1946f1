"""The way back: YAML from what a tenant holds, such that reading it gives exactly that and no reviewer is misled.

`write_agents` and `write_tenant` are pure: values in, the text of files out. The text is put together here rather than
dumped by a YAML library: the shape is two mappings deep, and every scalar is quoted by the one rule in `scalar`. Files
that are there are changed in place (`editing`).
"""

from reconciler.desired.writing.adopting import FileEdit, refuse_moved, rewrite
from reconciler.desired.writing.agents import File, Group, LeftOut, Written, write_agents
from reconciler.desired.writing.choice import Choice, Team, choose, parse_team
from reconciler.desired.writing.pulling import Pulled, pull
from reconciler.desired.writing.scalar import scalar
from reconciler.desired.writing.selection import Declared, Wish, select
from reconciler.desired.writing.tenant import TenantDraft, read_draft, write_tenant

__all__ = [
    "Choice",
    "Declared",
    "File",
    "FileEdit",
    "Group",
    "LeftOut",
    "Pulled",
    "Team",
    "TenantDraft",
    "Wish",
    "Written",
    "choose",
    "parse_team",
    "pull",
    "read_draft",
    "refuse_moved",
    "rewrite",
    "scalar",
    "select",
    "write_agents",
    "write_tenant",
]
