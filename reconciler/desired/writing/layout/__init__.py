"""Canonical layout: a file of desired state as it would have been typed by the most orderly of colleagues.

`reading` takes a faultless file apart into its pieces, each with the comments that stand at it; `order` puts keys in
their order and shortens assignments; `lines` writes the pieces. `formatting` does all three, and proves the result.
"""

from reconciler.desired.writing.layout.folder import Caches, Formatted, files_of, format_tenants
from reconciler.desired.writing.layout.formatting import canonical

__all__ = ["Caches", "Formatted", "canonical", "files_of", "format_tenants"]
