"""The one exception tree; a class for each decision that a caller can take.

    ReconcileError
    ├── InvalidInput        usage, settings or desired state; nothing was sent
    ├── AccessDenied        the tenant refused the credential, or a scope is missing
    ├── Refused             a rule of ours, or a person, said no
    └── TenantError         the tenant could not be reached, or answered nonsense

Each carries diagnostics, so that whoever prints it says everything at once.
"""

from reconciler.diagnostics import Diagnostic


class ReconcileError(Exception):
    """Something that a person can be told in a sentence."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class InvalidInput(ReconcileError):  # noqa: N818 - the tree names causes, and `Error` would add nothing
    """Usage, settings or desired state is wrong; nothing has been written."""


class AccessDenied(ReconcileError):  # noqa: N818 - as above
    """The tenant refused the credential, or what it may do."""


class Refused(ReconcileError):  # noqa: N818 - as above
    """A rule of ours, or the person asked, said no."""


class TenantError(ReconcileError):
    """The tenant could not be reached, or its answer cannot be relied upon."""
