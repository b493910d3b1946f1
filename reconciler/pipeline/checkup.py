"""A checkup: finds out what a first plan relies on, each thing as far as it goes though others fail; then judges it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.apply.lock import held_by
from reconciler.apply.runs import unsettled_runs
from reconciler.desired import Loaded, TenantFolder
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput
from reconciler.model.desired import DesiredState
from reconciler.model.tenant import Tenant
from reconciler.pipeline.asking import TryWrite, ask
from reconciler.pipeline.context import Context
from reconciler.pipeline.loading import load_all
from reconciler.plan.checkup import judge
from reconciler.plan.checkup.facts import Address, Asked, Facts, Files, Machine, StateFolder
from reconciler.plan.checkup.verdict import Checkup
from reconciler.settings import address_of, is_embedded, ledger_of, read_checkout, read_connection

# In the order in which they are looked at.
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


async def check_up(context: Context, wanted: str | None, machine: Machine, try_write: TryWrite | None) -> Checkup:
    """Look at everything once, with a client that can only read; with `try_write` one agent is written as it stands."""
    loaded = load_all(context, wanted, may_be_empty=True)
    folder = loaded.tenants[0] if len(loaded.tenants) == 1 else None
    files = _files(context.root, loaded, folder)
    tenant = files.tenant
    settings = () if tenant is None else _faults_of_settings(tenant, context.environ)
    address = None if tenant is None else _address(tenant, context.environ)
    asked = Asked()
    if tenant is not None and not settings:
        desired = folder.state if folder else None
        try:
            asked = await ask(context, desired or DesiredState(tenant, (), {}), try_write, is_faulty=desired is None)
        except InvalidInput as error:
            settings = error.diagnostics
    prefix = tenant.env_prefix if tenant else "CXONE"
    facts = Facts(
        files=files,
        machine=machine,
        state=_state_folder(context, files.name),
        checkout=read_checkout(context.environ, context.root, context.state_folder),
        address=address,
        secret_names=(f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET"),
        settings=settings,
        asked=asked,
        is_write_wanted=try_write is not None,
    )
    return judge(facts)


def _files(root: Path, loaded: Loaded, folder: TenantFolder | None) -> Files:
    errors = tuple(each for each in loaded.diagnostics if each.severity is Severity.ERROR)
    if folder is None:
        return Files(root.as_posix(), errors=errors, several=tuple(each.name for each in loaded.tenants))
    agents = folder.state.agent_count if folder.state else 0
    return Files(folder.path.as_posix(), folder.name, folder.tenant, agents, errors)


def _faults_of_settings(tenant: Tenant, environ: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    try:
        read_connection(tenant, environ)
        ledger_of(tenant, environ)
    except InvalidInput as error:
        return error.diagnostics
    return ()


def _address(tenant: Tenant, environ: Mapping[str, str]) -> Address | None:
    url, source = address_of(tenant, environ)
    if not url:
        return None
    if is_embedded(tenant, environ):
        return Address(url, source, is_embedded=True)
    from reconciler.live.transports.wire import proxy_for  # noqa: PLC0415 - loads httpx, which `--help` can spare

    scheme, _, host = url.partition("://")
    if proxy_for(scheme, host.partition(":")[0]) is None:
        return Address(url, source)
    return Address(url, source, proxy=next((name for name in _PROXIES if environ.get(name)), "the system"))


def _state_folder(context: Context, tenant: str) -> StateFolder:
    path = context.state_folder
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x")
            file.flush()
        free_bytes = shutil.disk_usage(path).free
    except OSError as error:
        return StateFolder(path.as_posix(), error.strerror or type(error).__name__)
    unfinished = tuple(record.head.run for _, record in unsettled_runs(context.runs, tenant) if not record.damage)
    holder = held_by(path / "locks", tenant)
    return StateFolder(path.as_posix(), "", free_bytes, unfinished, holder)
