"""Where the rate ledger of a tenant is kept: shared by all processes that use one state folder, or in memory."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.tenant import Tenant
from reconciler.settings.connection import is_embedded, state_folder

_STORES = ("sqlite", "memory")


def ledger_of(tenant: Tenant, environ: Mapping[str, str]) -> Path | None:
    """Give the file of the tenant's rate ledger, or None for one in memory: an embedded tenant has no other clients."""
    store = environ.get("RECONCILE_RATE_LEDGER") or ("memory" if is_embedded(tenant, environ) else "sqlite")
    if store not in _STORES:
        message = f"RECONCILE_RATE_LEDGER is `{store}`"
        raise InvalidInput(Diagnostic("usage", message, f"set it to {' or '.join(_STORES)}"))
    if store == "memory":
        return None
    return state_folder(environ) / "rate" / f"{quote(tenant.name, safe='')}.sqlite"
