"""The environment, and what `tenant.yaml` says of a tenant, made into values: where to connect, and with what.

An address never comes from a file: a pull request could send the secret elsewhere.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.live import Connection
from reconciler.model.secret import Secret
from reconciler.model.tenant import Api, Tenant

_REALM = re.compile(r"[a-z0-9-]{1,32}")
_SECRET = re.compile(r"[\x21-\x7e]+")
# The embedded tenant is reached in process; its address only has to be one.
_EMBEDDED_URL = "http://simulator.localhost"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder for caches and records: RECONCILE_STATE_DIR, or `.reconcile` below where the command runs."""
    return Path(environ.get("RECONCILE_STATE_DIR") or ".reconcile")


def is_embedded(tenant: Tenant, environ: Mapping[str, str]) -> bool:
    """Whether the tenant is the simulator in this process, rather than one served at an address."""
    return tenant.api is Api.SIMULATOR and not environ.get(f"{tenant.env_prefix}_BASE_URL")


def address_of(tenant: Tenant, environ: Mapping[str, str]) -> tuple[str, str]:
    """Give the address in use, and where it comes from: a variable, or `tenant.yaml`; both empty where it is no good.

    An address that is given holds scheme, host and port, and nothing that is secret.
    """
    if is_embedded(tenant, environ):
        return _EMBEDDED_URL, "tenant.yaml"
    errors: list[Diagnostic] = []
    address = _read_base_url(tenant, environ, errors)
    if errors:
        return "", ""
    names = (f"{tenant.env_prefix}_BASE_URL", f"{tenant.env_prefix}_REALM")
    return address, next((name for name in names if environ.get(name)), "tenant.yaml")


def read_connection(tenant: Tenant, environ: Mapping[str, str]) -> Connection:
    """Find address and credential. InvalidInput names everything that is missing or wrong, and never a value."""
    if is_embedded(tenant, environ):
        return _connection(tenant, _EMBEDDED_URL, Secret("demo"), Secret("demo-secret"))
    errors: list[Diagnostic] = []
    names = (f"{tenant.env_prefix}_CLIENT_ID", f"{tenant.env_prefix}_CLIENT_SECRET")
    client_id, client_secret = (_read_secret(name, environ, errors) for name in names)
    base_url = _read_base_url(tenant, environ, errors)
    if errors:
        raise InvalidInput(*errors)
    return _connection(tenant, base_url, client_id, client_secret)


def _connection(tenant: Tenant, base_url: str, client_id: Secret, client_secret: Secret) -> Connection:
    return Connection(
        api=tenant.api,
        base_url=base_url,
        client_id=client_id,
        client_secret=client_secret,
        rate_limit=tenant.rate_limit,
        max_concurrency=tenant.max_concurrency,
        secret_names=(f"{tenant.env_prefix}_CLIENT_ID", f"{tenant.env_prefix}_CLIENT_SECRET"),
    )


def _read_secret(name: str, environ: Mapping[str, str], errors: list[Diagnostic]) -> Secret:
    value = environ.get(name, "")
    if not value:
        hint = f"export {name}=…, with the value from the API client that the tenant's administrator made for you"
        errors.append(Diagnostic("credential-missing", f"the environment variable {name} is not set", hint))
    elif not _SECRET.fullmatch(value):
        hint = "copy it again; a line break at its end is the usual cause"
        errors.append(
            Diagnostic("credential-odd", f"{name} holds a blank, a line break or another odd character", hint)
        )
    return Secret(value)


def _read_base_url(tenant: Tenant, environ: Mapping[str, str], errors: list[Diagnostic]) -> str:
    prefix = tenant.env_prefix
    address = environ.get(f"{prefix}_BASE_URL", "")
    if address:
        errors.extend(_address_errors(address, f"{prefix}_BASE_URL", tenant))
        return address.rstrip("/")
    realm = environ.get(f"{prefix}_REALM") or tenant.realm
    if not realm:
        hint = f"write `realm: na1` (or yours) under `tenant:` in tenant.yaml, or export {prefix}_REALM=na1"
        errors.append(Diagnostic("realm-missing", f"tenant `{tenant.name}` has no realm", hint, tenant.position))
    elif not _REALM.fullmatch(realm):
        hint = "a realm is a short word such as na1, eu1 or ap1"
        errors.append(Diagnostic("realm-odd", f"{prefix}_REALM is not a realm", hint))
    return f"https://{realm}.cxone.com"


def _address_errors(address: str, name: str, tenant: Tenant) -> list[Diagnostic]:
    """Check an address without repeating it: it may hold a password."""
    example = f"export {name}=https://na1.cxone.com, or unset it to use the realm"
    parts = _split(address)
    if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
        return [Diagnostic("base-url", f"{name} is not an address", example)]
    if parts.username or parts.password or parts.path not in {"", "/"} or parts.query or parts.fragment:
        return [Diagnostic("base-url", f"{name} holds more than scheme, host and port", example)]
    if _is_loopback(parts.hostname):
        return []
    if parts.scheme == "http":
        return [Diagnostic("base-url", f"{name} is http, which sends the secret in the clear", example)]
    if tenant.api is Api.SIMULATOR:
        hint = f"unset {name} to use the embedded simulator, or write `api: admin-v2` in tenant.yaml"
        message = f"{name} points to another machine, but tenant `{tenant.name}` says `api: simulator`"
        return [Diagnostic("base-url", message, hint, tenant.position)]
    return []


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # only reading it checks it
    except ValueError:
        return None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
